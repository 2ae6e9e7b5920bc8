"""A server that accepts everything, at once or after a fixed time: the other end of every push measurement.

It speaks just enough of Plentific's API (`pipelines/partners/plentific/contract.yaml`) to be pushed to, and of
facilioo's for documents, keeps nothing, and counts. A web framework would take more of the two cores than the client
under test.
"""

import asyncio
import itertools
import json
import sys
from selectors import SelectSelector
from urllib.parse import urlsplit

HEAD = (
    b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nX-Pagination-Count: %d\r\nContent-Length: %d\r\n\r\n"
)
TYPES = [{"uuid": f"type-{slug}", "slug": slug} for slug in ("block", "unit")]


class Connection(asyncio.Protocol):
    """One connection: requests with a content length, answered in their order."""

    numbers = itertools.count(1)
    written = 0

    def __init__(self, latency: float):
        self.latency = latency
        self.buffer = b""
        # Of the body that is being read: bytes that are still to come, and what it is the body of.
        self.left, self.asked = 0, ("", "")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remembers where to answer."""
        self.transport = transport
        host, port = transport.get_extra_info("sockname")
        self.origin = f"http://{host}:{port}"

    def data_received(self, data: bytes) -> None:
        """Answers every request that is complete. Nothing of a body is looked at or kept."""
        if self.left:
            taken = min(self.left, len(data))
            self.left -= taken
            if self.left:
                return
            data = data[taken:]
            self.reply(*self.asked)
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            place = head.lower().find(b"content-length:")
            length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            path, there = urlsplit(target).path, len(self.buffer) - end - 4
            if there < length:
                self.left, self.asked, self.buffer = length - there, (method, path), b""
                return
            self.buffer = self.buffer[end + 4 + length :]
            self.reply(method, path)

    def reply(self, method: str, path: str) -> None:
        """Answers one request, after the latency where it writes."""
        answer = self.answer(method, path)
        if self.latency and method in ("POST", "PATCH"):
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, answer)
        else:
            self.transport.write(answer)

    def answer(self, method: str, path: str) -> bytes:
        """The whole answer to one request."""
        status, count, body = 200, 0, b"[]"
        if path.endswith("/auth/login"):
            body = b'{"accessToken": "token", "refreshToken": "token"}'
        elif path.endswith("/upload"):
            body = json.dumps({"url": f"{self.origin}/_storage/1"}).encode()
        elif path.startswith("/_storage/"):
            body = b""
        elif path.endswith(("/api/files", "/api/documents")):
            Connection.written += 1
            status, body = 201, b'{"id": %d}' % next(self.numbers)
        elif path.endswith("/token"):
            body = b'{"access_token": "token", "expires_in": 36000}'
        elif path.endswith("/location-types"):
            body, count = json.dumps(TYPES).encode(), len(TYPES)
        elif path.endswith("/written"):
            body = b"%d" % Connection.written
        elif method == "POST":
            Connection.written += 1
            status, body = 201, b'{"uuid": "%d"}' % next(self.numbers)
        elif method == "PATCH":
            Connection.written += 1
            body = b'{"uuid": "%s"}' % path.rstrip("/").rpartition("/")[2].encode()
        return HEAD % (status, count, len(body)) + body


async def serve(latency: float) -> None:
    """Serves on a free port of 127.0.0.1, prints it, and ends when standard input closes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    # Timers of epoll are whole milliseconds, rounded up: too coarse for a server that takes 50 of them.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(SelectSelector())) as runner:
        runner.run(serve(float(sys.argv[1]) / 1000))
