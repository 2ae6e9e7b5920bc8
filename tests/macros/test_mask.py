from collections.abc import Callable
from typing import Any


def test_letters_and_digits_are_masked_and_the_shape_stays(evaluate: Callable[..., list[Any]]) -> None:
    values = ["Müller-7@Bad Ö.de", "k.A.", "²٣ ёж", "", None]

    assert evaluate("{{ mask('wert') }}", values) == ["xxxxxx-9@xxx x.xx", "x.x.", "99 xx", "", None]
