"""Connections to one partner: one request and its whole answer, within a time and a size that are given.

The time holds from the first byte sent to the last one read: a partner that sends one byte a second is not waited for.
"""

import io
import os
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sized
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pipelines.api.http.streams import Stream

PIECE = 65_536
# Headers and the framing of a body may add so much to what is sent of it.
FRAMING = 4 * 1024 * 1024
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class TooLate(Exception):
    """The answer was not there to its end in time."""


class Oversized(Exception):
    """The answer is larger than is read, or packed in a way that is not read."""


@dataclass
class Bounds(threading.local):
    """What holds for the request under way in this thread: until when (monotonic), and how many bytes."""

    until: float = float("inf")
    left: int = 0
    broken: type[Exception] | None = None


BOUNDS = Bounds()


class BoundedReader(io.RawIOBase):
    """Bytes of a socket, within the bounds of the request under way. A socket's own time-out starts anew with each."""

    def __init__(self, raw: Any, sock: Any):
        self._raw, self._sock = raw, sock

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Some bytes. Raises `TimeoutError` or `OSError` and notes which bound was met."""
        seconds = BOUNDS.until - time.monotonic()
        if seconds <= 0:
            BOUNDS.broken = TooLate
            raise TimeoutError("timed out")
        self._sock.settimeout(min(seconds, 3600.0))
        found: int | None = self._raw.readinto(buffer)
        BOUNDS.left -= found or 0
        if BOUNDS.left < 0:
            BOUNDS.broken = Oversized
            raise OSError("too large")
        return found

    def close(self) -> None:
        """Closes the socket's own reader, which lets the socket go."""
        self._raw.close()
        super().close()


class BoundedResponse(HTTPResponse):
    """An answer whose status line, headers and body are read within bounds."""

    def __init__(self, sock: Any, *given: Any, **named: Any):
        super().__init__(_Socket(sock), *given, **named)  # type: ignore[arg-type]


class _Socket:
    """What `HTTPResponse` needs of a socket."""

    def __init__(self, sock: Any):
        self._sock = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(BoundedReader(self._sock.makefile("rb", buffering=0), self._sock))


class _Connection(HTTPConnection):
    response_class = BoundedResponse


class _SecureConnection(HTTPSConnection):
    response_class = BoundedResponse


class Connections(HTTPAdapter):
    """Open connections, found by their origin: requests would work out proxy and certificates for each request."""

    def __init__(self, size: int):
        super().__init__(pool_maxsize=size)
        self._pools: dict[tuple[str, str], Any] = {}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *given: Any, **named: Any
    ) -> Any:
        """The pool of connections that requests found for the first request to this origin."""
        parts = urlsplit(str(request.url))
        origin = parts.scheme, parts.netloc
        if origin not in self._pools:
            pool = super().get_connection_with_tls_context(request, *given, **named)
            if isinstance(pool, HTTPSConnectionPool):
                pool.ConnectionCls = _SecureConnection
            elif isinstance(pool, HTTPConnectionPool):
                pool.ConnectionCls = _Connection
            self._pools[origin] = pool
        return self._pools[origin]


@dataclass(frozen=True)
class Response:
    """Status, headers and whole body of an answer, unpacked."""

    status: int
    headers: CaseInsensitiveDict[str]
    content: bytes


class Channel:
    """Connections to one partner, kept open. No cookies, no redirects, no .netrc; proxies of the environment are used.

    `timeout` is how long connecting may take, and how long a request and its whole answer (seconds). `largest` is the
    size of a body in bytes. What a `requests.Session` merges anew for each request is settled once here: that is a
    fifth of a fast request.
    """

    def __init__(self, base_url: str, size: int, timeout: tuple[float, float], largest: int):
        self._adapter = Connections(size)
        self._timeout = timeout
        self._largest = largest
        self._proxies = {_origin(base_url): get_environ_proxies(base_url)}
        self._verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True

    def send(
        self,
        method: str,
        address: str,
        body: Any,
        query: Mapping[str, Any],
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Response:
        """One request and its whole answer; its body is JSON, or a form. Raises `TooLate`, `Oversized`, and what
        requests raises. `seconds`: how long it may take, where that is not as for others.
        """
        prepared = requests.PreparedRequest()
        prepared.method = method.upper()
        prepared.url = _with_query(address, query) if query else _checked(address)
        prepared.prepare_headers(dict(headers))
        # A file goes as it is, a form as a form, anything else as JSON.
        is_file = isinstance(body, bytes | Stream)
        data = _InTime(body) if isinstance(body, Stream) else body
        prepared.prepare_body(data if is_file else form, None, json=None if is_file else body)
        connect, whole = self._timeout
        whole = seconds or whole
        BOUNDS.until, BOUNDS.left, BOUNDS.broken = time.monotonic() + whole, self._largest + FRAMING, None
        try:
            response = self._adapter.send(
                prepared,
                stream=True,
                timeout=(min(connect, whole), whole),
                verify=self._verify,
                proxies=self._proxies_for(str(prepared.url)),
            )
            with response:
                return Response(response.status_code, response.headers, self._content(response))
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
            if BOUNDS.broken:
                raise BOUNDS.broken from None
            if isinstance(problem, requests.exceptions.RequestException):
                raise
            # Raised where the body is read; what it was about does not matter any more.
            if isinstance(problem, urllib3.exceptions.ReadTimeoutError):
                raise TooLate from None
            raise requests.exceptions.ConnectionError(problem) from None

    def close(self) -> None:
        """Closes the connections."""
        self._adapter.close()

    def _proxies_for(self, address: str) -> dict[str, str]:
        """Proxies by the host that is called: a login may live elsewhere, and be named in `no_proxy` or not."""
        origin = _origin(address)
        if origin not in self._proxies:
            self._proxies[origin] = get_environ_proxies(address)
        return self._proxies[origin]

    def _content(self, response: requests.Response) -> bytes:
        unpack = _unpacking(response.headers.get("Content-Encoding", ""))
        found = bytearray()
        for piece in response.raw.stream(PIECE, decode_content=False):
            found += unpack.decompress(piece, self._largest + 1 - len(found)) if unpack else piece
            if len(found) > self._largest:
                raise Oversized
            if time.monotonic() > BOUNDS.until:
                raise TooLate
        return bytes(found)


class _InTime(Sized):
    """The pieces of a stream, as long as there is time: a partner that takes one byte a second is not waited for."""

    def __init__(self, stream: Stream):
        self._stream = stream

    def __len__(self) -> int:
        return len(self._stream)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if time.monotonic() > BOUNDS.until:
                BOUNDS.broken = TooLate
                raise TimeoutError("timed out")
            yield piece


def _unpacking(encoding: str) -> Any:
    """What unpacks a body; None where it is not packed. We ask for no packing."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name in ("gzip", "x-gzip", "deflate"):
        return _Unpacking()
    raise Oversized


class _Unpacking:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(GZIP_OR_ZLIB)

    def decompress(self, piece: bytes, most: int) -> bytes:
        """So many bytes at most: more than that are not made, however well they are packed."""
        try:
            return self._inner.decompress(piece, max(1, most))
        except zlib.error:
            raise Oversized from None


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


@lru_cache(maxsize=1024)
def _checked(address: str) -> str:
    """The address as it goes over the wire; most requests go to the same few."""
    return _with_query(address, {})


def _with_query(address: str, query: Mapping[str, Any]) -> str:
    prepared = requests.PreparedRequest()
    prepared.prepare_url(address, query)
    return str(prepared.url)
