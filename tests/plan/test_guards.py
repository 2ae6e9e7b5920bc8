"""Guards: pure ones with numbers, and what they keep from reaching a partner."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli.terminal import invitation
from pipelines.errors import SettingsError
from pipelines.plan.counts import PlanCounts
from pipelines.plan.guards import (
    DEFAULTS,
    TrippedGuard,
    check_counted,
    check_counts,
    check_tables,
    is_onboarded,
    limits,
)
from pipelines.reports.run import GuardLine, PlanReport


def guards_of(held: int, onboarded: bool = True, **counts: int) -> list[str]:
    return [
        trip.guard
        for trip in check_counts(PlanCounts("etg24", "einheiten", **counts), held, onboarded, DEFAULTS)
    ]


@pytest.mark.parametrize(
    ("withdraw", "held", "trips"),
    [
        (20, 100, False),
        (21, 100, True),
        (21, 300, False),
        (31, 300, True),
        (4, 4, False),
        (5, 10, True),
        (0, 0, False),
    ],
)
def test_withdrawals_trip_above_a_tenth_and_twenty_rows_or_from_half_of_a_few_on(
    withdraw: int, held: int, trips: bool
) -> None:
    assert (guards_of(held, withdraw=withdraw) == ["withdraw"]) is trips


def test_a_first_onboarding_is_not_stopped_but_later_creates_are() -> None:
    assert guards_of(0, onboarded=False, create=5000) == []
    assert guards_of(1000, onboarded=True, create=301) == ["create"]
    assert guards_of(1000, onboarded=True, create=300) == []


def test_updates_trip_above_half_and_a_hundred_rows() -> None:
    assert guards_of(200, update=101) == ["update"]
    assert guards_of(100, update=100) == []


def test_what_cannot_be_computed_counts_as_tripped() -> None:
    assert check_counted("etg24", [("mieter", "withdraw"), ("objekte", "create")], ["objekte"]) == [
        TrippedGuard("etg24", "withdraw", "mieter", None, None)
    ]
    assert check_tables("etg24", {"mieter": 100}, {}, DEFAULTS) == [
        TrippedGuard("etg24", "shrink", "mieter", None, None)
    ]


def test_a_table_that_shrank_since_the_last_push_trips() -> None:
    (trip,) = check_tables("etg24", {"mieter": 1000, "person": 500}, {"mieter": 880, "person": 499}, DEFAULTS)
    assert trip.message == "the ERP table mieter lost 120 of 1,000 rows since the last push"


def test_a_partner_that_was_never_pushed_has_nothing_to_compare_with() -> None:
    assert check_tables("etg24", None, {"mieter": 1}, DEFAULTS) == []


@given(held=st.integers(0, 10**6), withdraw=st.integers(0, 10**6))
def test_more_withdrawals_never_pass_where_fewer_trip(held: int, withdraw: int) -> None:
    if guards_of(held, withdraw=withdraw):
        assert guards_of(held, withdraw=withdraw + 1)


@given(held=st.integers(10, 10**6))
def test_a_partner_never_loses_everything_unseen(held: int) -> None:
    assert guards_of(held, withdraw=held) == ["withdraw"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"withdrawn": {}},
            r"guards.withdrawn: unknown guard; did you mean withdraw\?; known are withdraw, create",
        ),
        ({"withdraw": {"percent": 10}}, "guards.withdraw.percent: unknown setting; a map of share, rows"),
        ({"withdraw": {"share": "10%"}}, "guards.withdraw.share: a number"),
        ([], "guards: a map"),
    ],
)
def test_a_wrong_guard_setting_is_named(settings: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        limits(settings)


def test_a_setting_changes_one_number_and_leaves_the_others() -> None:
    changed = limits({"withdraw": {"rows": 3}})["withdraw"]
    assert (changed.rows, changed.share) == (3, 0.10)


@pytest.mark.parametrize(
    ("arrived", "in_mart", "onboarded"), [(9, 10, True), (89, 100, False), (1, 472, False), (0, 0, False)]
)
def test_an_entity_is_onboarded_once_nine_of_ten_rows_are_at_the_partner(
    arrived: int, in_mart: int, onboarded: bool
) -> None:
    assert is_onboarded(arrived, in_mart) is onboarded


def planned(guards: list[str], **counts: int) -> PlanReport:
    held = tuple(
        GuardLine(partner="etg24", guard=name, entity="einheiten", message="", rows=()) for name in guards
    )
    return PlanReport(
        plan_id="abc",
        plan=(PlanCounts("etg24", "einheiten", **counts),),
        failures=(),
        guards=held,
        warnings=(),
        renumbered=(),
    )


def test_a_plan_invites_to_push_it_unless_it_is_empty_or_a_guard_holds_it() -> None:
    assert invitation(planned([], update=1)) == (
        "Plan abc: push exactly this with `stammdaten push --plan abc`."
    )
    assert invitation(planned([], unchanged=7)) == "Plan abc is empty: there is nothing to push."
    assert invitation(planned(["withdraw"], withdraw=30)) == ""
