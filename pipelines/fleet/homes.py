"""Where a customer's home lies while it is worked on: where it is, or in a folder of this machine, under a lease."""

import fcntl
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.backup.restore import bring
from pipelines.backup.settings import BackupSettings
from pipelines.backup.take import take
from pipelines.errors import StammdatenError
from pipelines.fleet.customers import Customer
from pipelines.fleet.lease import Held, Lease, Lost, Pointer
from pipelines.report import as_json
from pipelines.reports.fleet import CustomerLine
from pipelines.settings import database


@dataclass
class Place:
    """A home to work in. `keep` is to be called every few seconds; `line` is what is told of the work at its end."""

    home: Path
    keep: Callable[[], None] = lambda: None
    line: CustomerLine | None = field(default=None)


@contextmanager
def home_of(customer: Customer, only_looks: bool = False) -> Iterator[Place]:
    """The home inside the `with`; one of an object store is put back after it, however the work ended.

    Who only looks at settings gets an empty one. Raises `Held` and `Lost`, `StammdatenError` where a part of what was
    sent is not known any more.
    """
    if not customer.is_remote:
        home = Path(customer.home)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield Place(home)
        return
    if only_looks:
        with tempfile.TemporaryDirectory(prefix="stammdaten-") as empty:
            yield Place(Path(empty))
        return
    with Lease(customer.home) as lease:
        before = lease.take(lambda token: f"{socket.gethostname()}:{_folder(customer, token)}")
        home = _folder(customer, lease.pointer.token)
        try:
            _fetch(lease, before, home)
        except BaseException:
            # As it was: where something may have been sent, the next one has to know of it.
            lease.give_up(before.holder)
            raise
        place = Place(home, lease.keep)
        try:
            yield place
        except Lost:  # its folder stays: it knows what it sent
            raise
        except BaseException:
            _put_back(lease, place)
            raise
        _put_back(lease, place)


def _folder(customer: Customer, token: int) -> Path:
    return Path(tempfile.gettempdir()) / f"stammdaten-{customer.name}-{token}"


def _fetch(lease: Lease, before: Pointer, home: Path) -> None:
    """Fills the folder: with what a worker that died left on this machine, else with the last version."""
    host, _, left = (before.holder or "").partition(":")
    if left and host == socket.gethostname() and Path(left).is_dir():
        if _is_at_work(Path(left)):
            raise Held(f"{lease.store.where}: a process that hangs has this home on {host} ({left}); end it")
        Path(left).rename(home)
        return
    if left and before.version is None:
        raise StammdatenError(
            f"{lease.store.where}: its first run broke off on {host}, and nobody knows what it sent; copy {left} from"
            f" there to {left} here, and run again"
        )
    home.mkdir(mode=0o700)
    if before.version:
        bring(home, lease.store, before.version, is_certain=not left)


def _is_at_work(home: Path) -> bool:
    try:
        with (home / "run.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _put_back(lease: Lease, place: Place) -> None:
    made = None
    if database(place.home).exists():
        made = take(place.home, lease.store, BackupSettings()).backup.rpartition("/")[2]
    lease.put_back(made, as_json(place.line) if place.line else None)
    shutil.rmtree(place.home, ignore_errors=True)


def told(customer: Customer) -> dict[str, Any] | None:
    """How the last command of a customer ended whose home is in an object store; None where nothing ran."""
    with Lease(customer.home) as lease:
        line = lease.look()[0].line
    return line
