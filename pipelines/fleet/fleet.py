"""The commands of the fleet, step by step. Each returns a report that the command line prints."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.errors import SettingsError, StammdatenError
from pipelines.fleet.child import line_of, looked_at, standing
from pipelines.fleet.cluster import cluster, scattered
from pipelines.fleet.customers import Customer, Problem, in_order, read_customers
from pipelines.fleet.homes import told
from pipelines.fleet.page import page
from pipelines.fleet.work import Order, output_of, refused
from pipelines.history.due import GRACE, overdue_since
from pipelines.history.runs import read_runs
from pipelines.reports.doctor import CheckLine
from pipelines.reports.fleet import (
    CustomerChecks,
    CustomerLine,
    FleetDoctorReport,
    FleetPageReport,
    FleetReport,
    FleetStatusReport,
    PointLine,
    StandingLine,
)
from pipelines.schedule.jobs import MASTER_DATA
from pipelines.settings import TIME_ZONE
from pipelines.suggest import did_you_mean

# Beside the customers: what each said, and the page.
OWN = ".fleet"
RUN = (("run", "--log-format", "json"),)
# What a plan needs of today; nothing of it is sent.
PLAN = (("load", "--log-format", "json"), ("build", "--log-format", "json"), ("plan",))


def carried_out(
    path: Path,
    entry: str,
    commands: tuple[tuple[str, ...], ...],
    only: list[str],
    address: str | None,
    workers: int | None,
    tell: Callable[[CustomerLine], None],
) -> FleetReport:
    """What the commands came to at each customer; `tell` hears of each as it ends. Raises `SettingsError`."""
    began = time.monotonic()
    customers, problems = chosen(path, only)
    lines = []
    for line in _each(orders(path, entry, commands, customers), problems, address, workers):
        lines.append(line)
        tell(line)
    return FleetReport(customers=tuple(lines), seconds=round(time.monotonic() - began, 1))


def _each(
    wanted: list[Order], problems: list[Problem], address: str | None, workers: int | None
) -> Iterator[CustomerLine]:
    """What is wrong with customers, then each of the others as it ends."""
    yield from (_problem(one) for one in problems)
    if wanted:
        with cluster(address, workers):
            yield from scattered(wanted)


def chosen(path: Path, only: list[str]) -> tuple[list[Customer], list[Problem]]:
    """The customers that are meant, and what is wrong with some. Raises `SettingsError` for a name that is unknown."""
    customers, problems = read_customers(path)
    known = [one.name for one in customers] + [one.name for one in problems]
    for name in only:
        if name not in known:
            raise SettingsError(f"--only {name}: no such customer{did_you_mean(name, known)}")
    if only:
        customers = [one for one in customers if one.name in only]
        problems = [one for one in problems if one.name in only]
    return customers, problems


def orders(
    path: Path,
    entry: str,
    commands: tuple[tuple[str, ...], ...],
    customers: list[Customer],
    only_looks: bool = False,
) -> list[Order]:
    """What is to be done, in the order in which it begins."""
    logs = own_folder(path) / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    now = datetime.now(UTC)
    return [
        Order(one, entry, commands, logs, next_at(one.deadline, now) if one.deadline else None, only_looks)
        for one in in_order(customers)
    ]


def own_folder(path: Path) -> Path:
    """The folder of the fleet itself, for its owner only."""
    folder = (path if path.is_dir() else path.parent).absolute() / OWN
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        raise SettingsError(f"{folder}: cannot be made ({problem.strerror}); logs go there") from None
    return folder


def next_at(deadline: time_of_day, now: datetime) -> datetime:
    """The next moment at which a clock in Germany shows that time."""
    here = now.astimezone(ZoneInfo(TIME_ZONE))
    days = (here.date() + timedelta(days=n) for n in range(3))
    moments = (datetime.combine(day, deadline, ZoneInfo(TIME_ZONE)) for day in days)
    return next(moment.astimezone(UTC) for moment in moments if moment > now)


def status_report(path: Path, only: list[str], now: datetime) -> FleetStatusReport:
    """Where each customer stands. Reads only."""
    customers, problems = chosen(path, only)
    found = [_standing(one, now) for one in customers]
    due = f"{MASTER_DATA.due_after(now):%Y-%m-%dT%H:%M:%SZ}"
    wrong = [
        StandingLine(
            customer=one.name, state="wrong", exit=2, begun_at=None, age_hours=None, what=one.text, next_due=due,
            is_overdue=False,
        )
        for one in problems
    ]  # fmt: skip
    return FleetStatusReport(customers=(*found, *wrong))


def _standing(customer: Customer, now: datetime) -> StandingLine:
    due = f"{MASTER_DATA.due_after(now):%Y-%m-%dT%H:%M:%SZ}"
    if customer.is_remote:
        told = last_line(customer)
        begun = datetime.fromisoformat(told.begun_at) if told.begun_at else None
        return StandingLine(
            customer=customer.name, state=told.state, exit=told.exit, begun_at=told.begun_at,
            age_hours=round((now - begun).total_seconds() / 3600, 1) if begun else None,
            what=told.what, next_due=due, is_overdue=begun is None or begun < MASTER_DATA.due_before(now - GRACE),
        )  # fmt: skip
    runs, why = read_runs(Path(customer.home)) if Path(customer.home).exists() else ([], None)
    own = [run for run in runs if run.command == "run" and not run.is_refused]
    line = line_of(customer.name, own[0] if own else None, why)
    return StandingLine(
        customer=customer.name,
        state=standing(own[0]) if own else "never",
        exit=line.exit,
        begun_at=line.begun_at,
        age_hours=round((now - own[0].begun_at).total_seconds() / 3600, 1) if own else None,
        what=line.what,
        next_due=due,
        is_overdue=overdue_since(MASTER_DATA, runs, now) is not None,
    )


def doctor_report(
    path: Path, entry: str, only: list[str], address: str | None, workers: int | None, with_login: bool
) -> FleetDoctorReport:
    """What `doctor` finds at each customer, where it will run."""
    customers, problems = chosen(path, only)
    commands = (("doctor", "--login" if with_login else "--no-login", "--json"),)
    wanted = orders(path, entry, commands, customers, only_looks=True)
    printed = {one.customer.name: output_of(one) for one in wanted}
    for file in printed.values():
        file.unlink(missing_ok=True)
    found = [
        CustomerChecks(customer=line.customer, checks=_checks(printed.get(line.customer), line))
        for line in _each(wanted, problems, address, workers)
    ]
    return FleetDoctorReport(customers=tuple(sorted(found, key=lambda one: one.customer)))


def _checks(printed: Path | None, line: CustomerLine) -> tuple[CheckLine, ...]:
    """What `doctor` printed; where it came to no end, that."""
    try:
        document = json.loads(printed.read_text(encoding="utf-8")) if printed else {}
        return tuple(CheckLine(**check) for check in document["checks"])
    except (OSError, ValueError, LookupError, TypeError):
        return (CheckLine(what="settings", subject=None, state="wrong", text=line.what, todo=line.todo),)


def page_report(path: Path, only: list[str], now: datetime) -> FleetPageReport:
    """Writes the page over all customers. Raises `SettingsError` where it cannot be written."""
    customers, problems = chosen(path, only)
    lines = (*standings(customers), *(_problem(one) for one in problems))
    file = own_folder(path) / "report.html"
    half = file.with_suffix(".half")
    try:
        half.write_text(page(lines, now), encoding="utf-8")
        half.chmod(0o600)
        half.replace(file)
    except OSError as problem:
        raise SettingsError(f"{file}: cannot be written ({problem.strerror})") from None
    return FleetPageReport(page=str(file), customers=lines)


def standings(customers: list[Customer]) -> Iterator[CustomerLine]:
    """The last command of each customer, by its home."""
    for one in customers:
        home = Path(one.home)
        if one.is_remote:
            yield last_line(one)
        else:
            yield looked_at(one.name, home) if home.exists() else line_of(one.name, None)


def last_line(customer: Customer) -> CustomerLine:
    """How the last command of a customer ended whose home is in an object store."""
    try:
        line = told(customer)
    except StammdatenError as problem:
        return refused(customer, str(problem))
    if line is None:
        return line_of(customer.name, None)
    return CustomerLine(**{**line, "points": tuple(PointLine(**point) for point in line["points"])})


def _problem(one: Problem) -> CustomerLine:
    return replace(
        line_of(one.name, None),
        state="wrong",
        exit=2,
        what=one.text,
        todo="mend it; the others run all the same",
    )
