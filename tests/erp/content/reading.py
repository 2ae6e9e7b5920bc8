"""What the tests of documents share: a document, its bytes read, and the reason why they cannot be."""

import hashlib

import pytest

from pipelines.erp.content import ContentProblem, ContentReader, Document

LIMIT = 3 << 20
NUMBER = "4711-a"


def document(
    dateiname: str = "Mietvertrag.pdf", pfad: str | None = None, groesse_bytes: int | None = None
) -> Document:
    return Document(NUMBER, dateiname, pfad, groesse_bytes, None)


def read(reader: ContentReader, wanted: Document, max_bytes: int = LIMIT) -> bytes:
    """The bytes of a document, whose size and hash are right."""
    with reader.read(wanted, max_bytes) as content:
        assert content.file.seekable()
        found = b"".join(content.pieces())
        assert content.size == len(found)
        assert content.sha256 == hashlib.sha256(found).hexdigest()
    return found


def problem(reader: ContentReader, wanted: Document, max_bytes: int = LIMIT) -> tuple[str, str]:
    """Reason and message of a document that cannot be read; neither its name nor what a library said is in them."""
    with pytest.raises(ContentProblem) as caught, reader.read(wanted, max_bytes):
        pass
    message = str(caught.value)
    assert message.startswith(f"document {NUMBER}: ")
    assert "\n" not in message
    shown = str(caught.getrepr(chain=True, style="value"))
    for name in (wanted.dateiname, wanted.pfad):
        assert name is None or not name.endswith((".pdf", ".PDF")) or name not in shown
    return caught.value.reason, message


def reason(reader: ContentReader, wanted: Document, max_bytes: int = LIMIT) -> str:
    return problem(reader, wanted, max_bytes)[0]
