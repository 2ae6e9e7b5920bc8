"""SIGINT, SIGTERM and SIGHUP: what is under way comes to its end; a second signal ends at once.

Outside of `finishing` the main thread gets an `Interrupted`, as by Ctrl-C. Inside, nothing is raised: partners get no
further request, and the block goes on to its own end, so that answers that come back are not lost.
"""

import os
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WHY = "interrupted"
WITH_PARTNERS = "finishing the requests under way, then noting what came of them"


class Interrupted(KeyboardInterrupt):
    """Somebody asked this run to end; libraries clean up as after Ctrl-C."""


class _State:
    def __init__(self) -> None:
        self.received: int | None = None
        self.ending = ""
        self.was_sending = False
        self.stops: list[weakref.WeakMethod[Callable[[str], None]]] = []


_state = _State()


@contextmanager
def handled() -> Iterator[None]:
    """Takes signals inside the `with`; one that is ignored (`nohup`) stays so. For the main thread only.

    What came is told by `exit_code` until the end of the `with`.
    """
    global _state
    # dlt would take signals for itself.
    os.environ.setdefault("RUNTIME__INTERCEPT_SIGNALS", "false")
    _state = _State()
    former = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in former.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _receive)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        _state = _State()


@contextmanager
def finishing(how: str) -> Iterator[None]:
    """A block in which requests go to partners: it is never broken off, but told to end soon. `how` says it ends."""
    former, _state.ending = _state.ending, how
    _state.was_sending = True
    try:
        yield
    finally:
        _state.ending = former


def at_interrupt(stop: Callable[[str], None]) -> None:
    """Calls the method `stop` with the reason when a signal comes; at once when one has come. Keeps no object alive."""
    _state.stops.append(weakref.WeakMethod(stop))
    if _state.received is not None:
        stop(WHY)


def exit_code() -> int | None:
    """128 and the number of the signal that came; None without one."""
    return None if _state.received is None else 128 + _state.received


def was_sending() -> bool:
    """Whether requests that change something may have gone to a partner."""
    return _state.was_sending


def clear() -> None:
    """The signal was the usual way to end, as for a server."""
    _state.received = None


def _receive(number: int, frame: FrameType | None) -> None:
    if _state.received is not None:
        _write("ended at once; what is open is settled by the next run")
        os._exit(128 + number)
    _state.received = number
    _write(f"{WHY}: {_state.ending or 'ending'}; a second signal ends at once")
    # In a thread: the one that was interrupted may hold a lock that a stop needs.
    threading.Thread(target=_stop_all, daemon=True).start()
    if not _state.ending:
        raise Interrupted


def _stop_all() -> None:
    for reference in list(_state.stops):
        if stop := reference():
            stop(WHY)


def _write(text: str) -> None:
    # Past all buffers and locks.
    with suppress(OSError):
        os.write(2, f"\n{text}\n".encode())
