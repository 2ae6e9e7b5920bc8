"""The command `forget`: one at a time, with the sandbox as partners where nothing is configured."""

from pathlib import Path

from pipelines.commands import sample
from pipelines.forget import forget
from pipelines.forget.report import ForgetReport
from pipelines.lock import only_run
from pipelines.progress import Progress
from pipelines.settings import Vars


def forget_person(home: Path, settings: Vars, person_nr: str, progress: Progress) -> ForgetReport:
    """Erases a person as `forget.forget` does, under the lock of this home."""
    with only_run(home, "forget"), sample.partners_at_hand(home, settings):
        return forget.forget(home, settings, person_nr, progress)


def lift(home: Path, person_nr: str) -> bool:
    """Lets a forgotten person be sent again; False when it was not forgotten."""
    with only_run(home, "forget"):
        return forget.lift(home, person_nr)
