"""Lists of a partner that does not tell the truth: what ends a paging, and what ends nothing."""

from typing import Any

import pytest

from pipelines.api.http.client import Answer
from pipelines.api.protocols.paging import Watch, is_last
from pipelines.api.protocols.protocol import LookupFailed, Page
from pipelines.contract.contract import Paging

BY_PAGE = Paging("page", default_size=20, total="total", total_pages="pages", max_size=100)


def answer(**body: Any) -> Answer:
    return Answer(200, body, {}, 1)


@pytest.mark.parametrize(
    ("body", "records", "shown", "wanted"),
    [
        ({"total": 100}, 100, 100, True),
        ({"total": 120}, 100, 100, False),
        # Fewer than were shown: no total that could be true.
        ({"total": 0}, 100, 100, False),
        ({"total": 1}, 100, 100, False),
        ({"total": -5}, 100, 100, False),
        ({"total": "y"}, 100, 100, False),
        # The partner gives pages of 50 where 100 were asked for.
        ({"total": 70}, 50, 50, False),
        ({"pages": 1}, 100, 100, True),
        ({"pages": 0}, 100, 100, False),
        ({"pages": 0}, 0, 0, True),
        ({}, 0, 300, True),
    ],
)
def test_a_total_is_believed_only_where_it_can_be_true(
    body: dict[str, Any], records: int, shown: int, wanted: bool
) -> None:
    assert is_last(BY_PAGE, answer(**body), 0, records, shown) is wanted


def test_pages_that_come_round_and_round_under_new_links_are_a_circle() -> None:
    watch = Watch()
    pages = [[{"id": f"{page}/{n}"} for n in range(5)] for page in range(4)]
    first = [watch.is_circle(page, "id") for page in pages]
    again = [watch.is_circle(page, "id") for page in pages]
    assert (first, again) == ([False] * 4, [False, False, True, True])


def test_a_page_that_holds_something_else_than_records_is_no_empty_page() -> None:
    with pytest.raises(LookupFailed) as failed:
        Page(answer(), None, None).known()
    assert failed.value.answer.problem == "unusable"
