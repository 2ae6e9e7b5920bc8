"""A server between us and the sandbox: it lets requests through, or answers them itself as it is told."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.loopback import Quiet, serving


@dataclass(frozen=True)
class Odd:
    """An answer of our own; `forward`: the partner has processed the request before."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    forward: bool = False


Decide = Callable[[str, str, bytes], Odd | None]


class Between:
    """`decide` is asked for each request (method, path, body); all of them are noted with their status."""

    def __init__(self, target: str):
        self.target = urlsplit(target)
        self.decide: Decide = lambda *_: None
        self.seen: list[tuple[str, str, bytes, int]] = []
        self.lock = threading.Lock()
        self.url = ""
        # Addresses that the partner makes of its own come back here.
        self.keeps_host = False

    def forward(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, list[Any], bytes]:
        connection = http.client.HTTPConnection(self.target.netloc, timeout=30)
        try:
            dropped = ("connection",) if self.keeps_host else ("host", "connection")
            kept = {k: v for k, v in headers.items() if k.lower() not in dropped}
            connection.request(method, path, body, kept)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


@contextmanager
def between(target: str) -> Iterator[Between]:
    """The server, and its address with the path of the target."""
    middle = Between(target)

    class Handler(Quiet):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with middle.lock:
                odd = middle.decide(self.command, self.path, body)
            if odd is None or odd.forward:
                status, headers, content = middle.forward(self.command, self.path, self.headers, body)
            if odd is not None:
                status, headers, content = odd.status, list(odd.headers.items()), odd.body
            middle.seen.append((self.command, self.path, body, status))
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in (
                    "connection",
                    "content-length",
                    "transfer-encoding",
                    "date",
                    "server",
                ):
                    self.send_header(name, value)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if status not in (204, 304):
                self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

    with serving(Handler) as address:
        middle.url = address + middle.target.path
        yield middle
