"""What the comparison says of marts that are written by hand: the first ones are the base, the second ones the head."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pytest

from pipelines.contract.contract import Contract, load_contract, parse_contract
from pipelines.diff.books import write_base
from pipelines.diff.compare import MASKED, Comparison, compare
from pipelines.diff.contracts import differences
from pipelines.diff.effort import effort
from pipelines.diff.markdown import markdown
from pipelines.diff.page import page
from pipelines.diff.personal import rare
from pipelines.diff.text import text
from pipelines.plan.counts import PlanCounts
from pipelines.plan.guards import DEFAULTS
from pipelines.report import as_json
from pipelines.reports.diff import ContractDiff, EffortLine
from tests.diff.examples import REPORT
from tests.plan.test_plan import HOUSE
from tests.push.marts import write_marts

DAY = date(2026, 11, 21)
Rows = dict[str, list[dict[str, Any]]]
FINDINGS = (
    "(rule varchar, table_name varchar, key varchar, column_name varchar, value varchar, partner varchar,"
    " reason varchar)"
)
NEW = {"type": "string", "x-confidence": "assumed", "x-source": "x"}


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"create schema quality; create table quality.findings {FINDINGS}")
        connection.execute(
            "create schema erp_raw; create schema staging; create table erp_raw.person as select 'Erika' as vorname,"
            " 'Muster' as nachname, 'Am Park' as strasse; insert into erp_raw.person values ('Ö', null, 'Hinterhof');"
            " create table erp_raw.gebaeude as select 'Am Park' as strasse;"
            " create table erp_raw.kontaktweg as select '030 / 123 45 67' as wert;"
            " create table staging.base_erp__person as select date '1980-05-01' as geburtsdatum"
        )
        yield connection


def compared(
    db: duckdb.DuckDBPyConnection,
    head: Rows,
    base: Rows = HOUSE,
    findings: tuple[tuple[str, str, str], ...] = (),
) -> Comparison:
    contract = load_contract("etg24")
    write_marts(db, "etg24", base)
    write_base(db, {"etg24": contract})
    write_marts(db, "etg24", head)
    for rule, table, key in findings:
        db.execute(
            "insert into quality.findings values (?, ?, ?, null, null, 'etg24', 'why')", [rule, table, key]
        )
    personal = {("etg24__mieter", "lastName")}
    return compare(db, {"etg24": contract}, DAY, DEFAULTS, personal)


def house(**changes: Any) -> Rows:
    return {**copy.deepcopy(HOUSE), **changes}


def test_nothing_differs_where_nothing_does(db: duckdb.DuckDBPyConnection) -> None:
    assert compared(db, HOUSE) == Comparison()


def test_a_null_column_more_is_no_difference(db: duckdb.DuckDBPyConnection) -> None:
    units = [{**unit, "position": None} for unit in HOUSE["einheiten"]]
    assert compared(db, house(einheiten=units)).entities == ()


def test_a_unit_that_goes_is_told_with_the_rule_that_takes_it_out(db: duckdb.DuckDBPyConnection) -> None:
    found = compared(
        db, house(einheiten=HOUSE["einheiten"][1:]), findings=(("L1", "verwaltungseinheit", "001/1/01/2"),)
    )
    [line] = found.entities
    assert (line.go, line.come, line.change, line.new_ids) == (1, 0, 0, 0)
    [row] = found.rows
    assert (row.what, row.rule, row.rows, row.examples) == ("go", "L1", 1, ("001/1/01/0002",))
    [finding] = found.findings
    assert (finding.rule, finding.base_rows, finding.head_rows, finding.more) == ("L1", 0, 1, 1)


def test_what_lies_in_a_building_goes_by_the_rule_that_takes_out_the_building(
    db: duckdb.DuckDBPyConnection,
) -> None:
    found = compared(
        db, house(einheiten=[], mietvertraege=[], mieter=[]), findings=(("L1", "gebaeude", "001/1/01"),)
    )
    assert {row.entity: row.rule for row in found.rows} == {
        "einheiten": "L1", "mietvertraege": "L1", "mieter": "L1"
    }  # fmt: skip
    # Another building explains nothing.
    other = compared(db, house(einheiten=[]), findings=(("L1", "gebaeude", "001/1/02"),))
    assert {row.rule for row in other.rows} == {None}


@pytest.mark.parametrize(
    ("rule", "table", "key", "told"),
    [
        ("E2", "mieter", "001/1/01/2/3/0617", "E2"),
        ("E8", "person", "617", "E8"),
        ("L1", "verwaltungseinheit", "001/1/01/2", "L1"),
        ("E2", "mieter", "001/1/01/617/3/0618", None),
        ("L1", "gebaeude", "001/1/02", None),
    ],
)
def test_a_person_goes_by_the_rule_that_speaks_of_it_or_of_where_it_lives(
    db: duckdb.DuckDBPyConnection, rule: str, table: str, key: str, told: str | None
) -> None:
    """At facilioo a party is a person: its id names no lease."""
    db.execute(
        "create table erp_raw.mieter as select '001' as mandant_nr, '1' as we_nr, '01' as gebaeude_nr, '0002' as ve_nr,"
        " '3' as mv_nr, '0617' as person_nr"
    )
    contract = load_contract("facilioo")
    rows: Rows = {name: [] for name in contract.entities}
    party = {"external_id": "0617", "typeId": 1, "primaryName": "Muster"}
    write_marts(db, "facilioo", {**rows, "parteien_mieter": [party]})
    write_base(db, {"facilioo": contract})
    write_marts(db, "facilioo", rows)
    db.execute("insert into quality.findings values (?, ?, ?, null, null, null, 'why')", [rule, table, key])
    [row] = compare(db, {"facilioo": contract}, DAY, DEFAULTS, set()).rows
    assert (row.entity, row.what, row.rule) == ("parteien_mieter", "go", told)


def test_a_finding_of_a_value_takes_no_record_out(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("insert into quality.findings values ('C2', 'person', '1', 'geburtsdatum', 'x', null, null)")
    found = compared(db, HOUSE, findings=(("E2", "mieter", "001/1/01/0001/01/78"),))
    assert found.rows == ()
    assert [(line.rule, line.more) for line in found.findings] == [("E2", 1)]


def test_a_value_of_a_person_is_a_shape_wherever_it_stands(db: duckdb.DuckDBPyConnection) -> None:
    tenant = {**HOUSE["mieter"][0], "lastName": "Beispiel-Muster 7"}
    unit = {**HOUSE["einheiten"][1], "area": "bei Erika MUSTER"}
    found = compared(db, house(mieter=[tenant], einheiten=[HOUSE["einheiten"][0], unit]))
    values = {field.field: [(v.old, v.new, v.rows) for v in field.values] for field in found.fields}
    assert values == {
        "lastName": [('"xxxxxx"', '"xxxxxxxx-xxxxxx 9"', 1)],
        "area": [('"50"', '"xxx xxxxx xxxxxx"', 1)],
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Ö", "x"),
        ("am park", "am park"),
        ("zum Hinterhof", "xxx xxxxxxxxx"),
        ("+49301234567", "+99999999999"),
        ("1980-05-01T00:00:00", "9999-99-99x99:99:99"),
        ("Erdgeschoss, links", "Erdgeschoss, links"),
        ("ERIKA", "xxxxx"),
    ],
)
def test_what_the_erp_knows_of_persons_is_hidden_and_what_houses_have_is_not(
    db: duckdb.DuckDBPyConnection, value: str, shown: str
) -> None:
    [field] = compared(db, units(*[value] * 3), units("", "", "")).fields
    assert [(one.new, one.rows) for one in field.values] == [(f'"{shown}"', 3)]


def units(*areas: Any) -> Rows:
    """So many units, each with such an area."""
    first = HOUSE["einheiten"][0]
    made = [
        {**first, "external_id": f"001/1/01/{n:04}", "number": f"{n:04}", "area": area}
        for n, area in enumerate(areas, 1)
    ]
    return {"einheiten": made}


def test_a_text_that_hardly_any_record_has_is_a_shape(db: duckdb.DuckDBPyConnection) -> None:
    """Initials and the day of a birthday: no column holds them, and no rule calls the field personal."""
    base = ["links"] * 5 + ["rechts"]
    found = compared(
        db, units("EMust 12.04.", "JHüb 464308", "EErst 01.05.", "oben", "oben", "oben"), units(*base)
    )
    [field] = found.fields
    assert {(one.old, one.new, one.rows) for one in field.values} == {
        ('"links"', '"xxxxx 99.99."', 2), ('"links"', '"xxxx 999999"', 1), ('"links"', '"oben"', 2),
        ('"rechts"', '"oben"', 1),
    }  # fmt: skip
    assert found.notes == (MASKED,)
    report = replace(REPORT, **vars(found))
    for made in (text(report), markdown(report), page(report), json.dumps(as_json(report))):
        assert "xxxxx 99.99." in made
        assert made.count("fewer than 3 records have are masked") == 1
        assert not any(part in made for part in ("EMust", "12.04", "EErst", "JHüb", "464308"))


@pytest.mark.parametrize(
    ("areas", "new"),
    [
        (("kühl", "links", "rechts"), '"xxxx"'),
        (("rechts", "links", "rechts"), '"rechts"'),  # the field had it
        ((None, "links", "rechts"), "null"),
        (("2027-04-01", "links", "rechts"), '"2027-04-01"'),
        (("12.04.1980", "links", "rechts"), '"99.99.9999"'),
        (("001/1/01/0001", "links", "rechts"), '"001/1/01/0001"'),  # its id
    ],
)
def test_what_says_nothing_of_a_person_is_shown_however_rare(
    db: duckdb.DuckDBPyConnection, areas: tuple[str, ...], new: str
) -> None:
    found = compared(db, units(*areas), units("links", "links", "rechts"))
    assert [one.new for field in found.fields for one in field.values] == [new]
    assert found.notes == ((MASKED,) if new.strip('"')[0] in "x9" else ())


def test_an_id_that_a_record_refers_to_is_shown_however_rare(db: duckdb.DuckDBPyConnection) -> None:
    other = {**HOUSE["objekte"][0], "external_id": "001/1/02", "title": "Haus 2"}
    houses = [*HOUSE["objekte"], other]
    moved = [{**HOUSE["einheiten"][0], "objekte_external_id": "001/1/02"}, HOUSE["einheiten"][1]]
    [field] = compared(db, house(objekte=houses, einheiten=moved), house(objekte=houses)).fields
    assert [(one.old, one.new) for one in field.values] == [('"001/1/01"', '"001/1/02"')]


def test_of_an_object_what_is_new_is_a_shape() -> None:
    assert rare('{"a":"alt","b":["Neu 7",3]}', '{"a":"alt","b":[]}') == '{"a":"alt","b":["xxx 9",3]}'


def test_what_comes_against_a_rule_is_told_the_one_that_takes_it_out(db: duckdb.DuckDBPyConnection) -> None:
    """Of two rows with one key (C6) the later one stays: it is no reason."""
    person = "001/1/01/0001/01/77"
    db.execute(f"insert into quality.findings values ('C6', 'mieter', '{person}', null, null, null, 'why')")
    db.execute(
        f"insert into quality.findings values ('E2', 'mieter', '{person}', null, null, 'etg24', 'why')"
    )
    [row] = compared(db, HOUSE, house(mieter=[])).rows
    assert (row.what, row.rule, row.against) == ("come", None, "E2")


def test_what_comes_under_a_parent_that_a_rule_speaks_of_is_told_no_rule(
    db: duckdb.DuckDBPyConnection,
) -> None:
    db.execute("insert into quality.findings values ('L1', 'gebaeude', '001/1/01', null, null, null, 'why')")
    db.execute(
        "insert into quality.findings values ('C6', 'mieter', '001/1/01/0001/01/77', null, null, null, 'w')"
    )
    [row] = compared(db, HOUSE, house(mieter=[])).rows
    assert (row.what, row.rule, row.against) == ("come", None, None)


def test_a_key_of_other_numbers_is_another_record(db: duckdb.DuckDBPyConnection) -> None:
    unit = {**HOUSE["einheiten"][0], "external_id": "001/1/01/0099", "number": "0099", "area": "33"}
    found = compared(db, house(einheiten=[unit, HOUSE["einheiten"][1]]))
    [line] = found.entities
    assert (line.come, line.go, line.new_ids) == (1, 1, 0)
    assert found.ids == ()


def test_another_order_in_an_id_is_the_same_record(db: duckdb.DuckDBPyConnection) -> None:
    unit = {**HOUSE["einheiten"][0], "external_id": "0002.01.1.001"}
    found = compared(db, house(einheiten=[unit, HOUSE["einheiten"][1]]))
    [line] = found.ids
    assert (line.told_by, line.rows, line.examples[0].old, line.examples[0].new) == (
        "ERP key", 1, "001/1/01/0002", "0002.01.1.001",
    )  # fmt: skip


def test_what_else_changes_in_a_record_with_another_id_is_told_too(db: duckdb.DuckDBPyConnection) -> None:
    unit = {**HOUSE["einheiten"][0], "external_id": "001-1-01-0002", "number": "7"}
    found = compared(db, house(einheiten=[unit, HOUSE["einheiten"][1]]))
    assert [(line.entity, line.field, line.rows) for line in found.fields] == [("einheiten", "number", 1)]
    [line] = found.entities
    assert (line.entity, line.new_ids, line.change) == ("einheiten", 1, 0)


def test_a_record_that_is_held_and_comes_under_another_id_is_made_twice(
    db: duckdb.DuckDBPyConnection,
) -> None:
    """A lease in doubt stays under its former id, and the head makes it again under the new one."""
    db.execute(
        "create schema if not exists partners; create table partners.etg24__held as select 'mietvertraege' as entity,"
        " '001/1/01/0001/01' as external_id, 'H1' as rule, 'mietvertrag' as table_name, 'doubt' as reason,"
        " false as also_in_mart, null::varchar as part, true as holds_below, '-' as separator,"
        " null::varchar as person_nr"
    )
    lease = {**HOUSE["mietvertraege"][0], "external_id": "001-1-01-0001-01"}
    found = compared(db, house(mietvertraege=[lease], mieter=[]))
    line = next(line for line in found.entities if line.entity == "mietvertraege")
    assert (line.new_ids, line.come, line.go) == (1, 0, 0)


def test_guards_judge_as_they_would(db: duckdb.DuckDBPyConnection) -> None:
    units = [
        {**HOUSE["einheiten"][0], "external_id": f"001/1/01/{n:04}", "number": f"{n:04}"} for n in range(60)
    ]
    found = compared(
        db, house(einheiten=units[:30], mietvertraege=[], mieter=[]), base=house(einheiten=units)
    )
    assert [(line.guard, line.entity) for line in found.guards] == [("withdraw", "einheiten")]
    assert found.guards[0].message == "einheiten: 30 of 60 records would be withdrawn"


def test_two_rows_with_one_id_in_the_base_break_nothing(db: duckdb.DuckDBPyConnection) -> None:
    twice = house(einheiten=[*HOUSE["einheiten"], HOUSE["einheiten"][0]])
    assert compared(db, HOUSE, base=twice).entities == ()


def test_a_base_that_does_not_fit_its_contract_holds_nothing(db: duckdb.DuckDBPyConnection) -> None:
    write_marts(db, "etg24", HOUSE)
    db.execute("alter table partners.etg24__einheiten add column place varchar")
    write_base(db, {"etg24": load_contract("etg24")})
    [(partner, why)] = db.execute("from diff.kept_back").fetchall()
    assert partner == "etg24"
    assert "the contract does not know the column place" in why
    assert db.execute("select count(*) from sync.ledger").fetchone() == (0,)


def changed(*edits: tuple[tuple[str, ...], Any]) -> Contract:
    """The contract of etg24 with other values at these places."""
    document = copy.deepcopy(load_contract("etg24").document)
    for (*above, last), value in edits:
        part: Any = document
        for step in above:
            part = part[step]
        part[last] = value
    return parse_contract("etg24", document)


UNIT = ("components", "schemas", "UnitFields", "properties")
REQUIRED = (("components", "schemas", "Unit", "required"), ["id", "objectId", "number", "area"])


@pytest.mark.parametrize(
    ("edit", "part", "old", "new", "rows"),
    [
        ((REQUIRED,), "fields.area.required", "false", "true", 0),  # null is a value, too
        (
            (REQUIRED, ((*UNIT, "area", "type"), "number")),
            "fields.area.required", "false", "true", 1,
        ),
        ((((*UNIT, "number", "maxLength"), 3),), "fields.number.maxLength", "255", "3", 2),
        ((((*UNIT, "number", "pattern"), "^0001$"),), "fields.number.pattern", "none", '"^0001$"', 1),
        ((((*UNIT, "number", "enum"), ["0001"]),), "fields.number.enum", "none", '["0001"]', 1),
        (
            (((*UNIT, "position", "x-confidence"), "assumed"),),
            "fields.position.x-confidence", '"documented"', '"assumed"', None,
        ),
        ((((*UNIT, "color"), NEW),), "fields.color", "none", "is there", None),
    ],
)  # fmt: skip
def test_a_contract_that_differs_says_what_would_be_refused(
    db: duckdb.DuckDBPyConnection, edit: Any, part: str, old: str, new: str, rows: int | None
) -> None:
    write_marts(
        db, "etg24", house(einheiten=[{**HOUSE["einheiten"][0], "area": None}, HOUSE["einheiten"][1]])
    )
    found = differences(db, load_contract("etg24"), changed(*edit), is_built=True)
    line = next(line for line in found if line.entity == "einheiten" and line.part == part)
    assert line == ContractDiff(partner="etg24", entity="einheiten", part=part, old=old, new=new, rows=rows)


def test_what_differs_of_a_field_of_both_is_told_once() -> None:
    """A field that is required when a record is made only: of it, what may stand there differs in both."""
    required = (("components", "schemas", "Unit", "required"), ["id", "objectId", "number", "position"])
    before = load_contract("etg24")
    head = changed(required, ((*UNIT, "position", "type"), "string"))
    parts = [line.part for line in differences(duckdb.connect(), before, head, is_built=False)]
    assert parts == ["fields.position.type", "fields.position.required"]
    back = [line.part for line in differences(duckdb.connect(), head, before, is_built=False)]
    assert back == parts


def test_the_same_contract_differs_in_nothing(db: duckdb.DuckDBPyConnection) -> None:
    for name in ("etg24", "facilioo", "everreal", "wohnungshelden", "immomio"):
        assert differences(db, load_contract(name), load_contract(name), is_built=False) == []


def test_an_entity_that_is_gone_from_a_contract_is_told(db: duckdb.DuckDBPyConnection) -> None:
    document = copy.deepcopy(load_contract("etg24").document)
    del document["x-entities"]["eigentuemer"]
    found = differences(db, load_contract("etg24"), parse_contract("etg24", document), is_built=False)
    assert [(line.entity, line.part, line.new) for line in found] == [
        ("eigentuemer", "entity", "is not there")
    ]


def test_requests_take_as_long_as_the_limits_let_them() -> None:
    contract = load_contract("etg24")
    counts = [PlanCounts("etg24", "einheiten", create=100, update=50, withdraw=30)]

    def cost(**limits: float) -> EffortLine | None:
        none = dict.fromkeys(("per_second", "per_minute", "per_hour", "per_day"))
        given = replace(contract.limits, **{**none, **limits})
        return effort(replace(contract, limits=given), counts, {"einheiten": 30})

    requests = 150 + (100 if contract.entities["einheiten"].before_create == "look_up" else 0)
    assert cost() == EffortLine(partner="etg24", requests=requests, minutes=None, limit=None)
    assert cost(per_minute=10) == EffortLine(
        partner="etg24", requests=requests, minutes=requests / 10, limit="10 a minute"
    )
    assert cost(per_hour=1000) == EffortLine(
        partner="etg24", requests=requests, minutes=0.0, limit="1,000 an hour"
    )
    slowest = cost(per_second=5, per_minute=10)
    assert slowest
    assert slowest.limit == "10 a minute"
    assert effort(contract, [PlanCounts("etg24", "einheiten", withdraw=3)], {"einheiten": 3}) is None
