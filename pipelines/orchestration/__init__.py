"""How does Dagster run it, and what does its page show? Assets, checks, jobs, schedules and a sensor over the commands.
May import everything; nothing imports it. Load it with `dagster dev -m pipelines.orchestration`.
"""

from importlib.util import find_spec

from pipelines.errors import SettingsError

if find_spec("dagster") is None or find_spec("dagster_dbt") is None:
    raise SettingsError(
        "Dagster is not installed; it is an extra of this program: pip install 'stammdaten[dagster]'"
    )

import dagster as dg


# On demand: Dagster's daemon imports this package for its launcher alone.
@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster looks for here."""
    from pipelines.orchestration.definitions import load_definitions

    return load_definitions()
