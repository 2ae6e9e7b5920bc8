"""Ray: which machine works on which customer, and what is tried again where a worker dies. It is used here alone."""

import os
import secrets
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pipelines.errors import SettingsError, StammdatenError
from pipelines.fleet.forks import Died
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

    task: Any = ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=[Died])(served)
    waiting = {task.options(name=order.customer.name).remote(order): order for order in orders}
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
