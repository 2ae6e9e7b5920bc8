"""What can be said in the launchpad, and which settings a run of Dagster has: those of the command line."""

from collections.abc import Collection

import dagster as dg
from pydantic import Field

from pipelines.commands.known_settings import read_settings
from pipelines.contract.contract import load_contract
from pipelines.contract.rhythms import USE_CASES
from pipelines.errors import SettingsError
from pipelines.orchestration.graph import PushOf
from pipelines.plan.guards import DEFAULTS
from pipelines.settings import Vars

ALL = "all"
KINDS = f"{ALL}, {', '.join(USE_CASES)}"


class Launch(dg.Config):
    """The run configuration of loads, builds and pushes."""

    use_case: str = Field(
        "", description=f"{KINDS}; empty: that of the pushes that are selected, all where all are."
    )
    plan_id: str = Field(
        "", description="Send exactly this plan of the job plan. For pushes alone (job push)."
    )
    allow: list[str] = Field(
        [], description=f"Guards to lift for this one plan: {', '.join(DEFAULTS)}. Look at the plan first."
    )
    retry_rejected: bool = Field(False, description="Try rows again that were given up after refusals.")


class LaunchPlan(dg.Config):
    """The run configuration of a plan."""

    use_case: str = Field(ALL, description=f"{KINDS}.")
    partners: list[str] = Field([], description="These partners alone; empty: all that are on.")


def use_case_of(word: str, pushes: Collection[PushOf], known: Collection[PushOf]) -> str | None:
    """The use case that a run is limited to, None for all: as it was said, else that of all selected pushes."""
    if word:
        return None if word == ALL else word
    found = {push.use_case for push in pushes}
    return found.pop() if len(found) == 1 and len(pushes) < len(known) else None


def settings_for(partners: Collection[str] | None, use_case: str | None) -> Vars:
    """The settings in force, limited to these partners as far as they are on. Raises `SettingsError`."""
    on = read_settings().active
    if partners is None or set(on) <= set(partners):
        return read_settings(use_case=use_case)
    asked = [
        name
        for name in on
        if name in partners and (use_case not in USE_CASES or load_contract(name).of_use_case(use_case))
    ]
    if not asked:
        raise SettingsError(
            f"{', '.join(sorted(partners))}: not switched on any more; reload the code location, so that the assets"
            " are those of the settings"
        )
    return read_settings(partners=asked, use_case=use_case)
