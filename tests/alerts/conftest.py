"""A home with runs as their files would tell of them, and targets that take messages: a mail server and a webhook."""

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

NAMES = ("etg24", "facilioo")
GIVEN = json.dumps(
    {"partners": {name: {"aktiv": True, "separator": "/", "mandanten": "alle"} for name in NAMES}}
)
SECRET = "geheim-4711"


@pytest.fixture
def home(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALERTS__NAME", "prod")
    return own_home


Ran = Callable[..., str]


@pytest.fixture
def ran(home: Path) -> Ran:
    """Writes the file of a run: `at` its begin, `exit` None for one that was killed; returns its id."""
    (home / "runs").mkdir()
    count = 0

    def write(
        at: datetime,
        exit: int | None = 0,
        *,
        command: str = "run",
        use_case: str | None = None,
        only: tuple[str, ...] = (),
        on: tuple[str, ...] = (),
        partners: dict[str, tuple[str, str | None]] | None = None,
        entities: dict[tuple[str, str], dict[str, int]] | None = None,
        message: str | None = None,
        refused: bool = False,
        minutes: float = 5,
        steps: dict[str, float | None] | None = None,
        **report: Any,
    ) -> str:
        nonlocal count
        count += 1
        run_id, ended = f"{count:012x}", at + timedelta(minutes=minutes)
        begin = {"event": "begin", "run_id": run_id, "command": command, "use_case": use_case, "versions": {}}
        lines: list[dict[str, Any]] = [{**begin, "at": at.isoformat()}]
        lines.append(
            {
                "event": "settings",
                "digest": "d",
                "stichtag": "2026-12-01",
                "limited_to": only,
                "on": on or only,
            }
        )
        for name, seconds in (steps or {}).items():
            lines.append({"event": "step", "name": name, **({"seconds": seconds} if seconds else {})})
        if partners:
            told = [{"partner": name, "result": r, "why": why} for name, (r, why) in partners.items()]
            lines.append({"event": "partners", "lines": told})
        if entities:
            zero = dict.fromkeys(("in_mart", "rejected", "held", "blocked", "pending", "delivered"), 0)
            counted = [{**zero, "partner": p, "entity": e, **n} for (p, e), n in entities.items()]
            lines.append({"event": "entities", "lines": counted})
        if report or partners:
            lines.append({"event": "report", "load_id": None, "plan_id": None, "report": report})
        if exit is not None:
            end = {"event": "end", "exit": exit, "message": message, "seconds": minutes * 60}
            lines.append({**end, **({"refused": True} if refused else {})})
        text = "".join(f"{json.dumps({'at': ended.isoformat(), **line})}\n" for line in lines)
        (home / "runs" / f"{count:06}-{run_id}.jsonl").write_text(text)
        return run_id

    return write


class Webhook:
    """Takes JSON on loopback; `status` is what it answers, `hangs` lets it never come to an end."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.asked = 0
        self.status = 200
        self.hangs = threading.Event()
        self.goes_on = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.asked += 1
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if hook.hangs.is_set():
                    self._drip()
                    return
                if hook.status == 200:
                    hook.taken.append(body)
                self.send_response(hook.status)
                self.end_headers()

            def _drip(self) -> None:
                """A sign now and then, so that no waiting for the next one ever ends."""
                with suppress(OSError):
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
                    while not hook.goes_on.wait(0.3):
                        self.wfile.write(b"a")

            def log_message(self, *_: object) -> None:
                pass

        class Server(socketserver.ThreadingMixIn, HTTPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://token:{SECRET}@127.0.0.1:{self.server.server_port}/{SECRET}"

    def close(self) -> None:
        self.goes_on.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def titles(self) -> list[str]:
        return [one["title"] for one in self.taken]


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Webhook]:
    made = Webhook()
    monkeypatch.setenv("ALERTS__TARGETS__HOOK", made.url)
    monkeypatch.setenv("ALERTS__TIMEOUT_SECONDS", "60")
    yield made
    made.close()


class Mailbox:
    """A mail server on loopback, with what it took."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=port)
        self.controller.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.controller.port}/?from=stammdaten@example.org&to=dienst@example.org"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Mailbox]:
    made = Mailbox()
    monkeypatch.setenv("ALERTS__TARGETS__MAIL", made.url)
    yield made
    made.controller.stop()


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)
