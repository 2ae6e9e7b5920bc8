"""How the process of a customer asks for leave to send: limits of a partner are those of all customers together."""

import math
import queue
import threading
import time
from contextlib import suppress
from itertools import count
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

from pipelines.api.http.limiter import PartnerStopped, Reply, Ticket, share
from pipelines.contract.contract import Limits

# Seconds between two looks at whether what is waited for is still wanted.
LULL = 0.2


class Line:
    """The pipe to the worker, for all threads of this process."""

    def __init__(self, pipe: Connection):
        self._pipe, self._lock, self._numbers = pipe, threading.Lock(), count(1)
        self._waiting: dict[int, queue.SimpleQueue[Ticket | str]] = {}
        self._reader: threading.Thread | None = None
        # How far this clock is before the one of whoever gives leave, and the least that an answer takes.
        self._ahead = math.inf

    def send(self, *said: Any) -> None:
        """Tells the worker; that it is gone ends this process elsewhere."""
        with self._lock, suppress(OSError):
            self._pipe.send(said)

    def begin(self, partner: str, limits: Limits) -> tuple[int, "queue.SimpleQueue[Ticket | str]"]:
        """Asks for leave: the number of the question, and where the answer comes."""
        number, answer = next(self._numbers), queue.SimpleQueue[Ticket | str]()
        with self._lock:
            self._waiting[number] = answer
            if self._reader is None:
                self._reader = threading.Thread(target=self._read, daemon=True)
                self._reader.start()
        self.send("turn", number, partner, limits)
        return number, answer

    def forget(self, number: int) -> bool:
        """Nobody waits for that answer any more; False where it has come already."""
        with self._lock:
            return self._waiting.pop(number, None) is not None

    def until(self, ticket: Ticket) -> float:
        """Seconds until leave begins."""
        return max(0.0, ticket.sent_at + self._ahead - time.monotonic())

    def _read(self) -> None:
        with suppress(OSError, EOFError):
            while True:
                number, partner, (found, there) = self._pipe.recv()
                with self._lock:
                    if isinstance(found, Ticket):
                        self._ahead = min(self._ahead, time.monotonic() - there)
                    waiting = self._waiting.pop(number, None)
                if waiting is not None:
                    waiting.put(found)
                elif isinstance(found, Ticket):
                    self.send("back", partner, found)


class SharedTurns:
    """The limiter of a partner, kept where all customers ask. What is stopped here is stopped for this one alone."""

    def __init__(self, line: Line, partner: str, limits: Limits):
        self._line, self._partner, self._limits = line, partner, limits
        self._ended = threading.Event()
        self.stopped: str | None = None
        self.failures = 0

    def enter(self) -> Ticket:
        """Returns when a request may go. Raises `PartnerStopped` when none may go in this run any more."""
        self._check()
        number, answer = self._line.begin(self._partner, self._limits)
        while True:
            try:
                found = answer.get(timeout=LULL)
            except queue.Empty:
                if self.stopped and self._line.forget(number):
                    self._check()
                continue
            if isinstance(found, str):
                self.stop(found)
            elif self.stopped:
                self.give_back(found)
            else:
                time.sleep(self._line.until(found))
                return found
            self._check()

    def leave(self, ticket: Ticket, reply: Reply, last: str = "") -> None:
        """Notes how a request ended; `last` says it in words."""
        self.failures = self.failures + 1 if reply.failed else 0
        self._line.send("done", self._partner, ticket, reply, last)

    def give_back(self, ticket: Ticket) -> None:
        """Takes back leave that was not used."""
        self._line.send("back", self._partner, ticket)

    def stop(self, why: str) -> None:
        """Lets nothing go any more. The first reason stays."""
        self.stopped = self.stopped or why
        self._ended.set()

    def rest(self, seconds: float) -> None:
        """Sleeps, but no longer than the partner is in use."""
        self._ended.wait(seconds)

    def _check(self) -> None:
        if self.stopped:
            raise PartnerStopped(self.stopped)


def ask(pipe: Connection) -> Line:
    """From now on connectors of this process ask there."""
    line = Line(pipe)
    share(
        lambda partner, address, limits: SharedTurns(line, f"{partner} at {urlsplit(address).netloc}", limits)
    )
    return line
