"""Each generic data test of the marts finds the rows it is there for, and names them by their ids."""

from typing import Any

import duckdb
import pytest

SHARED = """
    create table parents as from (values ('1/1'), ('1/2')) as p (external_id);
    create table children as from (values ('1/1')) as c (parents_external_id);
"""

# data test as it is called, columns of its table, right rows, wrong rows
CASES: dict[str, tuple[str, str, list[tuple[Any, ...]], list[tuple[Any, ...]]]] = {
    "complete_id": (
        "{{ test_complete_id('marts', 'external_id', 'etg24') }}",
        "external_id varchar",
        [("001/0007",), ("P1",)],
        [(None,), ("001//01",), ("/01",), ("001/",), ("",)],
    ),
    "refers_to": (
        "{{ test_refers_to('marts', 'parents_external_id', 'parents') }}",
        "external_id varchar, parents_external_id varchar",
        [("a", "1/1"), ("b", None)],
        [("c", "1/3")],
    ),
    "all_refer_to": (
        "{{ test_all_refer_to('marts', 'parents_external_ids', 'parents') }}",
        "external_id varchar, parents_external_ids varchar[]",
        [("a", ["1/1", "1/2"])],
        [("b", ["1/1", "1/3"]), ("c", []), ("d", None)],
    ),
    "required": (
        "{{ test_required('marts', 'title') }}",
        "external_id varchar, title varchar",
        [("a", "0")],
        [("b", None), ("c", "")],
    ),
    "one_of": (
        "{{ test_one_of('marts', 'type', [1, 'x']) }}",
        "external_id varchar, type varchar",
        [("a", "1"), ("b", "x"), ("c", None)],
        [("d", "2"), ("e", "X")],
    ),
    "valid_email": (
        "{{ test_valid_email('marts', 'email') }}",
        "external_id varchar, email varchar",
        [("a", "a@example.org")],
        [("b", None), ("c", "keine"), ("d", "A@example.org"), ("e", "a@b")],
    ),
    "has_children": (
        "{{ test_has_children('marts', 'children', 'parents_external_id') }}",
        "external_id varchar",
        [("1/1",)],
        [("1/2",)],
    ),
    "shares_no_id_with": (
        "{{ test_shares_no_id_with('marts', 'parents') }}",
        "external_id varchar",
        [("1/3",)],
        [("1/2",)],
    ),
    "exactly_one_of": (
        "{{ test_exactly_one_of('marts', ['one', 'other']) }}",
        "external_id varchar, one varchar, other varchar",
        [("a", "1", None), ("b", None, "1")],
        [("c", "1", "1"), ("d", None, None)],
    ),
    "unique_within": (
        "{{ test_unique_within('marts', 'number', 'parent') }}",
        "external_id varchar, number varchar, parent varchar",
        [("a", "1", "x"), ("b", "1", "y"), ("c", "7", None), ("d", "7", None)],
        [("e", "2", "x"), ("f", "2", "x")],
    ),
}


@pytest.fixture(scope="session")
def compiled(render_sql: Any) -> dict[str, str]:
    """SQL of every data test, made in one run of dbt."""
    queries = render_sql("\n--next\n".join(case[0] for case in CASES.values())).split("--next")
    return dict(zip(CASES, queries, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_a_data_test_finds_the_wrong_rows_and_no_others(compiled: dict[str, str], name: str) -> None:
    _, typed, right, wrong = CASES[name]
    with duckdb.connect() as database:
        database.execute(SHARED)
        database.execute(f"create table marts ({typed})")
        marks = ", ".join("?" for _ in typed.split(", "))
        database.executemany(f"insert into marts values ({marks})", [*right, *wrong])
        found = database.execute(compiled[name])
        assert [column[0] for column in found.description] == ["external_id"]
        assert sorted(found.fetchall(), key=str) == sorted(((row[0],) for row in wrong), key=str)
