"""How long work tells how far it is: what is being done, how many are done, of how many."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
