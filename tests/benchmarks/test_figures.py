"""When a figure holds, and how growth is told from sizes."""

import pytest

from benchmarks.suite import Result, growth


def result(step: str, size: int, seconds: float, partners: int = 8) -> Result:
    return Result(step, size, seconds, 100.0, "something", 1.0, seconds, partners=partners)


@pytest.mark.parametrize(
    ("must", "ratio", "most_gb", "holds"),
    [
        ("≤ 1.3", 1.3, 0.0, True),
        ("≤ 1.3", 1.31, 0.0, False),
        ("≥ 0.8", 0.8, 0.0, True),
        ("≥ 0.8", 0.79, 0.0, False),
        ("", 99.0, 0.0, True),
        ("≤ 1.3", 1.0, 4.0, True),
        ("≤ 1.3", 1.0, 3.0, False),
        ("", 1.0, 3.0, False),
    ],
)
def test_a_figure_holds_on_the_right_side_of_its_bounds(
    must: str, ratio: float, most_gb: float, holds: bool
) -> None:
    assert Result("step", 1, 1.0, 3_500.0, "x", 1.0, ratio, must, most_gb=most_gb).holds is holds


def test_growth_is_held_against_the_size_and_the_worst_is_shown() -> None:
    rows = [result("load", 10, 1.0), result("load", 1_000, 150.0), result("load", 100, 5.0)]
    [line] = growth(rows)
    assert (line.step, line.size, line.ratio, line.holds) == ("growth of load", 1_000, 3.0, False)
    assert line.against_seconds == 50.0
    [line] = growth(rows[::2])
    assert (line.size, line.ratio, line.holds) == (100, 0.5, True)


def test_growth_compares_only_runs_of_the_same_partners() -> None:
    rows = [result("plan", 10, 1.0), result("plan", 100, 5.0), result("plan", 100, 99.0, partners=4)]
    assert [(line.partners, line.ratio) for line in growth(rows)] == [(8, 0.5)]
    assert list(growth(rows[1:])) == []
