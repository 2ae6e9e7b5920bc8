"""What a whole run leaves for the next one to find: nothing, where anything is to be done or cannot be compared.

Written down once all is over, and only where nobody else has worked in the home since. A run that is killed before has
left nothing, for the home is no longer what the one before it left.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.api.settings import reads_feedback
from pipelines.backup.settings import read_backup_settings
from pipelines.backup.take import BACKED_UP
from pipelines.contract.contract import load_contract
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.settings import erp_settings, increments, is_configured, mapping_file
from pipelines.errors import StammdatenError
from pipelines.history.run_file import NO_BACKUP, id_of, read_file, run_files
from pipelines.ledger.ledger import one, open_database
from pipelines.lock import only_run
from pipelines.report import as_json
from pipelines.reports.run import RunReport, WarningLine
from pipelines.schedule.jobs import needed
from pipelines.settings import TIME_ZONE, Vars, may_be_set, project_vars
from pipelines.still_current.as_left import Left, Places, basis_of, state_of, write_left
from pipelines.still_current.code import read_places
from pipelines.still_current.repeat import is_last

# Of a plan that found nothing to do, and of what a run would look at again: none of either.
PLANNED = """
    select count(*) from sync.plan_counts where plan_id = ? and (
        creates + updates + withdrawals + given_up + coalesce(held, 0) + coalesce(matches, 0) + coalesce(delivered, 0)
        + coalesce(by_law, 0) + coalesce(documents, 0) > 0
    )
"""
OPEN = """
    select count(*) from sync.ledger
    where list_contains(?, partner)
        and (state not in ('synced', 'withdrawn') or (state = 'synced' and reason is not null))
"""


@dataclass(frozen=True)
class Leaving:
    """What a run goes by, as it was before it began."""

    home: Path
    settings: Vars
    places: Places
    basis: dict[str, str]

    def leave(
        self, report: RunReport, run_id: str | None, warnings: Callable[[], Iterable[WarningLine]]
    ) -> None:
        """Writes down what the next run has to find to be spared; `warnings`: those that it would tell. Never raises.

        Nothing where the run had something to do, or left something open.
        """
        if not _is_quiet(report) or run_id is None:
            return
        try:
            with only_run(self.home, "run"):
                self._leave(report, run_id, warnings)
        except (StammdatenError, duckdb.Error, OSError, LookupError):
            return  # the next run does all there is to do

    def _leave(self, report: RunReport, run_id: str, warnings: Callable[[], Iterable[WarningLine]]) -> None:
        files, settings = run_files(self.home), self.settings
        if (
            not files
            or id_of(files[-1]) != run_id
            or basis_of(self.places, self.basis["settings"]) != self.basis
        ):
            return
        with open_database(self.home) as db:
            made = _made(db, settings, report)
        run, told = read_file(files[-1]), tuple(warnings())
        if made is None or run is None or run.settings is None:
            return
        set_vars = {**project_vars(), **settings.overrides}
        is_fixed = set_vars.get("stichtag") is not None
        left = Left(
            run_id=run_id,
            places=self.places,
            basis=self.basis,
            state=state_of(self.home),
            stichtag=made[0],
            changes_on=made[1],
            fixed=settings.stichtag.isoformat() if is_fixed else None,
            zone=str(set_vars.get("zeitzone") or TIME_ZONE),
            jobs=[job.name for job in needed(settings)],
            backs_up=read_backup_settings().after_run,
            report=as_json(report),
            warnings=[as_json(line) for line in told],
            told={
                "settings": run.settings,
                "on": list(settings.active),
                "rules": run.rules,
                "flow": run.flow,
                "states": run.states,
                "requests": (),
            },
        )
        if left.state:
            write_left(self.home, left)


def leaving(home: Path, settings: Vars, asked: str, stichtag: str | None) -> Leaving | None:
    """What the run that is about to begin goes by; None where the next one could not compare it.

    `asked`: digest of the settings, `stichtag`: a key date that was asked for.

    That is so for a run with limits, for deliveries that are no folder of files, with settings that lie elsewhere, and
    where partners write back to files that are read in each run.
    """
    try:
        places = _places(settings, stichtag)
        return Leaving(home, settings, places, basis_of(places, asked)) if places else None
    except (StammdatenError, OSError):
        return None  # said by the run itself


def _is_quiet(report: RunReport) -> bool:
    own = [note for note in report.notes if not note.startswith((BACKED_UP, NO_BACKUP))]
    is_open = report.guards or report.failures or report.stopped or report.renumbered or report.reasons or own
    has_sent = any(
        line.created or line.updated or line.withdrawn or line.undelivered for line in report.lines
    )
    return report.exit == 0 and not is_open and not has_sent and report.load.kind == "full"


def _made(db: duckdb.DuckDBPyConnection, settings: Vars, report: RunReport) -> tuple[str, str] | None:
    """Key date of the build that lies there, and the day on which its verdicts may change; None where work is left.

    And where it is not the build, the load or the plan of this run: somebody else was here since.
    """
    (planned,), (opened,) = one(db, PLANNED, [report.plan_id]), one(db, OPEN, [settings.active])
    (building,) = one(db, "select count(*) from sync.builds where finished_at is null")
    made = db.execute("select stichtag, changes_on from sync.made").fetchone()
    if planned or opened or building or made is None or not is_last(db, report):
        return None
    return made[0].isoformat(), made[1].isoformat()


def _places(settings: Vars, stichtag: str | None) -> Places | None:
    is_limited = settings.use_case or settings.only
    is_fixed = {**project_vars(), **settings.overrides}.get("stichtag") is not None
    if (
        is_limited
        or (is_fixed and stichtag)
        or may_be_set("providers")
        or not is_configured()
        or increments()
    ):
        return None
    door = erp_settings()
    if not isinstance(door, FilesSettings) or not isinstance(door.folder, Path):
        return None
    if any(reads_feedback(load_contract(name)) for name in settings.active):
        return None
    mapping = mapping_file()
    return Places(
        code=tuple(str(path) for path in read_places()),
        delivery=(str(door.folder), *([str(mapping)] if mapping else [])),
    )
