"""A build that is not made would have made the same: told by making it, day after day."""

import hashlib
import random
import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.commands import build as dbt
from pipelines.commands.run import load_only
from pipelines.contract.contract import partners
from pipelines.erp.sample import write_sample
from pipelines.ledger.ledger import open_database
from pipelines.settings import Vars, database, read_vars
from pipelines.still_current.code import code_digest
from pipelines.still_current.current import note_made, still_current
from pipelines.still_current.days import SCHEMAS
from tests.conftest import SHIPPED

# Summer time begins and ends, a leap day, the turn of a year, and any day.
FIRST_DAYS = ("2027-03-26", "2027-10-29", "2028-02-27", "2029-12-29", "2027-06-09")
DAYS = 5


def settings_of(day: date) -> Vars:
    settings = {name: {**shipped, "aktiv": True} for name, shipped in SHIPPED.items()}
    vars_ = read_vars(partners(), None, day.isoformat(), [])
    return Vars(
        stichtag=day, quelle_erp=vars_.quelle_erp, partners=settings, overrides={"partners": settings}
    )


def rows(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Digest of all rows of each model, in whatever order they lie."""
    tables = db.execute(
        "select schema_name, table_name from duckdb_tables() where list_contains(?, schema_name) order by all",
        [list(SCHEMAS)],
    ).fetchall()
    found = {}
    for schema, table in tables:
        content = db.execute(f'from "{schema}"."{table}" order by all').fetchall()
        found[f"{schema}.{table}"] = hashlib.sha256(repr(content).encode()).hexdigest()
    return found


def spread_dates(folder: Path, day: date, seed: int) -> None:
    """Lets leases, tenants, owners and consents begin and end some days later, in all ways to write a day.

    Or 90 days after: a setting of two partners.
    """
    luck = random.Random(seed)
    for file in folder.glob("*.csv"):
        lines = file.read_text(encoding="utf-8-sig").splitlines()
        heads = lines[0].split(";")
        for number in luck.sample(range(1, len(lines)), min(6, len(lines) - 1)):
            cells = lines[number].split(";")
            for place, head in enumerate(heads):
                is_date = (
                    head.endswith(("_am", "_zum", "beginn", "ende", "_von", "_bis"))
                    and head != "geaendert_am"
                )
                if is_date and len(cells) == len(heads) and luck.random() < 0.7:
                    when = day + timedelta(days=luck.choice([3, 5, -87, -300, 400]))
                    cells[place] = luck.choice(
                        [when.isoformat(), when.strftime("%d.%m.%Y"), f"{when} 23:30:00"]
                    )
            lines[number] = ";".join(cells)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("first", FIRST_DAYS)
def test_as_long_as_marts_are_current_a_build_makes_the_same(
    first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, home = date.fromisoformat(first), tmp_path / "home"
    home.mkdir(mode=0o700)
    write_sample(tmp_path / "erp", 80, 7)
    spread_dates(tmp_path / "erp", day, day.toordinal())
    monkeypatch.setenv("SOURCES__ERP__KIND", "files")
    monkeypatch.setenv("SOURCES__ERP__FILES__FOLDER", str(tmp_path / "erp"))
    monkeypatch.setenv("STAMMDATEN_HOME", str(home))
    load_only(home, settings_of(day), lambda *_: None)
    first_build = tmp_path / "first.duckdb"
    was: dict[str, str] = {}
    is_same = []
    for later in range(DAYS):
        settings = settings_of(day + timedelta(days=later))
        code = code_digest(settings)
        built = dbt.build(home, settings)
        assert not built.failures
        with duckdb.connect(str(database(home))) as db:
            now = rows(db)
        if not later:
            with open_database(home) as db:
                note_made(db, home, settings, code, built.noted())
            shutil.copyfile(database(home), first_build)
        else:
            with duckdb.connect(str(first_build)) as db:
                is_same.append((still_current(db, home, settings) is not None, now == was))
            assert is_same[-1] != (True, False), sorted(name for name in now if now[name] != was.get(name))
        was = now
    # It was current for a while, and the dates were near enough to matter.
    assert (True, True) in is_same
    assert (False, False) in is_same
