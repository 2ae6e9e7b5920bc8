"""A server between the engine and the sandbox that changes some answers on their way; for tests."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.push.site import Site

# Method, path and the answer's body → status and body in its place; None: as it is.
Change = Callable[[str, str, bytes], tuple[int, bytes] | None]


@contextmanager
def between(site: Site, partner: str, monkeypatch: pytest.MonkeyPatch, change: Change) -> Iterator[None]:
    """Requests to a partner are carried out by the sandbox, their answers go through `change`."""

    class Handler(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            there = http.client.HTTPConnection(urlsplit(site.sandbox.url).netloc, timeout=30)
            names = ("Authorization", "Content-Type")
            there.request(
                self.command, self.path, body, {n: self.headers[n] for n in names if n in self.headers}
            )
            answer = there.getresponse()
            found = answer.read()
            status, sent = change(self.command, self.path, found) or (answer.status, found)
            there.close()
            self.send_response(status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = pass_on

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with monkeypatch.context() as changed:
            address = f"http://127.0.0.1:{server.server_port}/{partner}"
            changed.setenv(f"DESTINATION__{partner.upper()}__BASE_URL", address)
            yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
