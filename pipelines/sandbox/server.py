"""Starts and stops the sandbox: on this machine only, in a thread of its own."""

import contextlib
import fcntl
import importlib
import importlib.util
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn

from pipelines.errors import RunningError, SettingsError
from pipelines.push.contract import load_contract, partners
from pipelines.sandbox.app import application
from pipelines.sandbox.options import checked, settings_of
from pipelines.sandbox.partner import Partner
from pipelines.sandbox.store import Deletion, LoggedRequest, Store

HOST = "127.0.0.1"
# A client that pauses longer than the server keeps its connection would lose a request.
KEEP_ALIVE_SECONDS = 600
START_SECONDS = 20


class Sandbox:
    """The sandbox as a context manager: it serves inside the `with` and has stopped after it.

    `state` is the SQLite file that keeps everything; `port` 0 takes a free one; `options` are
    `partner.option` → value. Raises SettingsError for an unknown option or a taken port, RunningError
    when another sandbox uses the file.
    """

    def __init__(self, state: Path, port: int = 0, options: Mapping[str, str] | None = None):
        self._kinds = partner_kinds()
        self._settings = settings_of(self._kinds, options or {})
        self._state, self._wanted_port = state, port
        self._stack = contextlib.ExitStack()
        self._readers: dict[str, Partner] = {}
        self.port = 0

    def __enter__(self) -> "Sandbox":
        with contextlib.ExitStack() as stack:
            stack.enter_context(_lock(self._state))
            store = stack.enter_context(contextlib.closing(Store(self._state)))
            listener = stack.enter_context(contextlib.closing(_listen(self._wanted_port)))
            self.port = listener.getsockname()[1]
            app = application(self._partners(store))
            config = uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=2,
            )
            self._server = uvicorn.Server(config)
            self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
            self._thread.start()
            stack.callback(self._stop)
            self._await_start()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """Address of the pages that show what the partners hold."""
        return f"http://{HOST}:{self.port}"

    def base_url(self, partner: str) -> str:
        """Address of a partner, without the version that its contract may put behind it."""
        return f"{self.url}/{partner}"

    def environment(self) -> dict[str, str]:
        """Environment variables that make the connectors talk to this sandbox."""
        found: dict[str, str] = {}
        for name, kind in self._kinds.items():
            prefix = f"DESTINATION__{name.upper()}__"
            found[f"{prefix}BASE_URL"] = self.base_url(name)
            found |= {f"{prefix}{key.upper()}": value for key, value in kind.demo.items()}
        return found

    def option(self, partner: str, name: str) -> str:
        """The present value of a switch."""
        return self._settings[partner][name]

    def set_option(self, partner: str, name: str, value: str) -> None:
        """Changes a switch while the sandbox runs. Raises SettingsError."""
        self._settings[partner][name] = checked(self._kinds[partner], partner, name, value)

    def records(self, partner: str, entity: str) -> list[dict[str, Any]]:
        """The records of an entity as the partner shows them, in the order of their creation."""
        return self._reader(partner).entity_records(entity)

    def requests(self, partner: str) -> list[LoggedRequest]:
        """All requests that a partner got, in order, also those before the last start."""
        return self._reader(partner).store.requests(partner)

    def deletions(self, partner: str) -> list[Deletion]:
        """All records that were deleted at a partner, in order."""
        return self._reader(partner).store.deletions(partner)

    def wait(self) -> None:
        """Returns when the sandbox has stopped."""
        self._thread.join()

    def _partners(self, store: Store) -> dict[str, Partner]:
        return {
            name: kind(load_contract(name), store, self._settings[name]) for name, kind in self._kinds.items()
        }

    def _reader(self, partner: str) -> Partner:
        # A connection of its own: the server's thread is in the middle of its transactions.
        if not self._readers:
            self._readers = self._partners(self._stack.enter_context(contextlib.closing(Store(self._state))))
        return self._readers[partner]

    def _await_start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RunningError("The sandbox did not start; its messages above say why.")
            time.sleep(0.01)

    def _stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()


def serve(
    state: Path,
    port: int,
    options: Mapping[str, str] | None = None,
    announce: Callable[[Sandbox], None] = lambda sandbox: None,
) -> None:
    """Runs the sandbox until Ctrl-C; `announce` is called once it answers."""
    with Sandbox(state, port, options) as sandbox, contextlib.suppress(KeyboardInterrupt):
        announce(sandbox)
        sandbox.wait()


def partner_kinds() -> dict[str, type[Partner]]:
    """The partners that the sandbox can play: those with a `sandbox.py`."""
    modules = {name: f"pipelines.partners.{name}.sandbox" for name in partners()}
    return {
        name: importlib.import_module(module).Partner
        for name, module in modules.items()
        if importlib.util.find_spec(module)
    }


def _listen(port: int) -> socket.socket:
    # Named as TCP, so that asyncio switches off the delay of small packets (40 ms an answer).
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise SettingsError(f"Port {port} cannot be used ({error.strerror}); choose another one.") from None
    return listener


@contextlib.contextmanager
def _lock(state: Path) -> Iterator[None]:
    state.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(state.with_name(state.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise RunningError(f"Another sandbox uses {state}; stop it first.") from None
    try:
        yield
    finally:
        os.close(handle)
