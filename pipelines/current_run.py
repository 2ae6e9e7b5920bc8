"""The run that this process is: its id, and what it tells of itself while it works. `history/` keeps that."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Notes = Callable[[str, dict[str, Any]], None]


class _State:
    def __init__(self) -> None:
        self.run_id: str | None = None
        self.notes: Notes = lambda *_: None


_state = _State()


@contextmanager
def known_as(run_id: str, notes: Notes) -> Iterator[None]:
    """Inside the `with` this process is the run of that id, and `notes` gets what it tells; it must not raise."""
    global _state
    former, _state = _state, _State()
    _state.run_id, _state.notes = run_id, notes
    try:
        yield
    finally:
        _state = former


def run_id() -> str:
    """The id of this run as `sync.runs` has it; where no run is recorded, a new one."""
    return _state.run_id or new_id()


def new_id() -> str:
    """An id that no other run has."""
    return uuid.uuid4().hex[:12]


def note(event: str, **values: Any) -> None:
    """Tells something of this run: counts, names of ours, never a value of a row."""
    _state.notes(event, values)


@contextmanager
def step(name: str) -> Iterator[None]:
    """A part of the run, with its seconds; one without them did not come to its end."""
    began = time.monotonic()
    note("step", name=name)
    yield
    note("step", name=name, seconds=round(time.monotonic() - began, 3))
