"""What somebody may have meant by a name that is not known."""

import difflib
from collections.abc import Callable, Iterable


def did_you_mean(given: object, known: Iterable[str], written: Callable[[str], str] = str) -> str:
    """`; did you mean X?` for the closest known name, as `written` spells it; empty where nothing is close.

    Upper and lower case, `-` and `_` count as the same.
    """
    names = {_plain(name): name for name in known}
    close = difflib.get_close_matches(_plain(str(given)), names, n=1, cutoff=0.7)
    return f"; did you mean {written(names[close[0]])}?" if close else ""


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_")
