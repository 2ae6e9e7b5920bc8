"""A value that a partner would refuse is a finding (V3) before it is a request: dbt's tests made of the contracts."""

from collections.abc import Sequence
from typing import Any

import duckdb
import pytest

from tests.conftest import Dbt, failures

KIWI = {"kiwi": {"aktiv": True, "separator": "/", "mandanten": "alle"}}
ETG24 = {"etg24": {"aktiv": True, "separator": "/", "mandanten": "alle"}}
FINDINGS = """
    create schema quality;
    create table quality.findings (
        rule varchar, table_name varchar, key varchar, column_name varchar, value varchar, partner varchar,
        reason varchar
    ); insert into quality.findings values ('L1', 'mieter', '1', null, null, null, null)
"""
Group = tuple[str, str | None]


class Groups:
    """The mart of etg24's groups as it lies, and what its test with the contract says."""

    def __init__(self, dbt: Dbt) -> None:
        self.dbt = dbt

    def test(self, rows: Sequence[Group], has_findings: bool = True) -> str:
        self.dbt.database.unlink(missing_ok=True)
        with duckdb.connect(self.dbt.database) as db:
            db.execute("create schema partners")
            db.execute("create table partners.etg24__objektgruppen (external_id varchar, title varchar)")
            if has_findings:
                db.execute(FINDINGS)
        return self.again(rows)

    def again(self, rows: Sequence[Group]) -> str:
        with duckdb.connect(self.dbt.database) as db:
            db.execute("delete from partners.etg24__objektgruppen")
            db.executemany(
                "insert into partners.etg24__objektgruppen values (?, ?)", [list(row) for row in rows]
            )
        done = self.dbt(
            "test", "--select", "etg24__objektgruppen,test_name:fits_contract", vars={"partners": ETG24}
        )
        assert done.exception is None
        tests = [result for result in done.result if result.node.resource_type == "test"]
        others = [result for result in done.result if result not in tests]
        assert {str(result.status) for result in others} <= {"success"}, failures(done)
        [result] = tests
        return str(result.status)

    def findings(self) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.dbt.database) as db:
            return db.execute(
                "select rule, table_name, key, column_name, value, partner, reason from quality.findings order by all"
            ).fetchall()


@pytest.fixture(scope="module")
def groups(dbt: Dbt) -> Groups:
    return Groups(dbt)


L1 = ("L1", "mieter", "1", None, None, None, None)


def test_a_value_that_would_be_refused_is_a_finding_until_it_is_mended(groups: Groups) -> None:
    rows = [("001/1", "Am Hang"), ("001/2", None), ("001/3", "x" * 256)]
    assert groups.test(rows) == "warn"
    assert groups.findings() == [
        L1,
        (
            "V3", "etg24__objektgruppen", "001/2", "title", None, "etg24", "is required (assumed)",
        ),
        (
            "V3", "etg24__objektgruppen", "001/3", "title", "x" * 256, "etg24", "at most 255 characters (assumed)",
        ),
    ]  # fmt: skip
    assert groups.again(rows[:2]) == "warn"
    assert [finding[:3] for finding in groups.findings()[1:]] == [("V3", "etg24__objektgruppen", "001/2")]
    assert groups.again(rows[:1]) == "pass"
    assert groups.findings() == [L1]


def test_where_most_rows_would_be_refused_the_mapping_is_wrong(groups: Groups) -> None:
    wrong = [(f"001/{number}", None) for number in range(25)]
    assert groups.test(wrong) == "fail"
    assert len(groups.findings()) == 26
    assert groups.again(wrong[:24]) == "warn"
    assert groups.again([*wrong, *((f"002/{number}", "Am Hang") for number in range(25))]) == "warn"


def test_without_findings_the_test_speaks_alone(groups: Groups) -> None:
    assert groups.test([("001/1", None)], has_findings=False) == "warn"


def test_a_personal_value_is_masked(dbt: Dbt) -> None:
    dbt.database.unlink(missing_ok=True)
    with duckdb.connect(dbt.database) as db:
        db.execute("create schema partners")
        db.execute(FINDINGS)
        db.execute(
            "create table partners.kiwi__mieter as select '7' as external_id, 'Ann-Kathrin' as first_name,"
            " 'Muster' as last_name, 'anna.muster42' as email, null::varchar as phone"
        )
    done = dbt("test", "--select", "kiwi__mieter,test_name:fits_contract", vars={"partners": KIWI})
    assert done.exception is None
    with duckdb.connect(dbt.database) as db:
        found = db.execute(
            "select reason, value from quality.findings where rule = 'V3' order by all"
        ).fetchall()
    assert [reason[:22] for reason, _ in found] == ["has to be written as e", "has to have the form ^"]
    assert {value for _, value in found} == {"xxxx.xxxxxx99"}
