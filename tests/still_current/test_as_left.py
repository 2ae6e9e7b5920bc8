"""A run is spared only where code, settings, delivery, home and day are those of the last one, down to the byte."""

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.cli import terminal
from pipelines.history.run_file import RunFile
from pipelines.ledger.ledger import open_database
from pipelines.settings import database, may_be_set
from pipelines.still_current import as_left, repeat
from pipelines.still_current.as_left import (
    Left,
    Places,
    basis_of,
    read_left,
    settings_now,
    state_of,
    write_left,
)


@pytest.fixture
def site(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a delivery, models and a setting, in which a command is called."""
    for name, text in {
        "erp/person.csv": "person_nr;nachname\n1;Muster\n",
        "erp/person/part.parquet": "PAR1",
        "erp/dokumente/a.pdf": "%PDF",
        "models/one.sql": "select 1",
        "pipelines/one.py": "ONE = 1",
        ".dlt/config.toml": "[sources.erp]\nkind = 'files'\n",
        ".dlt/secrets.toml": "[destination.etg24]\napi_token = 'abc'\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "nothing"))
    monkeypatch.setenv("DESTINATION__ETG24__BASE_URL", "https://etg24.example.com")
    monkeypatch.setenv("DESTINATION__ETG24__API_TOKEN", "abc")
    return tmp_path


def basis(site: Path, given: str | None = None) -> dict[str, str]:
    places = Places(
        code=(str(site / "models"), str(site / "pipelines"), str(site / "packages.yml")),
        delivery=(str(site / "erp"), str(site / "mapping.yml")),
    )
    return basis_of(places, settings_now(given))


def append(name: str) -> Callable[[Path], object]:
    def change(site: Path) -> None:
        (site / name).parent.mkdir(exist_ok=True)
        with (site / name).open("a") as file:
            file.write(" ")

    return change


def same_size(site: Path) -> None:
    """Other bytes, of the same length and, as a careless copy leaves them, the same time."""
    file = site / "erp/person.csv"
    facts = file.stat()
    file.write_text(file.read_text().replace("Muster", "Mustes"))
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def linked_folder(site: Path) -> None:
    """A link that leads to a folder which holds the link: it is gone through once."""
    (site / "erp/again").symlink_to(site / "erp")


CHANGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a byte of a file": ("delivery", same_size),
    "a file more": ("delivery", append("erp/mieter.csv")),
    "a file less": ("delivery", lambda site: (site / "erp/person.csv").unlink()),
    "another name": ("delivery", lambda site: (site / "erp/person.csv").rename(site / "erp/Person.csv")),
    "a part in a folder": ("delivery", append("erp/person/part.parquet")),
    "a new folder with a part": ("delivery", append("erp/mieter/1.csv")),
    "a document": ("delivery", append("erp/dokumente/a.pdf")),
    "a file of no table": ("delivery", append("erp/liesmich.txt")),
    "a link to nothing": ("delivery", lambda site: (site / "erp/mieter.csv").symlink_to(site / "gone")),
    "a link in a circle": ("delivery", linked_folder),
    "the mapping": ("delivery", append("mapping.yml")),
    "no delivery": ("delivery", lambda site: shutil.rmtree(site / "erp")),
    "a model": ("code", append("models/one.sql")),
    "a new model": ("code", append("models/sub/two.sql")),
    "code": ("code", append("pipelines/one.py")),
    "a file that was not there": ("code", append("packages.yml")),
    "dlt's settings": ("settings", append(".dlt/config.toml")),
    "a credential in a file": ("settings", append(".dlt/secrets.toml")),
    "a file of settings more": ("settings", append(".dlt/other.secrets.toml")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_no_longer_as_it_was(site: Path, name: str) -> None:
    what, change = CHANGES[name]
    before = basis(site)
    assert basis(site) == before
    change(site)
    assert {part for part, digest in basis(site).items() if digest != before[part]} == {what}


ENVIRONMENT = {
    "an address": ("DESTINATION__ETG24__BASE_URL", "https://etg24.example.org"),
    "a setting more": ("SOURCES__ERP__FILES__ENCODING", "cp1252"),
    "a name that is spelled wrongly": ("DESTINATION_ETG24_API_TOKEN", "abc"),
    "small letters": ("destination__etg24__customer", "1"),
    "a flag of dbt": ("DBT_WARN_ERROR", "1"),
    "a setting of ours": ("STAMMDATEN_PARTNERS", "/srv/partners"),
    "an empty credential": ("DESTINATION__ETG24__API_TOKEN", " "),
    "a credential with a blank": ("DESTINATION__ETG24__API_TOKEN", "a bc"),
    "a name with an address": ("ALERTS__NAME", "somebody@example.com"),
    "a credential more": ("DESTINATION__KIWI__PASSWORD", "abc"),
    "the clock of the process": ("TZ", "Asia/Tokyo"),
}


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_settings_of_the_environment_count(site: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    before = settings_now(None)
    monkeypatch.setenv(*ENVIRONMENT[name])
    assert settings_now(None) != before


def test_other_vars_count_and_other_values_of_credentials_and_foreign_names_do_not(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = settings_now("{warn: {share: 1}}")
    assert settings_now(None) != before
    monkeypatch.setenv("DESTINATION__ETG24__API_TOKEN", "def")
    monkeypatch.setenv("STAMMDATEN_HOME", "/somewhere/else")
    monkeypatch.setenv("INVOCATION_ID", "7")
    assert settings_now("{warn: {share: 1}}") == before


def left_by(home: Path) -> Left:
    """What a run of 10 February left; on 20 February a lease ends."""
    return Left(
        run_id="abc",
        places=Places((), ()),
        basis={},
        state="",
        stichtag="2026-02-10",
        changes_on="2026-02-20",
        fixed=None,
        zone="Europe/Berlin",
        jobs=["stammdaten"],
        backs_up=False,
        report={},
        warnings=[],
        told={},
    )


@pytest.mark.parametrize(
    ("given", "fixed", "expected"),
    [
        ("2026-02-10", None, date(2026, 2, 10)),
        ("2026-02-19", None, date(2026, 2, 19)),
        ("2026-02-20", None, None),
        ("2026-02-09", None, None),
        ("2027-02-10", None, None),
        ("gestern", None, None),
        (None, "2026-02-12", date(2026, 2, 12)),
        (None, "2026-02-21", None),
        (None, None, None),
    ],
)
def test_no_date_of_the_data_has_passed(
    tmp_path: Path, given: str | None, fixed: str | None, expected: date | None
) -> None:
    assert replace(left_by(tmp_path), fixed=fixed).key_date(given) == expected


@pytest.fixture
def home(own_home: Path) -> Path:
    with open_database(own_home) as db:
        db.execute("create table sync.numbers as from range(1000)")
    with closing(sqlite3.connect(own_home / "journal.sqlite")) as journal:
        journal.execute("create table outcomes (seq integer)")
        journal.commit()
    (own_home / "dbt").mkdir()
    (own_home / "dbt" / "manifest.json").write_text("{}")
    return own_home


def execute(sql: str) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        with duckdb.connect(str(database(home))) as db:
            db.execute(sql)

    return change


def journal(home: Path) -> None:
    with closing(sqlite3.connect(home / "journal.sqlite")) as db:
        db.execute("insert into outcomes values (1)")
        db.commit()


def died_while_writing(home: Path) -> None:
    """What a process leaves that is killed after a commit and before a checkpoint."""
    db = duckdb.connect(str(database(home)))
    db.execute("set checkpoint_threshold = '1GB'; update sync.numbers set range = 2")
    wal = database(home).with_name("stammdaten.duckdb.wal")
    kept = (wal.read_bytes(), database(home).read_bytes())
    db.close()
    wal.write_bytes(kept[0])
    database(home).write_bytes(kept[1])


HOME = {
    "a row more": execute("insert into sync.numbers values (1)"),
    "a row less": execute("delete from sync.numbers where range = 7"),
    "a value": execute("update sync.numbers set range = 3 where range = 7"),
    "a comment on a table, as dbt leaves it": execute("comment on table sync.numbers is 'built'"),
    "a view": execute("create view sync.more as select 1"),
    "an outcome in the journal": journal,
    "what dbt read": append("dbt/manifest.json"),
    "a transaction that waits to be written out": died_while_writing,
}


@pytest.mark.parametrize("name", HOME)
def test_a_home_that_somebody_wrote_to_is_another_one(home: Path, name: str) -> None:
    before = state_of(home)
    assert before == state_of(home) != ""
    HOME[name](home)
    assert state_of(home) != before


def test_who_only_looks_changes_nothing(home: Path) -> None:
    before = state_of(home)
    for read_only in (True, False):
        with duckdb.connect(str(database(home)), read_only=read_only) as db:
            db.execute("select count(*) from sync.numbers").fetchall()
    with open_database(home) as db:
        db.execute("from sync.ledger").fetchall()
    assert state_of(home) == before


def test_a_home_that_was_copied_or_fetched_is_the_same(home: Path, tmp_path: Path) -> None:
    time.sleep(0.01)
    shutil.copytree(home, tmp_path / "fetched", copy_function=shutil.copyfile)
    assert state_of(tmp_path / "fetched") == state_of(home)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"run_id": 1}', '{"places": 3}', "\xff"])
def test_a_file_that_says_something_else_is_none(own_home: Path, text: str) -> None:
    (own_home / as_left.KEPT).write_text(text, encoding="latin-1")
    assert read_left(own_home) is None


def test_what_is_kept_is_read_again_and_is_for_the_owner_alone(own_home: Path) -> None:
    left = left_by(own_home)
    write_left(own_home, left)
    assert read_left(own_home) == left
    assert (own_home / as_left.KEPT).stat().st_mode & 0o777 == 0o600
    former = json.loads((own_home / as_left.KEPT).read_text())
    # Of a version that kept something else.
    (own_home / as_left.KEPT).write_text(json.dumps({**former, "more": 1}))
    assert read_left(own_home) is None


def test_it_is_looked_at_under_the_lock_of_the_home(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_left(own_home, left_by(own_home))
    monkeypatch.setattr(repeat, "_is_as_left", lambda *_: pytest.fail("looked at"))
    with repeat.only_run(own_home, "load"), pytest.raises(Exception, match="works in"):
        repeat.run_as_left(own_home, "", "2026-02-10", print, 180)


def test_alerts_are_looked_at_where_something_is_set_or_open(
    site: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.alerts.glance import is_any_open

    assert not may_be_set("alerts")
    assert not is_any_open(own_home)
    with closing(sqlite3.connect(own_home / "alerts.sqlite")) as book:
        book.execute("create table alerts (over_at text)")
        book.execute("insert into alerts values ('2026-02-01')")
        book.commit()
        assert not is_any_open(own_home)
        book.execute("insert into alerts values (null)")
        book.commit()
    assert is_any_open(own_home)
    (own_home / "alerts.sqlite").write_bytes(b"no database")
    assert is_any_open(own_home)
    (site / ".dlt/config.toml").write_text("[alerts]\nname = 'x'\n")
    assert may_be_set("alerts")
    (site / ".dlt/config.toml").write_text("")
    monkeypatch.setenv("ALERTS__NAME", "x")
    assert may_be_set("alerts")


def test_what_is_due_is_told_without_reading_the_settings_anew() -> None:
    assert [run.job for run in terminal.due_of(["stammdaten", "stammdaten-watch"])] == ["stammdaten"]


def test_who_came_in_between_keeps_it_from_being_left(home: Path) -> None:
    left = left_by(home)
    mine, other = RunFile(home, "run", None), RunFile(home, "load", None)
    for one in (mine, other):
        one.end(0, None)
    repeat.leave_again(left, home, report_of(), mine.run_id)
    assert read_left(home) is None


def report_of() -> "repeat.RunReport":
    load = repeat.LoadReport(
        notes=(), load_id="1", source="", kind="full", rows={}, changed={}, unknown_columns={}, unknown_files=(),
        absent_tables=(),
    )  # fmt: skip
    return repeat.RunReport(
        plan_id="2", lines=(), stopped={}, guards=(), renumbered=(), reasons=(), notes=(), failures=(),
        is_complete=True, warnings=(), load=load,
    )  # fmt: skip
