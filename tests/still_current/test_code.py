"""Which lines look at the day, or beside the database, in a way of which nobody has said when it changes a verdict."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.commands.init import init_folder
from pipelines.contract.contract import partners
from pipelines.settings import read_vars, working_folder
from pipelines.still_current.code import code_digest, lines_unknown, read_unknown


def vars_with(given: str | None = None) -> Any:
    return read_vars(partners(), given, None, [])


@pytest.mark.parametrize(
    "line",
    [
        "where ende < {{ stichtag() }}",
        "and coalesce(mieter.gueltig_bis >= {{ stichtag() }}, true)",
        "case when {{ row }}.ende <= {{ stichtag() }} then 1 end",
        "coalesce(cast(widerrufen_am as date) > {{ stichtag() }}, true),",
        "({{ row }}.ende < {{ stichtag() }} or {{ row }}.ende < {{ row }}.mietbeginn)",
        "select wohnflaeche + 1 from flats",
        "where rule is distinct from 'L5'  -- L6",
        "'a consent from ' || cast(erteilt_am as date)",
    ],
)
def test_a_date_of_a_row_may_be_compared_with_the_key_date_as_it_stands(line: str) -> None:
    assert lines_unknown(f"select *\n{line}\n") == []


@pytest.mark.parametrize(
    "line",
    [
        "where ende < {{ stichtag() }} - 30",
        "where ende + 30 < {{ stichtag() }}",
        "where {{ stichtag() }} > ende",
        "where {{ stichtag() }} between beginn and ende",
        "where ende < {{ stichtag() }} - interval 3 month",
        "where date_trunc('month', ende) < {{ stichtag() }}",
        "where year({{ stichtag() }}) > baujahr",
        "{% set day = stichtag() %}",
        "where ende < current_date",
        "where ende < CURRENT_DATE",
        "where geladen_am < now()",
        "where geladen_am < today()",
        "where geladen_am < now ()",
        "where geladen_am < localtimestamp",
        "where geladen_am < current_localtimestamp()",
        "where age(geladen_am) > interval 1 day",
        "order by random()",
        "select uuid() as id",
        "select '{{ run_started_at }}' as built",
        "select '{{ invocation_id }}' as built",
        "{{ env_var('REGION', 'nord') }}",
        "select * from read_csv('prices.csv')",
        "select * from 'prices.parquet'",
        "attach 'other.duckdb' as other",
    ],
)
def test_whatever_else_looks_at_the_day_or_beside_the_database_is_not_known(line: str) -> None:
    assert lines_unknown(f"select *\n{line}\n") == [2]


@pytest.mark.parametrize(
    "line", ["ende + 1 as ende", "ende - interval 1 day as ende", "age(ende, beginn) as since"]
)
def test_dates_are_not_moved_where_they_are_compared(line: str) -> None:
    assert lines_unknown(f"select {line}\nfrom leases where ende < {{{{ stichtag() }}}}") == [1]
    assert lines_unknown(f"select {line}\nfrom leases") == []  # a model of its own: its dates are looked at


def test_each_line_of_the_project_that_looks_at_the_day_was_looked_at() -> None:
    """A new one is written as `date < {{ stichtag() }}`, or goes into `REVIEWED` and, if need be, `days.py`."""
    assert read_unknown() == ()


def test_a_folder_made_by_init_names_the_base_once_more_and_looks_at_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    init_folder(str(site))
    monkeypatch.chdir(site)
    assert working_folder() == site
    assert "dbt_packages/stammdaten/macros" in (site / "dbt_project.yml").read_text()
    former = code_digest(vars_with())
    assert read_unknown() == ()
    (site / "macros" / "own.sql").write_text("{% macro own() %}now(){% endmacro %}")
    assert read_unknown() == ("macros/own.sql:1",)
    (site / "macros" / "own.sql").write_text("{% macro own() %}1{% endmacro %}")
    assert read_unknown() == ()
    assert code_digest(vars_with()) != former


def test_what_a_folder_has_from_others_is_part_of_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    init_folder(str(site))
    monkeypatch.chdir(site)
    former = code_digest(vars_with())
    other = site / "dbt_packages" / "other" / "macros"
    other.mkdir(parents=True)
    (other / "day.sql").write_text("{% macro day() %}1{% endmacro %}")
    assert code_digest(vars_with()) != former
    (other / "day.sql").write_text("{% macro day() %}current_date{% endmacro %}")
    assert read_unknown() == ("macros/day.sql:1",)


def test_the_lock_of_an_editor_and_a_folder_with_the_name_of_a_model_are_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    init_folder(str(site))
    monkeypatch.chdir(site)
    former = code_digest(vars_with())
    (site / "models" / ".#open.sql").symlink_to("somebody@machine.4711")
    (site / "models" / "folder.sql").mkdir()
    assert code_digest(vars_with()) == former
    assert read_unknown() == ()


def test_settings_and_each_file_of_an_own_partner_are_part_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {code_digest(vars_with()), code_digest(vars_with('{"quelle_erp": "relion"}'))}
    assert len(found) == 2
    own = tmp_path / "hausbot"
    (own / "models").mkdir(parents=True)
    for name in ("contract.yaml", "profile.yaml", "__init__.py"):
        (own / name).write_text("")
    monkeypatch.setenv("STAMMDATEN_PARTNERS", str(tmp_path))
    settings = vars_with()
    model = own / "models" / "hausbot__units.sql"
    for text in ("select 1 as id", "select 2 as id", "select 3 as id where '2026-01-01' < current_date"):
        model.write_text(text)
        found.add(code_digest(settings))
    assert len(found) == 5
    assert read_unknown() == ("models/hausbot__units.sql:1",)
    (own / "models" / "hausbot__units.py").write_text("def model(dbt, session): ...")
    assert read_unknown() == ("models/hausbot__units.py:1", "models/hausbot__units.sql:1")
