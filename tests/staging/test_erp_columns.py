"""A column of an ERP table is one entry of `_erp_raw.yml`: staging reads it by its type, and a wrong type is named."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner

from tests.conftest import PROJECT, failures, message_of

OTHER = "          - name: ort\n            description: town of the seat\n"
COLUMNS = """\
          - name: beschaeftigte
            description: number of employees
            meta: {typ: ganzzahl}
          - name: gruppe
            description: group of companies
            meta: {typ: wort}
          - name: leitung
            description: who leads it
            meta: {typ: text, pii: true}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project that ends at staging, with three more columns of the table mandant."""
    for folder in ("macros", "seeds", "models/staging", "tests/generic"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    shutil.copy(PROJECT / "profiles.yml", tmp_path)
    settings = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
    paths = "model-paths: [models/staging, models/intermediate, models/partners]"
    assert paths in settings
    (tmp_path / "dbt_project.yml").write_text(settings.replace(paths, "model-paths: [models/staging]"))
    listed = tmp_path / "models/staging/_erp_raw.yml"
    text = listed.read_text(encoding="utf-8")
    assert text.count(OTHER) == 1
    listed.write_text(text.replace(OTHER, COLUMNS + OTHER), encoding="utf-8")
    return tmp_path


def test_one_entry_of_yaml_brings_a_column_through_staging(
    project: Path, dbt: Any, raw_database: Callable[[Mapping[str, Any]], Path]
) -> None:
    database = raw_database({"mandant": [{"mandant_nr": "001"}, {"mandant_nr": "002"}]})
    with duckdb.connect(database) as db:
        for column in ("beschaeftigte", "gruppe", "leitung"):
            db.execute(f"alter table erp_raw.mandant add column {column} varchar")
        db.execute(
            "update erp_raw.mandant set beschaeftigte = ' 4,0', gruppe = 'Nord', leitung = ' Erika Muster '"
            " where mandant_nr = '001'"
        )
        db.execute("update erp_raw.mandant set beschaeftigte = 'viele' where mandant_nr = '002'")
    options = ["--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(project)]
    kinds = ["--resource-type", "seed", "--resource-type", "model"]
    done = dbtRunner().invoke(["--quiet", "build", *kinds, "--select", "+stg_erp__mandant", *options])
    assert done.success, message_of(done.exception) or failures(done)
    with duckdb.connect(database) as db:
        rows = db.execute(
            "select mandant_nr, beschaeftigte, gruppe, leitung from staging.stg_erp__mandant order by 1"
        ).fetchall()
        listed = db.execute(
            "select mandant_nr, mangel.rule, mangel.column_name, mangel.value from"
            " (select mandant_nr, unnest(_maengel) as mangel from staging.base_erp__mandant) order by all"
        ).fetchall()
    assert rows == [("001", 4, "Nord", "Erika Muster"), ("002", None, None, None)]
    assert listed == [("001", "C9", "gruppe", "Nord"), ("002", "C3", "beschaeftigte", "viele")]


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ("{}", r"gebaeude\.neu: no type; write meta: \{typ: …\} with one of text, wort, land, "),
        ("{'typ': 'boolean'}", r"gebaeude\.neu: unknown type boolean; "),
        ("{'typ': 'wörter'}", r"gebaeude\.neu: unknown type wörter; "),
        ("{'typ': 'dezimalzahl'}", r"gebaeude\.neu: unknown type dezimalzahl; .* dezimalzahl\(10, 2\)"),
        ("{'typ': 'land(de)'}", r"gebaeude\.neu: unknown type land\(de\); "),
    ],
)
def test_a_column_without_a_known_type_is_named(
    render_sql: Callable[..., str], meta: str, words: str
) -> None:
    with pytest.raises(AssertionError, match=f"models/staging/_erp_raw.yml: {words}"):
        render_sql("{{ erp_column_type('gebaeude', {'name': 'neu', 'meta': " + meta + "}) }}")


@pytest.mark.sampled
@pytest.mark.parametrize("typ", ["text", "land", "land(AT)", "dezimalzahl(12, 4)", "ganzzahl(bigint)"])
def test_a_known_type_is_taken_as_it_stands(render_sql: Callable[..., str], typ: str) -> None:
    rendered = render_sql(
        "{{ erp_column_type('gebaeude', {'name': 'neu', 'meta': {'typ': '" + typ + "'}}) }}"
    )
    assert rendered == typ
