"""Ray: which machine works on which customer, and what is tried again where a worker dies. It is used here alone."""

import asyncio
import math
import os
import secrets
import signal
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pipelines.api.http.limiter import Reply, Ticket
from pipelines.contract.contract import Limits
from pipelines.errors import SettingsError, StammdatenError
from pipelines.fleet.forks import Died
from pipelines.fleet.gate import LEASE, Gate
from pipelines.fleet.work import Order, refused, served
from pipelines.reports.fleet import CustomerLine

PACKAGE = "fleet: needs the package ray; install it: pip install 'stammdaten[ray]'"
# How often a customer is tried again whose worker, or whose process, died.
RETRIES = 3
# Nothing is told to anybody, and nothing measured.
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "false",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
# One machine: nothing listens beyond it, and nobody else of it can join. What Ray leaves when it is killed ends soon.
LOCAL = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "5",
}
Granted = tuple[Ticket | str, float]
# The least that Ray takes: nothing large is handed over.
STORE = 80 * 1024 * 1024
# Seconds for processes that were told to end, and some for Ray.
GRACE = 330.0


@contextmanager
def cluster(address: str | None, workers: int | None) -> Iterator[None]:
    """Ray inside the `with`: of this machine alone, with a worker for each core, or a cluster by its address.

    Raises `SettingsError` where Ray is not installed, or does not answer.
    """
    os.environ.update(QUIET)
    if address is None:
        os.environ.update(LOCAL)
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    try:
        import ray
    except ImportError:
        raise SettingsError(PACKAGE) from None
    local: dict[str, Any] = {
        "num_cpus": workers or os.cpu_count(),
        "num_gpus": 0,
        "include_dashboard": False,
        "object_store_memory": STORE,
        "_node_ip_address": "127.0.0.1",
    }
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ray.init(
            address=address or "local",
            log_to_driver=False,
            configure_logging=False,
            **({} if address else local),
        )
    except (OSError, RuntimeError, ValueError) as problem:
        raise SettingsError(
            f"fleet: Ray does not start ({type(problem).__name__}); is --address right?"
        ) from None
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    try:
        yield
    finally:
        ray.shutdown()


def scattered(orders: Iterable[Order]) -> Iterator[CustomerLine]:
    """The line of each customer, as they end. They begin in the order that is given.

    A KeyboardInterrupt tells those at work to end, waits for them, and is raised again.
    """
    import ray

    gates: Any = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, max_concurrency=10_000)(Gates)
    kept = gates.remote()
    task: Any = ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=[Died])(_task)
    waiting = {task.options(name=order.customer.name).remote(order, kept): order for order in orders}
    try:
        while waiting:
            done, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=1, fetch_local=False)
            for one in done or ray.wait(list(waiting), num_returns=1, timeout=30, fetch_local=False)[0]:
                yield _line(one, waiting.pop(one))
    except BaseException:
        for one in waiting:
            ray.cancel(one)
        with suppress(Exception):
            ray.wait(list(waiting), num_returns=len(waiting), timeout=GRACE, fetch_local=False)
        raise


def _task(order: Order, gates: Any) -> CustomerLine:
    return served(order, AtGates(gates))


class Gates:
    """The limits of all partners; an actor, so there is one for all machines. Who asks waits there for its turn."""

    def __init__(self) -> None:
        self._gates: dict[str, tuple[Gate, asyncio.Lock, asyncio.Event]] = {}
        self._ended: set[str] = set()

    async def turn(self, who: str, partner: str, limits: Limits) -> Granted:
        """Leave to send, when it may go, or why nothing may go any more; and what the clock says here."""
        return await self._turn(who, partner, limits), time.monotonic()

    async def _turn(self, who: str, partner: str, limits: Limits) -> Ticket | str:
        if partner not in self._gates:
            self._gates[partner] = Gate(limits), asyncio.Lock(), asyncio.Event()
        gate, door, changed = self._gates[partner]
        async with door:  # first come, first served
            while who not in self._ended:
                found = gate.turn(who, limits, time.monotonic())
                if not isinstance(found, float):
                    return found
                changed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), 1.0 if found == math.inf else found)
        return "its process has ended"

    async def done(self, who: str, partner: str, ticket: Ticket, reply: Reply, last: str) -> None:
        """Notes how a request ended."""
        self._at(partner, lambda gate: gate.done(who, ticket, reply, last, time.monotonic()))

    async def back(self, who: str, partner: str, ticket: Ticket) -> None:
        """Takes back leave that was not used."""
        self._at(partner, lambda gate: gate.back(who, ticket))

    async def alive(self, who: str, partner: str) -> None:
        """Notes a sign of life."""
        self._at(partner, lambda gate: gate.alive(who, time.monotonic()))

    async def gone(self, who: str, partner: str) -> None:
        """Takes back all that a process has which has ended."""
        self._ended.add(who)
        self._at(partner, lambda gate: gate.gone(who))

    def _at(self, partner: str, do: Callable[[Gate], None]) -> None:
        if partner in self._gates:  # not after this actor was restarted
            gate, _, changed = self._gates[partner]
            do(gate)
            changed.set()


class AtGates:
    """The desk of one process: hands on what it asks, and does not wait for the answer."""

    def __init__(self, gates: Any):
        self._gates, self._who = gates, uuid.uuid4().hex
        self._partners: set[str] = set()
        self._told_at = time.monotonic()

    def hear(self, said: tuple[Any, ...], tell: Callable[[Any], None]) -> None:
        """A question or a word of the process."""
        kind, *rest = said
        if kind == "turn":
            number, partner, limits = rest
            self._partners.add(partner)
            answer = self._gates.turn.remote(self._who, partner, limits).future()
            answer.add_done_callback(lambda found: tell((number, partner, _found(found))))
        else:
            getattr(self._gates, kind).remote(self._who, *rest)

    def tick(self) -> None:
        """The process lives."""
        if time.monotonic() - self._told_at > LEASE / 4:
            self._told_at = time.monotonic()
            for partner in self._partners:
                self._gates.alive.remote(self._who, partner)

    def close(self) -> None:
        """It does not any more."""
        for partner in self._partners:
            self._gates.gone.remote(self._who, partner)


def _found(answer: Any) -> Granted:
    try:
        found: Granted = answer.result()
    except Exception as problem:  # whatever Ray says: without leave nothing is sent
        return f"the limits of all customers cannot be asked ({type(problem).__name__})", math.inf
    return found


def _line(one: Any, order: Order) -> CustomerLine:
    """What a task came to."""
    import ray

    try:
        line: CustomerLine = ray.get(one)
    except Died as problem:
        return refused(order.customer, f"{problem}, {RETRIES + 1} times")
    except ray.exceptions.RayError as problem:
        why = f"its worker died {RETRIES + 1} times ({type(problem).__name__})"
        return refused(order.customer, why)
    except StammdatenError as problem:
        return refused(order.customer, str(problem))
    return line
