"""All that is looked at, in the order in which it has to be put right."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from pipelines.api.connector import connector
from pipelines.api.http.client import Answered, PartnerStopped
from pipelines.commands import sample, shares
from pipelines.doctor import machine
from pipelines.doctor.line import look, well, wrong
from pipelines.doctor.runs import history, last_runs, restored
from pipelines.erp.settings import erp_settings, is_configured
from pipelines.errors import StammdatenError
from pipelines.history.runs import read_runs
from pipelines.plan import guards
from pipelines.reports.doctor import CheckLine, DoctorReport
from pipelines.schedule.jobs import needed
from pipelines.settings import Vars, working_folder
from pipelines.unexpected import summary

Check = Callable[[], Iterator[CheckLine]]
SAY = "read the line; where it is not clear: docs/how-it-works.md"


def doctor_report(
    home: Path, read: Callable[[], Vars], with_login: bool, others: Mapping[str, Check] | None = None
) -> DoctorReport:
    """Looks at everything; what cannot be looked at is a line, too. `read` reads the settings.

    `others`: checks of rooms that know this one, by name.
    """
    runs, why = read_runs(home)
    now = datetime.now(UTC)
    skews: dict[str, float] = {}
    lines: list[CheckLine] = []
    try:
        settings: Vars | None = read()
    except StammdatenError as problem:
        settings = None
        lines.append(wrong("settings", str(problem), "mend it; nothing runs before"))
    if settings:
        jobs = needed(settings)
        lines += _safely("settings", lambda: _settings(settings))
        lines += _safely("erp", _erp)
        if with_login:
            lines += _safely("login", lambda: _logins(settings, skews))
        lines += _safely("schedule", lambda: machine.scheduled(jobs, working_folder()))
        lines += _safely("last run", lambda: last_runs(jobs, runs, now))
    lines += _safely("history", lambda: history(runs, why))
    lines += _safely("restore", lambda: restored(home, settings.active if settings else ()))
    lines += _safely("clock", lambda: machine.clock(runs, skews, now))
    lines += _safely("disk", lambda: machine.disk(home))
    lines += _safely("versions", machine.installed)
    lines += _safely("permissions", lambda: machine.permissions(home, working_folder()))
    lines += _safely("backup", lambda: machine.backup(home))
    lines += _safely("backup keys", lambda: machine.backup_keys(home))
    for what, check in (others or {}).items():
        lines += _safely(what, check)
    return DoctorReport(checks=tuple(lines))


def _safely(what: str, look_at: Check) -> list[CheckLine]:
    """What a check finds; where it fails itself, that."""
    try:
        return list(look_at())
    except StammdatenError as problem:
        return [wrong(what, str(problem), SAY)]
    except Exception as problem:  # the other lines are worth reading all the same
        return [wrong(what, f"cannot be looked at: {summary(problem)}", SAY)]


def _settings(settings: Vars) -> Iterator[CheckLine]:
    guards.limits(settings.guards)
    shares.read_limits(settings.warn)
    if not settings.active:
        yield wrong(
            "settings", "no partner is switched on", "set partners.<name>.aktiv: true in dbt_project.yml"
        )
        return
    on = ", ".join(settings.active)
    yield well("settings", f"{working_folder()}: on are {on}. What macros check is checked by each run")


def _erp() -> Iterator[CheckLine]:
    if not is_configured():
        todo = "set SOURCES__ERP__KIND (files, sql, openwowi), docs/erp.md"
        yield look("erp", "none is set, so that a sample portfolio is used", todo)
        return
    yield well(
        "erp", f"{type(erp_settings()).__name__.removesuffix('Settings').lower()}: its settings can be read"
    )


def _logins(settings: Vars, skews: dict[str, float]) -> Iterator[CheckLine]:
    """A login at each partner, side by side; `skews` gets how many seconds their clocks are ahead."""
    if not is_configured() and not sample.configured(settings.active):
        yield look(
            "login", "no partner is set, so that a sandbox plays them", "set credentials: README.md, Connect"
        )
        return
    with ThreadPoolExecutor(max(len(settings.active), 1)) as pool:
        for name, (line, skew) in zip(settings.active, pool.map(_login, settings.active), strict=True):
            yield line
            if skew is not None:
                skews[name] = skew


def _login(name: str) -> tuple[CheckLine, float | None]:
    """What a login at one partner came to, and how many seconds its clock is ahead of ours."""
    try:
        client = connector(name).client
    except StammdatenError as problem:
        return wrong("login", str(problem), "set it in .dlt/secrets.toml or .dlt/config.toml", name), None
    began = time.time()
    try:
        answer = client.log_in()
    except (PartnerStopped, StammdatenError) as problem:
        return wrong("login", str(problem), f"see docs/partners/{name}.md for what it needs", name), None
    finally:
        client.close()
    if answer is None:
        text = "a fixed credential is set; only a request would show whether it is good, and none was sent"
        return look("login", text, "stammdaten verify reads from the partner", name), None
    return well("login", f"answered {answer.status} within {time.time() - began:.1f} s", name), _skew(
        answer, began
    )


def _skew(answer: Answered, began: float) -> float | None:
    """Seconds by which the partner's clock is ahead of ours, as far as its answer tells; the way there is not."""
    try:
        there = parsedate_to_datetime(answer.date or "").timestamp()
    except (ValueError, TypeError):
        return None
    now = time.time()
    return there - now if there > now else min(0.0, there + 1 - began)
