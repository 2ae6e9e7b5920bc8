"""A build that is not made, or made without dbt, would have made the same: told by making it, day after day."""

import random
import shutil
from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.commands import build as dbt
from pipelines.commands import run
from pipelines.commands.run import load_only
from pipelines.contract.contract import partners
from pipelines.erp.sample import write_sample
from pipelines.ledger.ledger import open_database
from pipelines.settings import Vars, database, read_vars
from pipelines.still_current.code import code_digest
from pipelines.still_current.current import note_made, still_current
from tests.conftest import SHIPPED
from tests.still_current.made import made

# Summer time begins and ends, a leap day, the turn of a year, and any day.
FIRST_DAYS = ("2027-03-26", "2027-10-29", "2028-02-27", "2029-12-29", "2027-06-09")
DAYS = 5


def settings_of(day: date) -> Vars:
    settings = {name: {**shipped, "aktiv": True} for name, shipped in SHIPPED.items()}
    vars_ = read_vars(partners(), None, day.isoformat(), [])
    return Vars(
        stichtag=day, quelle_erp=vars_.quelle_erp, partners=settings, overrides={"partners": settings}
    )


def spread_dates(folder: Path, day: date, seed: int, tables: Collection[str] = ()) -> None:
    """Lets leases, tenants, owners and consents begin and end some days later, in all ways to write a day.

    Or 90 days after: a setting of two partners. In all tables, or in some.
    """
    luck = random.Random(seed)
    for file in sorted(folder.glob("*.csv")):
        if tables and file.stem not in tables:
            continue
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
        now = {name: one.rows for name, one in made(database(home)).items()}
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


@pytest.mark.slow
@pytest.mark.parametrize("first", FIRST_DAYS)
def test_what_is_run_again_makes_what_dbt_makes(
    first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over deliveries in which leases, tenants and consents come, go and change, and over days on which none does."""
    day, home, other = date.fromisoformat(first), tmp_path / "home", tmp_path / "other"
    home.mkdir(mode=0o700)
    write_sample(tmp_path / "erp", 80, 7)
    spread_dates(tmp_path / "erp", day, day.toordinal())
    monkeypatch.setenv("SOURCES__ERP__KIND", "files")
    monkeypatch.setenv("SOURCES__ERP__FILES__FOLDER", str(tmp_path / "erp"))
    monkeypatch.setenv("STAMMDATEN_HOME", str(home))
    dbt.check_settings(home, settings_of(day))
    load_only(home, settings_of(day), lambda *_: None)
    assert not run._build(home, settings_of(day), lambda *_: None).is_repeated
    luck, made_anew = random.Random(first), []
    for later, has_news in ((0, True), (2, True), (3, False), (4, True), (9, False)):
        settings = settings_of(day + timedelta(days=later))
        if has_news:
            tables = luck.sample(
                [file.stem for file in (tmp_path / "erp").glob("*.csv")], luck.choice([1, 3, 18])
            )
            spread_dates(tmp_path / "erp", day, later + day.toordinal(), tables)
            take_out_and_double(tmp_path / "erp", luck, tables)
            load_only(home, settings, lambda *_: None)
        again = run._build(home, settings, lambda *_: None, may_repeat=True)
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(home, other)
        monkeypatch.setenv("STAMMDATEN_HOME", str(other))
        dbt.check_settings(other, settings)
        whole = run._build(other, settings, lambda *_: None)
        monkeypatch.setenv("STAMMDATEN_HOME", str(home))
        made_again, made_whole = made(database(home)), made(database(other))
        assert made_again.keys() == made_whole.keys()
        assert not [name for name in made_again if made_again[name] != made_whole[name]]
        assert results(again) == results(whole)
        assert again.warnings == whole.warnings
        assert (whole.is_repeated, bool(whole.failures)) == (False, bool(again.failures))
        if again.is_repeated:
            made_anew.append(again.models)
    # Some and not all: else nothing was shown.
    assert made_anew
    assert max(made_anew) > min(made_anew)


def results(built: dbt.Build) -> dict[str, tuple[str, int | None]]:
    return {node.unique_id: (node.status, node.rows) for node in built.nodes}


def take_out_and_double(folder: Path, luck: random.Random, tables: list[str]) -> None:
    """A row less, a row twice, and a row with another number, in each table."""
    for table in tables:
        file = folder / f"{table}.csv"
        head, *lines = file.read_text(encoding="utf-8-sig").splitlines()
        if len(lines) > 8:
            lines.pop(luck.randrange(len(lines)))
            lines.append(luck.choice(lines))
            lines.append(luck.choice(lines).replace("1", "4"))
        file.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
