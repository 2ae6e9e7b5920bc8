"""The machinery behind `make test-mutants`, on models small enough to see through."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest

from tests.mutants.__main__ import main, table
from tests.mutants.run import Score
from tests.mutants.stock import Stock

PROJECT = Path(__file__).parents[2]
FLATS = """
    create schema staging; create schema intermediate; create schema partners;
    create table staging.flats as from (values
        ('A', '0001', 'Mansarde', 54.30::decimal(10, 2), 60.00::decimal(10, 2), date '2020-02-01', '01067'),
        ('B', '0002', 'Souterrain', 71.25, 80.00, null, '99')
    ) t (id, nr, name, living, useful, since, zip);
"""
PERSONS = """
    with flats as (select * from "db"."staging"."flats")
    select id, upper(name) as title, zip as plz from flats
"""
MART = """
    with flats as (select * from "db"."staging"."flats"),
    texts as (select * from "db"."intermediate"."int_toy__texts")
    select
        flats.id as external_id,
        texts.title,
        flats.living as size,
        flats.since as begin,
        {'zip': texts.plz, 'code': flats.nr, 'note': cast(null as varchar)} as address,
        [{'label': 'nr', 'value': flats.nr}] as more
    from flats inner join texts on flats.id = texts.id  -- a comment at the end
"""


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Stock]:
    with duckdb.connect(tmp_path / "db.duckdb") as database:
        database.execute(FLATS)
        database.execute(f"create view intermediate.int_toy__texts as {PERSONS}")
        database.execute(f"create table partners.toy__einheiten as {MART}")
        yield Stock(database, "toy", {"int_toy__texts": PERSONS, "toy__einheiten": MART})


def rows(stock: Stock, column: str) -> list[Any]:
    query = f"select {column} from partners.toy__einheiten order by external_id"
    return [value for (value,) in stock.database.execute(query).fetchall()]


def changed(stock: Stock, name: str, column: str) -> list[Any]:
    with stock.having(stock.mutants[name]):
        return rows(stock, column)


def test_every_field_has_its_mutants(toy: Stock) -> None:
    fields = ["title", "size", "begin", "address", "more"]
    nested = ["address.zip", "address.code", "address.note", "more.label", "more.value"]
    expected = {
        f"toy__einheiten: {kind} {field}" for kind in ("drop", "mistype") for field in fields + nested
    }
    expected |= {
        "toy__einheiten: rename address.zip and address.code",
        "toy__einheiten: rename address.code and address.note",
        "toy__einheiten: rename address.note and address.zip",
        "toy__einheiten: rename more.label and more.value",
        "toy__einheiten: swap title, made of plz in place of texts.title",
        "toy__einheiten: swap size, made of useful in place of flats.living",
        "toy__einheiten: swap address, made of id in place of texts.plz",
        "toy__einheiten: swap address, made of name in place of flats.nr",
        "toy__einheiten: swap more, made of name in place of flats.nr",
        "int_toy__texts: swap title, made of zip in place of name",
    }
    assert set(toy.mutants) == expected


def test_a_dropped_field_is_null_and_all_others_are_as_they_were(toy: Stock) -> None:
    assert changed(toy, "toy__einheiten: drop title", "title") == [None, None]
    assert changed(toy, "toy__einheiten: drop title", "begin") == rows(toy, "begin")
    assert changed(toy, "toy__einheiten: drop address.zip", "address") == [
        {"zip": None, "code": "0001", "note": None},
        {"zip": None, "code": "0002", "note": None},
    ]
    assert changed(toy, "toy__einheiten: drop more.value", "more") == [[{"label": "nr", "value": None}]] * 2


def test_two_renamed_fields_change_places(toy: Stock) -> None:
    assert changed(toy, "toy__einheiten: rename address.zip and address.code", "address")[0] == {
        "zip": "0001",
        "code": "01067",
        "note": None,
    }
    assert changed(toy, "toy__einheiten: rename more.label and more.value", "more")[1] == [
        {"label": "0002", "value": "nr"}
    ]


def test_a_mistyped_field_has_the_value_in_another_form(toy: Stock) -> None:
    assert changed(toy, "toy__einheiten: mistype title", "title") == [["MANSARDE"], ["SOUTERRAIN"]]
    assert changed(toy, "toy__einheiten: mistype size", "size") == ["54.30", "71.25"]
    assert changed(toy, "toy__einheiten: mistype begin", "begin") == ["01.02.2020", None]
    assert changed(toy, "toy__einheiten: mistype address.zip", "address.zip") == [1067, 99]
    assert changed(toy, "toy__einheiten: mistype more", "more") == [
        {"label": "nr", "value": "0001"},
        {"label": "nr", "value": "0002"},
    ]


def test_a_swapped_source_gives_the_values_of_its_neighbour(toy: Stock) -> None:
    swap = "toy__einheiten: swap size, made of useful in place of flats.living"
    assert [float(value) for value in changed(toy, swap, "size")] == [60.0, 80.0]


def test_a_mutant_of_what_a_mart_passes_through_arrives_in_the_mart(toy: Stock) -> None:
    swap = "int_toy__texts: swap title, made of zip in place of name"
    assert changed(toy, swap, "title") == ["01067", "99"]


def test_after_a_mutant_the_database_is_as_before(toy: Stock) -> None:
    before = rows(toy, "to_json(toy__einheiten)")
    for mutant in toy.mutants.values():
        with toy.having(mutant):
            pass
        assert rows(toy, "to_json(toy__einheiten)") == before


def test_a_test_may_have_a_transaction_of_its_own_and_leave_it_open(toy: Stock) -> None:
    before = rows(toy, "to_json(toy__einheiten)")
    with toy.having(toy.mutants["toy__einheiten: drop title"]):
        toy.database.begin()
        toy.database.execute("delete from partners.toy__einheiten where external_id = 'A'")
        assert len(rows(toy, "title")) == 1
    assert rows(toy, "to_json(toy__einheiten)") == before


def test_made_again_without_a_change_the_mart_is_the_same(toy: Stock) -> None:
    before = rows(toy, "to_json(toy__einheiten)")
    with toy.having(None):
        assert rows(toy, "to_json(toy__einheiten)") == before


def test_what_nobody_can_see_is_said_and_nothing_else(toy: Stock) -> None:
    assert {name: mutant.equivalent for name, mutant in toy.mutants.items() if mutant.equivalent} == {
        "toy__einheiten: drop address.note": "it is NULL in each row",
        "toy__einheiten: mistype address.note": "it is NULL in each row",
    }


def test_the_same_expression_under_two_names_is_no_difference(toy: Stock) -> None:
    mart = """
        with flats as (select * from "db"."staging"."flats")
        select id as external_id, nr as number, nr as code, name as label from flats
    """
    toy.database.execute(f"create or replace table partners.toy__einheiten as {mart}")
    found = Stock(toy.database, "toy", {"toy__einheiten": mart}).mutants
    renamed = {name: mutant.equivalent for name, mutant in found.items() if ": rename" in name}
    assert renamed == {
        "toy__einheiten: rename number and code": "both are the same expression",
        "toy__einheiten: rename code and label": "",
        "toy__einheiten: rename label and number": "",
    }


PROJECT_OF_TOY = {
    "dbt_project.yml": "{name: toy, profile: toy, models: {+materialized: table}}",
    "profiles.yml": """
        toy: {target: t, outputs: {t: {type: duckdb, path: "{{ env_var('TOY') }}/db.duckdb", keep_open: false}}}
    """,
    "models/flats.sql": "select 'A' as id, 'Mansarde' as name, 54.30 as living, 60.00 as useful",
    "models/toy__einheiten.sql": """
        with flats as (select * from {{ ref('flats') }})
        select id as external_id, name as title, living as size from flats
    """,
    "conftest.py": """
        import os, shutil, types, duckdb, pytest
        from pathlib import Path
        from dbt.cli.main import dbtRunner

        HERE = Path(os.environ["TOY"])

        @pytest.fixture(scope="session")
        def dbt():
            return types.SimpleNamespace(database=HERE / "db.duckdb", runner=dbtRunner())

        @pytest.fixture(scope="session")
        def marts(dbt):
            done = dbt.runner.invoke(["--quiet", "run", f"--project-dir={HERE}", f"--profiles-dir={HERE}"])
            assert done.success
            (HERE / "copy").mkdir()
            shutil.copyfile(HERE / "db.duckdb", HERE / "copy" / "db.duckdb")
            with duckdb.connect(HERE / "copy" / "db.duckdb") as database:
                yield database
    """,
    "test_toy_marts.py": """
        def test_the_title_is_there(marts):
            assert marts.execute("select title from toy__einheiten").fetchall() == [("Mansarde",)]
    """,
    "test_document_marts.py": """
        import pytest

        @pytest.mark.parametrize("partner", ["toy", "another"])
        def test_its_titles_are_texts(marts, partner):
            assert partner == "toy"
            assert isinstance(marts.execute("select title from toy__einheiten").fetchone()[0], str)

        def test_there_is_a_size(marts):
            assert marts.execute("select size from toy__einheiten").fetchone()[0]
    """,
}
MEASURED = """
    import os
    from pathlib import Path
    from tests.mutants.__main__ import table
    from tests.mutants.run import measure
    print(table(measure(["toy"], Path(os.environ["TOY"]))))
"""


def test_tests_of_a_partner_kill_what_they_look_at_and_let_live_what_they_do_not(tmp_path: Path) -> None:
    for name, text in PROJECT_OF_TOY.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(dedent(text), encoding="utf-8")
    places = {"TOY": tmp_path, "DBT_TARGET_PATH": tmp_path / "target", "DBT_LOG_PATH": tmp_path / "logs"}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", dedent(MEASURED)],
        cwd=PROJECT,
        env={**os.environ, **{name: str(place) for name, place in places.items()}},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (
        done.stdout.split()
        == dedent("""
        partner killed of share equivalent
        toy 4 6 66.7 % 0
        survived: toy__einheiten: mistype size
        survived: toy__einheiten: swap size, made of useful in place of living
    """).split()
    ), done.stdout + done.stderr


def test_a_partner_below_the_line_or_with_a_red_test_fails_the_run() -> None:
    good = Score("etg24", killed=["k"] * 19, survived=["s"])
    bad = Score("kiwi", killed=["k"] * 94, survived=["s"] * 6)
    red = Score("quis", killed=["k"] * 20, broken=["test_it"])
    assert [score.share for score in (good, bad, red)] == [95.0, 94.0, 0.0]
    assert "fails without a mutant: quis: test_it" in table([good, red])
    assert main(["nobody"]) == 2
