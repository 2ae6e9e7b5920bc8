"""Bodies of requests that are read piece by piece, so that their size does not matter: bytes alone, or in multipart."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from urllib3.fields import RequestField
from urllib3.filepost import choose_boundary, encode_multipart_formdata


@dataclass(frozen=True, eq=False)
class Stream:
    """A body of known length (bytes): what `pieces` gives, between two texts; each pass begins at its start.

    `kind` is its Content-Type, `seconds` how long the request may take. One request at a time. What `pieces` raises
    ends the request, which the partner then has not got whole.
    """

    pieces: Callable[[], Iterator[bytes]]
    size: int
    kind: str
    seconds: float
    head: bytes = b""
    tail: bytes = b""

    def __len__(self) -> int:
        return len(self.head) + self.size + len(self.tail)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[bytes]:
        if self.head:
            yield self.head
        yield from self.pieces()
        if self.tail:
            yield self.tail


def multipart(fields: Mapping[str, Any], part: str, name: str, content: Stream) -> Stream:
    """The same bytes as the part `part`, under the file name `name`, behind `fields`.

    Texts, numbers and truth values go as text, lists of them as one part each, anything deeper as JSON; null goes as
    an empty part.
    """
    boundary = choose_boundary()
    parts = [(key, _text(one)) for key, value in fields.items() for one in _each(value)]
    begun, _ = encode_multipart_formdata(parts, boundary)
    end = f"--{boundary}--\r\n".encode()
    field = RequestField(part, b"", filename=name)
    field.make_multipart(content_type=content.kind)
    head = begun.removesuffix(end) + f"--{boundary}\r\n{field.render_headers()}".encode()
    return Stream(
        content.pieces,
        content.size,
        f"multipart/form-data; boundary={boundary}",
        content.seconds,
        head,
        b"\r\n" + end,
    )


def _each(value: Any) -> list[Any]:
    is_plain = isinstance(value, list) and not any(isinstance(one, dict | list) for one in value)
    return value if is_plain else [value]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
