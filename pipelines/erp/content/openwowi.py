"""Documents in OpenWOWI: Base64 inside JSON, or the bytes themselves, decoded as they come (docs/openwowi.md)."""

import base64
import binascii
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import quote

from requests import Response

from pipelines.erp.content.document import EMPTY, MISSING, OUTSIDE, UNREADABLE, Document
from pipelines.erp.content.source import SourceGone, Stream
from pipelines.erp.openwowi.client import Access, EndpointAbsentError, OpenWowiClient, connected
from pipelines.erp.openwowi.endpoints import DOCUMENTED, READ_DOCUMENTS, Endpoint
from pipelines.errors import ContentProblem, DeliveryError

PIECE = 64 << 10
MARK = rb"(?:\xef\xbb\xbf)?\s*"
TEXT = rb'"(?:[^"\\]|\\.)*"'
PLAIN = rb"[^{}\[\]\"]"
NESTED = rb"(?!)"
for _ in range(4):
    NESTED = rb"[{\[](?:" + PLAIN + rb"|" + TEXT + rb"|" + NESTED + rb")*[}\]]"
# A text alone, or the first field of this name: the one that files are uploaded in. Others may hold objects.
BEGIN = re.compile(
    MARK + rb'(?:"|\{(?:' + PLAIN + rb"|" + TEXT + rb"|" + NESTED + rb')*?"Contents?"\s*:\s*")',
    re.IGNORECASE | re.DOTALL,
)
NOTHING = re.compile(MARK + rb"(?:null|\{[^{}]*\})?\s*")
# How JSON may write the signs of Base64, and the ends of its lines.
ESCAPES = re.compile(rb"\\(?:[/rn]|u00(2[bBfF]|3[dD]|0[aAdD]))")
WEB_PAGES = (".html", ".htm", ".xhtml")


class OpenWowiSource:
    """The files of OpenWOWI. `dokument.pfad` holds the entity and the FileGuid, as the door has written them there."""

    # The client tries five times by itself.
    attempts = 1

    def __init__(self, access: Access, backoff_seconds: float = 1.0) -> None:
        self._access, self._backoff_seconds = access, backoff_seconds
        self._lock, self._connection = threading.Lock(), ExitStack()
        self._client: OpenWowiClient | None = None

    @contextmanager
    def opened(self, document: Document) -> Iterator[Stream]:
        """The bytes of a document, whose size is not known before its end."""
        endpoint = _endpoint(document)
        try:
            with self._connected().answer(endpoint) as answer:
                yield _stream(answer, document)
            return
        except EndpointAbsentError:
            problem = ContentProblem(MISSING, "OpenWOWI has no such file (HTTP 404); load again")
        except DeliveryError as failure:
            problem = SourceGone(str(failure))
        raise problem

    def forget(self) -> None:
        """Nothing to forget: each request may use another connection."""

    def close(self) -> None:
        """Ends all connections."""
        self._connection.close()

    def _connected(self) -> OpenWowiClient:
        """One client for all threads: it logs in once."""
        with self._lock:
            if self._client is None:
                self._client = self._connection.enter_context(connected(self._access, self._backoff_seconds))
            return self._client


def _endpoint(document: Document) -> Endpoint:
    """Where a document is read."""
    if document.pfad is None:
        raise ContentProblem(MISSING, "pfad is missing; load again, OpenWOWI's lists tell it")
    entity, _, number = document.pfad.partition("/")
    if entity not in DOCUMENTED or not re.fullmatch(r"[\w-]+", number):
        raise ContentProblem(
            OUTSIDE, "pfad is no file of OpenWOWI; set SOURCES__ERP__DOKUMENTE__KIND if it lies elsewhere"
        )
    return Endpoint("content", f"DocumentRead/{entity}/FileContent/{quote(number)}", READ_DOCUMENTS)


def _stream(answer: Response, document: Document) -> Stream:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise ContentProblem(UNREADABLE, "the answer is packed, although it should not be")
    kind = answer.headers.get("Content-Type", "").lower()
    if "html" in kind and not document.dateiname.lower().endswith(WEB_PAGES):
        # No size is told by which one that asks for a login could be known.
        raise ContentProblem(UNREADABLE, "the answer is a web page and no file; look whether OpenWOWI works")
    if "json" not in kind:
        length = answer.headers.get("Content-Length", "")
        return Stream(answer.raw.read, int(length) if length.isdecimal() else None)
    return Stream(_Decoded(answer.raw.read).read)


class _Decoded:
    """The bytes behind a text of Base64 in JSON, of which a few thousand signs are kept at a time."""

    def __init__(self, raw: Callable[[int], bytes]) -> None:
        self._raw = raw
        self._text = b""
        self._ready = b""
        self._is_begun = self._is_ended = False

    def read(self, size: int) -> bytes:
        while not self._ready and not self._is_ended:
            self._go_on()
        piece, self._ready = self._ready[:size], self._ready[size:]
        return piece

    def _go_on(self) -> None:
        came = self._raw(PIECE)
        self._text += came
        if not self._is_begun:
            self._begin(is_all=not came)
            return
        text, end, _ = self._text.partition(b'"')
        if not came and not end:
            raise SourceGone("only a part of the answer came")
        self._is_ended = bool(end)
        self._decode(text)

    def _begin(self, is_all: bool) -> None:
        """Goes to the first sign of Base64, or waits for more of the answer."""
        if begun := BEGIN.match(self._text):
            self._is_begun, self._text = True, self._text[begun.end() :]
        elif is_all and NOTHING.fullmatch(self._text):
            raise ContentProblem(EMPTY, "its file is empty in OpenWOWI")
        elif is_all or len(self._text) > PIECE:
            raise ContentProblem(UNREADABLE, "the answer is no text of Base64")

    def _decode(self, text: bytes) -> None:
        """Decodes as many whole groups of four signs as there are; the rest waits, with an escape that is cut off."""
        cut = -1 if self._is_ended else text.rfind(b"\\", -5)
        text, self._text = (text, b"") if cut < 0 else (text[:cut], text[cut:])
        plain = ESCAPES.sub(_unescaped, text)
        whole = len(plain) if self._is_ended else len(plain) // 4 * 4
        self._text = plain[whole:] + self._text
        try:
            self._ready = base64.b64decode(plain[:whole], validate=True)
            return
        except binascii.Error:
            pass
        raise ContentProblem(UNREADABLE, "the answer is no Base64")


def _unescaped(escape: re.Match[bytes]) -> bytes:
    sign = bytes([int(escape[1], 16)]) if escape[1] else escape[0][1:].replace(b"r", b"").replace(b"n", b"")
    return sign.strip()
