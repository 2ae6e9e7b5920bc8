"""Starts the processes of customers from one that has imported everything, and ends them."""

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from multiprocessing import connection
from typing import Any, Protocol

from pipelines.fleet.child import Work, perform

# Seconds between two looks at the clock, and at whether somebody asked to end.
LULL = 0.2
# Seconds that a process which was told to end gets for the requests under way.
GRACE = 300.0


class Died(Exception):
    """The process of a customer ended without a word, by a signal that nobody of us sent."""


class Desk(Protocol):
    """Whom the process of a customer asks for leave to send. No method waits."""

    def hear(self, said: tuple[Any, ...], tell: Callable[[Any], None]) -> None:
        """Something that the process said; `tell` answers it, at once or later, from any thread."""

    def tick(self) -> None:
        """The process lives."""

    def close(self) -> None:
        """It does not any more."""


def carry_out(
    work: Work,
    has_to_end: Callable[[], bool] = lambda: False,
    desk: Desk | None = None,
    keep: Callable[[], None] = lambda: None,
) -> Any:
    """What the process tells at its end: its exit status and its line. Raises `Died` where it did not get so far.

    `has_to_end` says when it is told to end, as by SIGTERM; so does a KeyboardInterrupt, which is raised again then.
    What `keep` raises ends it at once: it is called before anything that the process says is heard.
    """
    context = _context()
    ours, its = context.Pipe()
    process = context.Process(target=perform, args=(work, its), name=work.customer)
    process.start()
    its.close()
    told: Any = None
    lock = threading.Lock()

    def tell(answer: Any) -> None:
        with lock, suppress(OSError):  # it may have ended meanwhile
            ours.send(answer)

    interrupted: KeyboardInterrupt | None = None
    ends_at = float("inf")
    try:
        while told is None:
            try:
                ready = connection.wait([ours, process.sentinel], LULL)
                keep()
                if ours in ready:
                    try:
                        said = ours.recv()
                    except (EOFError, ConnectionResetError):  # the latter where it died with an answer unread
                        break
                    if said[0] == "ended":
                        told = said[1:]
                    elif desk:
                        desk.hear(said, tell)
                elif process.sentinel in ready:
                    break
                if desk:
                    desk.tick()
                if ends_at == float("inf") and has_to_end():
                    ends_at = time.monotonic() + GRACE
                    process.terminate()
            except KeyboardInterrupt as problem:
                interrupted, ends_at = problem, time.monotonic() + GRACE
                process.terminate()
            if time.monotonic() > ends_at:
                break
        process.join(GRACE if told else LULL)
    finally:
        # Whatever happened, it does not outlive this call.
        if process.is_alive():
            process.kill()
        process.join()
        with lock:
            ours.close()
        if desk:
            desk.close()
    if interrupted:
        raise interrupted
    if told is None:
        raise Died(f"{work.customer}: its process ended without a word ({_how(process.exitcode)})")
    return told


def _how(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"


@cache
def _context() -> Any:
    """The one from which processes are forked. It is started once, and ends with this process."""
    # What calls us is no program of ours, and no child needs it again.
    with suppress(AttributeError):
        del sys.modules["__main__"].__file__
    # pyarrow's allocator would have a thread by then.
    os.environ["JE_ARROW_MALLOC_CONF"] = "background_thread:false"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipelines.fleet.warm"])
    return context
