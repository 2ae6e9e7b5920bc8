"""One customer, from its settings to its line: what a task of Ray does, without Ray."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.errors import StammdatenError
from pipelines.fleet.child import Work, inherited, now
from pipelines.fleet.customers import Customer
from pipelines.fleet.forks import Desk, carry_out
from pipelines.fleet.homes import home_of
from pipelines.fleet.secrets import resolved
from pipelines.reports.fleet import CustomerLine
from pipelines.unexpected import explained

SEE = "stammdaten runs, with STAMMDATEN_HOME={home}; what it said: {log}"


@dataclass(frozen=True)
class Order:
    """What is to be done for a customer: commands of the program `entry`, until a moment at most.

    `logs` is a folder that each machine sees. `only_looks`: its home is not needed, what it prints is kept.
    """

    customer: Customer
    entry: str
    commands: tuple[tuple[str, ...], ...]
    logs: Path
    until: datetime | None = None
    only_looks: bool = False


def served(order: Order, desk: Desk | None = None) -> CustomerLine:
    """The line of the customer; whatever is wrong with its settings or its machine is one.

    `desk` keeps the limits of partners for all customers.

    Raises `Died` where its process ended without a word: it is to be tried again.
    """
    customer = order.customer
    began = now()
    try:
        if _is_late(order):
            return refused(customer, f"not begun: its deadline had passed ({customer.deadline})", began)
        return _carried_out(order, desk)
    except StammdatenError as problem:
        return refused(customer, str(problem), began)
    except OSError as problem:
        return refused(customer, explained(problem) or f"{problem.filename}: {problem.strerror}", began)


def refused(customer: Customer, why: str, at: str | None = None) -> CustomerLine:
    """A customer of which nothing was begun."""
    return CustomerLine(
        customer=customer.name, state="wrong", exit=2, run_id=None, begun_at=at, seconds=None, what=why,
        todo=f"mend it in {customer.source}",
    )  # fmt: skip


def output_of(order: Order) -> Path:
    """What the commands print, where that is kept."""
    return order.logs / f"{order.customer.name}.out"


def _carried_out(order: Order, desk: Desk | None) -> CustomerLine:
    customer, log = order.customer, order.logs / f"{order.customer.name}.log"
    environment = {**inherited(), **resolved(customer.name, customer.settings)}
    given = ("--vars", json.dumps(dict(customer.variables))) if customer.variables else ()
    # Of this command alone, as a shell's `> log` would have it.
    log.unlink(missing_ok=True)
    with home_of(customer, order.only_looks) as place:
        work = Work(
            customer=customer.name,
            entry=order.entry,
            commands=tuple((*words, *given) for words in order.commands),
            folder=customer.folder,
            home=place.home,
            log=log,
            environment={**environment, "STAMMDATEN_HOME": str(place.home)},
            output=output_of(order) if order.only_looks else None,
            shares=desk is not None,
        )
        status, line = carry_out(work, lambda: _is_late(order), desk, place.keep)
        place.line = _completed(line, status, SEE.format(home=customer.home, log=log))
        return place.line


def _completed(line: CustomerLine, status: int, see: str) -> CustomerLine:
    """The line, with the exit status of the process: a disk that was full may have no word of it."""
    from dataclasses import replace

    state: Any = "well" if status == 0 else "wrong" if status == 2 else "look"
    return replace(line, exit=status, state=state, todo=None if status == 0 else line.todo or see)


def _is_late(order: Order) -> bool:
    return order.until is not None and datetime.now(UTC) >= order.until
