"""Starts and stops the sandbox: on this machine only, in a thread of its own."""

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import re
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, TypeVar

import uvicorn
from starlette.routing import BaseRoute
from starlette.types import Scope

from pipelines.contract.contract import ContractError, load_contract, partners
from pipelines.contract.partner_code import partner_module
from pipelines.errors import RunningError, SettingsError
from pipelines.sandbox.admin import admin_routes
from pipelines.sandbox.app import application
from pipelines.sandbox.options import settings_of
from pipelines.sandbox.play.partner import Partner
from pipelines.sandbox.play.store import Deletion, LoggedRequest, Store
from pipelines.sandbox.tamper import Tampering, tamper_with

T = TypeVar("T")
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
        self._served: dict[str, Partner] = {}
        self._readers: dict[str, Partner] = {}
        self.port = 0

    def __enter__(self) -> "Sandbox":
        with contextlib.ExitStack() as stack:
            lock = stack.enter_context(_lock(self._state))
            store = stack.enter_context(contextlib.closing(Store(self._state)))
            listener = stack.enter_context(contextlib.closing(_listen(self._wanted_port)))
            self.port = listener.getsockname()[1]
            self._served = self._partners(store)
            app = application(self._served, self._hang_up, self._admin_routes())
            config = uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=2,
            )
            # Its lines hold whole addresses, and with them credentials that stand in a query.
            logging.getLogger("uvicorn.access").disabled = True
            self._server = uvicorn.Server(config)
            self._thread = threading.Thread(target=asyncio.run, args=(self._serve(listener),), daemon=True)
            self._thread.start()
            stack.callback(self._stop)
            self._await_start()
            os.pwrite(lock, self.url.encode(), 0)
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
        return environment_of(self.url)

    def option(self, partner: str, name: str) -> str:
        """The present value of a switch."""
        return self._settings[partner][name]

    def set_option(self, partner: str, name: str, value: str) -> None:
        """Changes a switch while the sandbox runs. Raises SettingsError."""
        self.set_options({f"{partner}.{name}": value})

    def set_options(self, options: Mapping[str, str]) -> None:
        """Changes switches, `partner.option` → value: all of them or none. Raises SettingsError."""
        settings_of(self._kinds, options)
        for option, value in options.items():
            partner, _, name = option.partition(".")
            self._settings[partner][name] = value
            if partner in self._served:
                self._served[partner].faults.option_changed(name)

    def options(self) -> dict[str, str]:
        """The present values of all switches, `partner.option` → value."""
        return {
            f"{partner}.{name}": value
            for partner, settings in self._settings.items()
            for name, value in settings.items()
        }

    def tamper(
        self, partner: str, entity: str, seed: int, changed: int = 0, deleted: int = 0, added: int = 0
    ) -> Tampering:
        """Changes, deletes and adds records behind everybody's back; see `tamper_with`. Raises SettingsError."""

        async def work() -> Tampering:
            return self._tamper(partner, entity, seed, changed, deleted, added)

        return self._in_server(work())

    @contextlib.contextmanager
    def unreachable(self) -> Iterator[None]:
        """Refuses all connections inside the `with`, and ends those that are open. For all partners."""
        port = self._in_server(self._close())
        try:
            yield
        finally:
            # From now on the server owns the socket, and closes it in the end.
            self._in_server(self._server.startup(sockets=[port]))

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

    async def _serve(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[listener])

    def _in_server(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of work that is done in the thread of the server."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _close(self) -> socket.socket:
        """Takes no more connections. Returns a socket that keeps the port without listening."""
        for server in self._server.servers:
            server.close()
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        return _listen(self.port)

    def _hang_up(self, scope: Scope) -> None:
        for connection in list(self._server.server_state.connections):
            if connection.client == scope["client"]:
                connection.transport.abort()

    def _admin_routes(self) -> list[BaseRoute]:
        return admin_routes(self.options, self.set_options, self._tamper)

    def _tamper(
        self, partner: str, entity: str, seed: int, changed: int, deleted: int, added: int
    ) -> Tampering:
        if partner not in self._served:
            raise SettingsError(f"No partner {partner!r}; known: {', '.join(self._served)}.")
        return tamper_with(self._served[partner], entity, seed, changed, deleted, added)

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


def running(state: Path) -> str | None:
    """The address of the sandbox that keeps its state in this file now, or None without one.

    Raises `RunningError` for one that does not answer.
    """
    try:
        lock = state.with_name(state.name + ".lock").open("rb")
    except OSError:
        return None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except OSError:
            url = lock.read(100).decode(errors="replace")
    # This machine only, whatever stands there.
    if re.fullmatch(rf"http://{re.escape(HOST)}:\d{{1,5}}", url):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_admin/options", timeout=5):  # noqa: S310
            return url
    raise RunningError(f"A sandbox uses {state} and does not answer; stop it, then run again.")


def environment_of(url: str) -> dict[str, str]:
    """Environment variables that make the connectors talk to the sandbox at this address."""
    found: dict[str, str] = {}
    for name, kind in partner_kinds().items():
        prefix = f"DESTINATION__{name.upper()}__"
        found[f"{prefix}BASE_URL"] = f"{url}/{name}"
        if load_contract(name).login:
            # A login that is set to the partner's own host must not get what is for this one.
            found[f"{prefix}LOGIN_BASE_URL"] = f"{url}/{name}"
        found |= {f"{prefix}{key.upper()}": value for key, value in kind.demo.items()}
    return found


def partner_kinds() -> dict[str, type[Partner]]:
    """The partners that the sandbox can play: those with a `sandbox.py`."""
    modules = {name: partner_module(name, "sandbox") for name in partners()}
    return {name: _kind(name, module) for name, module in modules.items() if module}


def _kind(partner: str, module: ModuleType) -> type[Partner]:
    kind = getattr(module, "Partner", None)
    if not (isinstance(kind, type) and issubclass(kind, Partner)):
        raise ContractError(f"partners/{partner}/sandbox.py: a class Partner of pipelines.sandbox is needed.")
    return kind


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
def _lock(state: Path) -> Iterator[int]:
    """The handle of the lock file, which says where the sandbox answers as long as it does."""
    try:
        state.parent.mkdir(parents=True, exist_ok=True)
        if state.exists() and not state.is_file():
            raise IsADirectoryError(errno.EISDIR, "it is no file")
        handle = os.open(state.with_name(state.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise SettingsError(
            f"--state {state}: cannot be used ({error.strerror}); name another file."
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise RunningError(f"Another sandbox uses {state}; stop it first.") from None
    os.truncate(handle, 0)
    try:
        yield handle
    finally:
        os.truncate(handle, 0)
        os.close(handle)
