"""Partners for a first look: as long as the data is the sample and no partner is configured, a sandbox plays them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.contract.contract import load_contract
from pipelines.environment import environment
from pipelines.erp.settings import is_configured
from pipelines.ledger.ledger import one, open_database
from pipelines.settings import Vars, config_value

Say = Callable[[str], None]
UNITS, SEED = 500, 1


def folder(home: Path) -> Path:
    """Where the sample portfolio lies."""
    return home / "sample"


def configured(partners: list[str]) -> list[str]:
    """Those of these partners for which an address, of a folder too, or a credential is set."""
    return [
        name
        for name in partners
        if any(
            config_value(f"destination.{name}.{key}")
            for key in ("base_url", "login_base_url", "intake_url", *load_contract(name).credentials)
        )
    ]


@contextmanager
def partners_at_hand(home: Path, settings: Vars, say: Say = lambda _: None) -> Iterator[None]:
    """Where the sample was loaded last and nothing is configured, the sandbox answers inside the `with`."""
    if is_configured() or configured(settings.active) or not _is_loaded(home):
        yield
        return
    with at_sandbox(home, say):
        yield


@contextmanager
def at_sandbox(home: Path, say: Say = lambda _: None) -> Iterator[None]:
    """Partners are the sandbox of this home: the one that runs, else one for the time of the `with`."""
    from pipelines.sandbox.server import Sandbox, environment_of, running

    state = home / "sandbox.sqlite"
    if url := running(state):
        say(f"No partner is configured: using the sandbox that runs on {url}")
        with environment(environment_of(url)):
            yield
        return
    say("No partner is configured: starting the sandbox, which plays them on this machine")
    with Sandbox(state=state) as sandbox, environment(sandbox.environment()):
        yield


def _is_loaded(home: Path) -> bool:
    if not folder(home).exists():
        return False
    with open_database(home) as db:
        if not db.execute(
            "select 1 from duckdb_tables() where schema_name = 'sync' and table_name = 'loads'"
        ).fetchone():
            return False
        return bool(
            one(db, "select max_by(source, loaded_at) from sync.loads")[0] == f"files: {folder(home)}"
        )
