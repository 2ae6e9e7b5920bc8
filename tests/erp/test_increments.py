"""Increments: changes are merged by the natural key, nothing ever leaves but by a complete delivery."""

import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import duckdb
import pyarrow as pa
import pytest

from pipelines.commands import run as flow
from pipelines.erp import load as loader
from pipelines.erp.delivery.delivery import Delivery, MarkExpired, TableData, Wanted
from pipelines.erp.delivery.schema import tables
from pipelines.erp.increments import Increments, Mark, check_marks, merge
from pipelines.erp.load import load
from pipelines.erp.settings import increments
from pipelines.erp.source import raw_columns
from pipelines.errors import DeliveryError, SettingsError
from pipelines.settings import Vars, project_root

Row = dict[str, str | None]

ON = Increments()
PERSONS = "select _zeile, person_nr, nachname from erp_raw.person order by _zeile"
KINDS = "select distinct kind from sync.loads where table_name = 'person' order by loaded_at"


def person(number: str | None, name: str, **more: str | None) -> Row:
    return {"person_nr": number, "nachname": name, **more}


AHORN, BIRKE, CEDER = person("0001", "Ahorn"), person("0002", "Birke"), person("0003", "Ceder")


@dataclass
class ErpWithMarks:
    """A door to an ERP in memory that tells of each table what changed since a mark (`<table>@<number>`).

    `rows` is all that the ERP has, `changed` what it tells when it is asked for changes.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    changed: dict[str, list[Row]] = field(default_factory=dict)
    number: int = 1
    origin: str = "erp in memory"
    expired: bool = False
    expires_while_reading: bool = False
    breaks: bool = False
    further: tuple[str, ...] = ()
    asked: list[dict[str, str]] = field(default_factory=list)
    overlaps: list[timedelta] = field(default_factory=list)

    @contextmanager
    def opened(self, wanted: Wanted) -> Iterator[Delivery]:
        self.asked.append(dict(wanted.marks))
        self.overlaps.append(wanted.overlap)
        assert not list(wanted.scratch.iterdir())
        (wanted.scratch / "half").write_text("x", encoding="utf-8")
        if wanted.marks and self.expired:
            raise MarkExpired("erp in memory: 410 Gone")
        names = {"mandant", "person", *self.rows}
        yield Delivery(self.origin, {name: self._table(name, wanted.marks) for name in sorted(names)})

    def _table(self, name: str, marks: Mapping[str, str]) -> TableData:
        changes_only = name in marks
        rows = (self.changed if changes_only else self.rows).get(name, [])
        columns = tuple(
            dict.fromkeys(
                [*tables()[name].key, *(c for row in self.rows.get(name, []) for c in row), *self.further]
            )
        )
        return TableData(
            where=name,
            columns=columns,
            size=1,
            is_empty=not rows,
            read=partial(self._read, rows, columns, bool(marks)),
            changes_only=changes_only,
            mark=lambda: f"{name}@{self.number}" if rows else None,
        )

    def _read(self, rows: list[Row], columns: tuple[str, ...], goes_on: bool) -> Iterator[pa.RecordBatch]:
        if self.expires_while_reading and goes_on:
            raise MarkExpired("erp in memory: 410 Gone")
        # Batches of two, so that the rows come in several.
        for start in range(0, len(rows), 2):
            part = rows[start : start + 2]
            yield pa.RecordBatch.from_pydict(
                {column: pa.array([row.get(column) for row in part], pa.string()) for column in columns}
            )
        if self.breaks:
            raise DeliveryError("person: the connection was lost")


@pytest.fixture
def erp() -> ErpWithMarks:
    return ErpWithMarks(rows={"mandant": [{"mandant_nr": "001"}], "person": [AHORN, BIRKE, CEDER]})


def _raise_number_of(erp: ErpWithMarks, changed: list[Row]) -> None:
    erp.changed = {"person": changed}
    erp.number += 1


def test_without_increments_a_door_is_asked_for_everything_each_time(erp, home, database):
    load(erp, home)
    load(erp, home)
    assert erp.asked == [{}, {}]
    assert database.rows("from sync.marks") == []
    assert database.rows(KINDS) == [("full",)]


def test_the_second_load_asks_for_changes_since_the_marks_of_the_first(erp, home, database):
    first = load(erp, home, increments=Increments(overlap=timedelta(hours=7)))
    _raise_number_of(erp, [])
    second = load(erp, home, increments=Increments(overlap=timedelta(hours=7)))
    assert erp.asked == [{}, {"mandant": "mandant@1", "person": "person@1"}]
    assert erp.overlaps == [timedelta(hours=7)] * 2
    assert (first.kind, first.changed) == ("full", {})
    assert (second.kind, second.changed) == ("increment", {"mandant": 0, "person": 0})
    assert database.rows("select table_name, load_id, mark from sync.marks order by 1") == [
        ("mandant", second.load_id, "mandant@1"),
        ("person", second.load_id, "person@1"),
    ]


def test_changed_rows_replace_those_with_their_key_and_new_ones_come_behind(erp, home, database):
    first = load(erp, home, increments=ON)
    with duckdb.connect(str(home / "stammdaten.duckdb")) as connection:
        connection.execute(f"update erp_load_{first.load_id}.person set geladen_am = '2020-02-01 03:04:05'")
    _raise_number_of(erp, [person("0002", "Buche"), person("0009", "Weide")])
    result = load(erp, home, increments=ON)
    assert database.rows(PERSONS) == [
        (1, "0001", "Ahorn"),
        (3, "0003", "Ceder"),
        (4, "0002", "Buche"),
        (5, "0009", "Weide"),
    ]
    assert result.rows["person"] == 4
    assert result.changed["person"] == 2
    assert database.rows(
        "select row_count, kind from sync.loads where table_name = 'person' order by loaded_at"
    ) == [
        (3, "full"),
        (4, "increment"),
    ]
    at = result.at.strftime("%Y-%m-%d %H:%M:%S")
    assert database.rows("select geladen_am from erp_raw.person order by _zeile") == [
        ("2020-02-01 03:04:05",),
        ("2020-02-01 03:04:05",),
        (at,),
        (at,),
    ]


def test_nothing_leaves_through_an_increment_whatever_the_erp_no_longer_has(erp, home, database):
    load(erp, home, increments=ON)
    erp.rows["person"] = [AHORN]
    _raise_number_of(erp, [])
    load(erp, home, increments=ON)
    assert len(database.rows(PERSONS)) == 3
    load(erp, home)
    assert database.rows(PERSONS) == [(1, "0001", "Ahorn")]


def test_after_a_week_everything_is_read_again(erp, home, database):
    first = load(erp, home, increments=ON)
    _raise_number_of(erp, [person("0002", "Buche")])
    _make_older(home, first.load_id, hours=167)
    assert load(erp, home, increments=ON).kind == "increment"
    _make_older(home, first.load_id, hours=1)
    assert load(erp, home, increments=ON).kind == "full"
    assert [bool(marks) for marks in erp.asked] == [False, True, False]
    assert database.rows(PERSONS) == [(1, "0001", "Ahorn"), (2, "0002", "Birke"), (3, "0003", "Ceder")]


def _make_older(home, load_id: str, hours: int) -> None:
    with duckdb.connect(str(home / "stammdaten.duckdb")) as connection:
        connection.execute(
            "update sync.loads set loaded_at = loaded_at - to_hours(?) where load_id = ?", [hours, load_id]
        )


@pytest.mark.parametrize("when", ["expired", "expires_while_reading"])
def test_an_expired_mark_makes_the_same_load_read_everything(erp, home, database, when):
    load(erp, home, increments=ON)
    erp.rows["person"] = [AHORN]
    setattr(erp, when, True)
    result = load(erp, home, increments=ON)
    assert [bool(marks) for marks in erp.asked] == [False, True, False]
    assert result.kind == "full"
    assert database.rows(PERSONS) == [(1, "0001", "Ahorn")]
    assert not (home / "erp_scratch").exists()


def test_an_expired_mark_that_nobody_sent_is_an_error(erp, home):
    class Confused(ErpWithMarks):
        @contextmanager
        def opened(self, wanted: Wanted) -> Iterator[Delivery]:
            raise MarkExpired("erp in memory: 410 Gone")
            yield

    with pytest.raises(DeliveryError, match="410 Gone"):
        load(Confused(), home, increments=ON)


def test_a_load_without_increments_in_between_makes_the_marks_worthless(erp, home):
    load(erp, home, increments=ON)
    load(erp, home)
    assert load(erp, home, increments=ON).kind == "full"


def test_a_table_that_the_door_reads_as_a_whole_is_replaced_as_a_whole(erp, home, database):
    class WholePersons(ErpWithMarks):
        def _table(self, name: str, marks: Mapping[str, str]) -> TableData:
            return super()._table(name, {} if name == "person" else marks)

    erp = WholePersons(rows=erp.rows)
    load(erp, home, increments=ON)
    erp.rows["person"] = [CEDER]
    assert load(erp, home, increments=ON).changed == {"mandant": 0}
    assert database.rows(PERSONS) == [(1, "0003", "Ceder")]
    erp.rows["person"] = []
    with pytest.raises(DeliveryError, match="no rows, but the last load had some"):
        load(erp, home, increments=ON)


def test_changes_that_nobody_asked_for_never_go_live(erp, home, database):
    class Presumptuous(ErpWithMarks):
        def _table(self, name: str, marks: Mapping[str, str]) -> TableData:
            return super()._table(name, {name: "of its own accord"})

    load(erp, home)
    with pytest.raises(RuntimeError, match="changes of mandant that nobody asked for"):
        load(Presumptuous(rows=erp.rows), home)
    assert len(database.rows(PERSONS)) == 3


def test_a_failure_leaves_raw_layer_and_marks_as_they_were(erp, home, database):
    load(erp, home, increments=ON)
    marks = database.rows("from sync.marks")
    _raise_number_of(erp, [person("0002", "Buche")])
    erp.breaks = True
    with pytest.raises(DeliveryError, match="the connection was lost"):
        load(erp, home, increments=ON)
    assert database.rows("from sync.marks") == marks
    assert [name for _, _, name in database.rows(PERSONS)] == ["Ahorn", "Birke", "Ceder"]
    erp.breaks = False
    load(erp, home, increments=ON)
    assert erp.asked[-1]["person"] == "person@1"
    assert [name for _, _, name in database.rows(PERSONS)] == ["Ahorn", "Ceder", "Buche"]


def test_a_killed_increment_leaves_rows_and_marks_as_they_were(erp, home, database):
    load(erp, home, increments=ON)
    marks = database.rows("from sync.marks")
    script = """
        import os, signal, sys
        from pathlib import Path
        from pipelines.erp import load as loader
        from tests.erp.test_increments import AHORN, BIRKE, CEDER, ON, ErpWithMarks, person

        loader.drop_datasets = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        loader._remove_leftovers = lambda home: None
        erp = ErpWithMarks(
            rows={"mandant": [{"mandant_nr": "001"}], "person": [AHORN, BIRKE, CEDER]},
            changed={"person": [person("0002", "Buche")]},
            number=2,
        )
        loader.load(erp, Path(sys.argv[1]), increments=ON)
    """
    killed = subprocess.run(  # noqa: S603
        [sys.executable, "-c", textwrap.dedent(script), str(home)],
        cwd=project_root(),
        env={**os.environ, "PYTHONPATH": str(project_root())},
        check=False,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert database.rows("from sync.marks") == marks
    assert [name for _, _, name in database.rows(PERSONS)] == ["Ahorn", "Birke", "Ceder"]
    assert load(erp, home, increments=ON).kind == "increment"


def test_a_database_from_before_increments_goes_on_with_a_full_load(erp, home, database):
    load(erp, home)
    with duckdb.connect(str(home / "stammdaten.duckdb")) as connection:
        connection.execute("drop table sync.marks; alter table sync.loads drop column kind")
    assert load(erp, home, increments=ON).kind == "full"
    assert load(erp, home, increments=ON).kind == "increment"
    assert database.rows("select distinct kind from sync.loads order by 1") == [("full",), ("increment",)]


def test_the_status_says_that_the_last_load_brought_changes_only(erp, home):
    settings = Vars(stichtag=None, quelle_erp="wodis_sigma", partners={})
    load(erp, home, increments=ON)
    with duckdb.connect(str(home / "stammdaten.duckdb")) as connection:
        assert loader.kind_of_last_load(connection) == "full"
    load(erp, home, increments=ON)
    assert flow.status_report(home, settings).last_load_kind == "increment"


# The merge alone, without a load.


def merged(table: str, former: list[Row], changed: list[Row], erp: str = "wodis_sigma") -> list[Row]:
    """The rows of a table once changes were merged into it, in the order of their numbers."""
    columns = tuple(dict.fromkeys(column for row in [*former, *changed] for column in row))
    data = TableData(table, columns, size=1, is_empty=False, read=lambda: iter(()), changes_only=True)
    listed = raw_columns(tables()[table], data)
    with duckdb.connect() as connection:
        for schema, rows in (("former", former), ("changed", changed)):
            filled: dict[str, list[object]] = {c: [row.get(c) for row in rows] for c in listed}
            filled |= {"quelle_erp": [erp] * len(rows), "_zeile": list(range(1, len(rows) + 1))}
            types = pa.schema([(c, pa.int64() if c == "_zeile" else pa.string()) for c in listed])
            given = pa.table(filled, types)
            connection.register("given", given)
            connection.execute(f"create schema {schema}; create table {schema}.{table} as from given")
        merge(connection, tables()[table], data, listed, "former", "changed")
        found = connection.execute(
            f"select _zeile, {', '.join(columns)} from changed.{table} order by _zeile"
        )
        return [dict(zip(("_zeile", *columns), row, strict=True)) for row in found.fetchall()]


def names(rows: list[Row]) -> list[tuple[object, str | None]]:
    return [(row["_zeile"], row["nachname"]) for row in rows]


def test_all_rows_with_the_key_go_and_all_changed_ones_stay():
    former = [person("1", "a"), person("2", "b"), person("1", "c")]
    changed = [person("1", "d"), person("1", "e"), person("01", "f")]
    assert names(merged("person", former, changed)) == [(2, "b"), (4, "d"), (5, "e"), (6, "f")]


def test_no_changes_leave_everything_as_it_was():
    assert names(merged("person", [AHORN, BIRKE], [])) == [(1, "Ahorn"), (2, "Birke")]


def test_a_column_that_came_onto_the_list_since_is_empty_in_kept_rows():
    data = TableData("einwilligung", ("person_nr", "zweck"), 1, False, lambda: iter(()), changes_only=True)
    with duckdb.connect() as connection:
        connection.execute("""
            create schema former;
            create schema changed;
            create table former.einwilligung (person_nr varchar, zweck varchar, _zeile bigint);
            create table changed.einwilligung (person_nr varchar, zweck varchar, kanal varchar, _zeile bigint);
            insert into former.einwilligung values ('1', 'app', 1), ('2', 'app', 2);
            insert into changed.einwilligung values ('2', 'app', null, 1), ('3', 'app', null, 2);
        """)
        columns = ("person_nr", "zweck", "kanal", "_zeile")
        merge(connection, tables()["einwilligung"], data, columns, "former", "changed")
        found = connection.execute("from changed.einwilligung order by _zeile").fetchall()
    assert found == [("1", "app", None, 1), ("2", "app", None, 3), ("3", "app", None, 4)]


def test_changes_come_into_an_empty_table():
    assert names(merged("person", [], [AHORN, BIRKE])) == [(1, "Ahorn"), (2, "Birke")]


def test_a_mark_of_deletion_is_a_change_like_others():
    (row,) = merged("person", [{**AHORN, "geloescht_kz": ""}], [{**AHORN, "geloescht_kz": "L"}])
    assert row["geloescht_kz"] == "L"


def test_rows_without_a_key_are_kept_and_come_only_once():
    former = [person(None, "Ohne"), person("  ", "Blank"), AHORN]
    changed = [person(None, "Ohne"), person(None, "Anders")]
    assert names(merged("person", former, changed)) == [
        (2, "Blank"),
        (3, "Ahorn"),
        (4, "Ohne"),
        (5, "Anders"),
    ]


def test_an_empty_part_that_may_be_empty_is_a_part_like_others():
    def tenant(begin: str | None, end: str) -> Row:
        key = dict.fromkeys(tables()["mieter"].key, "1")
        return {**key, "gueltig_von": begin, "gueltig_bis": end}

    found = merged("mieter", [tenant(None, "alt"), tenant("2020-01-01", "bleibt")], [tenant(None, "neu")])
    assert [(row["gueltig_von"], row["gueltig_bis"]) for row in found] == [
        ("2020-01-01", "bleibt"),
        (None, "neu"),
    ]


@pytest.mark.parametrize(
    ("erp", "without", "expected"),
    [
        ("uts_karthago", "we_nr", ["neu"]),
        ("sap_blue_eagle", "gebaeude_nr", ["neu"]),
        ("relion", "gebaeude_nr", ["neu"]),
        ("wodis_sigma", "gebaeude_nr", ["alt", "neu"]),
        ("uts_karthago", "ve_nr", ["alt", "neu"]),
    ],
)
def test_a_part_that_the_erp_does_not_have_leaves_the_key_whole(erp, without, expected):
    unit: Row = {"mandant_nr": "001", "we_nr": "1", "gebaeude_nr": "1", "ve_nr": "4", without: None}
    former, changed = [{**unit, "bezeichnung": "alt"}], [{**unit, "bezeichnung": "neu"}]
    assert [row["bezeichnung"] for row in merged("verwaltungseinheit", former, changed, erp)] == expected


def test_any_sequence_of_changes_holds_the_newest_row_of_every_key_ever_told():
    source = random.Random(7)
    rows: list[Row] = []
    newest: dict[str | None, str | None] = {}
    for step in range(20):
        keys = source.sample(range(40), source.randrange(20))
        told = [person(f"{key}", f"{step}-{key}") for key in keys]
        newest.update({row["person_nr"]: row["nachname"] for row in told})
        former = [{"person_nr": row["person_nr"], "nachname": row["nachname"]} for row in rows]
        before, rows = len(rows), merged("person", former, told) if former or told else []
        assert len(rows) >= before
        assert {row["person_nr"]: row["nachname"] for row in rows} == newest
        assert len({row["_zeile"] for row in rows}) == len(rows) == len(newest)


def test_20001_rows_and_as_many_changes_are_merged_in_order():
    former = [person(f"{n:05}", "alt") for n in range(20_001)]
    found = merged("person", former, [person(f"{n:05}", "neu") for n in range(7, 40_000, 7)])
    assert len(found) == 20_001 + 2_857
    old = [row["person_nr"] for row in found if row["nachname"] == "alt"]
    new = [(row["_zeile"], row["person_nr"]) for row in found if row["nachname"] == "neu"]
    assert (len(old), old[:2], old[-1]) == (17_144, ["00000", "00001"], "20000")
    assert (len(new), new[0], new[-1]) == (5_714, (20_002, "00007"), (25_715, "39998"))


# When changes fit the rows that are there.

MARK = Mark("7", "erp in memory", "relion", frozenset({"person_nr", "nachname"}))


def _delivery(
    origin: str = "erp in memory", columns: tuple[str, ...] = ("nachname", "person_nr")
) -> Delivery:
    data = TableData("person", columns, size=1, is_empty=False, read=lambda: iter(()), changes_only=True)
    return Delivery(origin, {"person": data})


def test_changes_that_are_read_as_before_fit():
    check_marks(_delivery(), {"person": MARK}, "relion")


@pytest.mark.parametrize(
    ("delivery", "erp"),
    [
        (_delivery(origin="another erp"), "relion"),
        (_delivery(columns=("nachname", "person_nr", "vorname")), "relion"),
        (_delivery(columns=("person_nr",)), "relion"),
        (Delivery("erp in memory", {}), "relion"),
        (_delivery(), "gap_immotion"),
    ],
    ids=["another place", "a column more", "a column less", "the table is gone", "another default ERP"],
)
def test_changes_that_are_read_in_another_way_do_not_fit(delivery, erp):
    with pytest.raises(MarkExpired, match="person is read in another way"):
        check_marks(delivery, {"person": MARK}, erp)


# The settings.


@pytest.fixture
def configure(monkeypatch):
    for key in ("INCREMENTAL", "FULL_EVERY_DAYS", "OVERLAP_HOURS"):
        monkeypatch.delenv(f"SOURCES__ERP__{key}", raising=False)
    return lambda **values: [monkeypatch.setenv(f"SOURCES__ERP__{k}", v) for k, v in values.items()]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, None),
        ({"INCREMENTAL": "false", "FULL_EVERY_DAYS": "3"}, None),
        ({"INCREMENTAL": "True"}, Increments(timedelta(days=7), timedelta(hours=24))),
        (
            {"INCREMENTAL": "true", "FULL_EVERY_DAYS": "3", "OVERLAP_HOURS": "0"},
            Increments(timedelta(days=3), timedelta(0)),
        ),
    ],
)
def test_increments_are_off_until_they_are_asked_for(configure, values, expected):
    configure(**values)
    assert increments() == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"INCREMENTAL": "ja"}, "SOURCES__ERP__INCREMENTAL: 'ja' is not true or false"),
        ({"FULL_EVERY_DAYS": "0"}, "SOURCES__ERP__FULL_EVERY_DAYS: '0' is not a whole number from 1 to 31"),
        ({"OVERLAP_HOURS": "1,5"}, "SOURCES__ERP__OVERLAP_HOURS: '1,5' is not a whole number from 0 to 720"),
    ],
)
def test_a_wrong_setting_of_increments_is_named(configure, values, expected):
    configure(**values)
    with pytest.raises(SettingsError) as caught:
        increments()
    assert str(caught.value) == f"{expected}; set it in the environment or in .dlt/config.toml"
