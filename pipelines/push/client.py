"""HTTP to one partner: limits, retries, login. Knows nothing of plans or marts."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from pipelines.push.contract import Limits

TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
TRIES = 5
TIMEOUT = (10, 120)
FAILURES_IN_A_ROW = 20


class PartnerStopped(Exception):
    """This partner gets nothing more in this run; the message says why.

    `lost` means that the request under way may have been processed all the same.
    """

    def __init__(self, why: str, lost: bool = False):
        super().__init__(why)
        self.lost = lost


@dataclass(frozen=True)
class Answer:
    """What came back in the end. `lost` means that an earlier try may have been processed all the same."""

    status: int | None
    body: Any
    headers: Mapping[str, str]
    requests: int
    lost: bool = False
    problem: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the partner accepted the request."""
        return self.status is not None and 200 <= self.status < 300


class Limiter:
    """Spaces requests so that no limit of the partner is passed, and holds all of them while it asks to wait."""

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        gaps = [1 / limits.per_second] if limits.per_second else []
        gaps += [60 / limits.per_minute] if limits.per_minute else []
        gaps += [86400 / limits.per_day] if limits.per_day else []
        self._gap = max(gaps, default=0.0)
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Returns when the next request may go."""
        while True:
            with self._lock:
                now = self._clock()
                if now >= self._next:
                    self._next = max(self._next, now) + self._gap if self._gap else self._next
                    return
                pause = self._next - now
            self._sleep(pause)

    def hold(self, seconds: float) -> None:
        """Lets nothing go for so long."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)


def pause_before(attempt: int, luck: float) -> float:
    """Seconds before the next try: doubled each time, at most a minute, jittered by `luck` in [0, 1)."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt) * (0.5 + luck / 2))


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, given as seconds or as a date; None without a readable one."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - now).total_seconds())


class Client:
    """Requests to one partner, with its login on each. Safe to use from several threads.

    `login` returns the headers that identify us and the moment (epoch seconds) they run out, or None for never.
    """

    def __init__(
        self,
        partner: str,
        base_url: str,
        limits: Limits,
        login: Callable[["Client"], tuple[dict[str, str], float | None]],
        headers: Mapping[str, str] | None = None,
    ):
        self.partner = partner
        self.base_url = base_url
        self._login = login
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._limiter = Limiter(limits)
        self._auth: dict[str, str] | None = None
        self._expires: float | None = None
        self._auth_lock = threading.Lock()
        self._failures = 0
        self._session = requests.Session()
        size = max(limits.in_flight or 1, 1)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=size))
        self.stopped: str | None = None

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool = True,
    ) -> Answer:
        """Sends one request, with login, limits and retries, and returns the last answer.

        `repeat=False` is for a create: it is not sent again once the partner may have processed it.
        Raises `PartnerStopped` when the login is refused or the partner has failed too often in a row.
        """
        renewed = False
        attempt = sent = 0
        while True:
            auth = self._authorised()
            answer = self.send(method, path, body, query, {**auth, **(headers or {})})
            sent += 1
            if answer.status == 401 and not renewed:
                renewed = True
                self._forget(auth)
                continue
            if answer.status == 401:
                self._stop("the partner refused the login (401); check the credentials")
            if answer.status is not None and answer.status not in TRANSIENT:
                self._failures = 0
                return self._counted(answer, sent)
            wait = retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
            if answer.status == 429 and wait is not None:
                # Being asked to wait is no failure and uses up no try.
                self._limiter.hold(wait)
                continue
            may_have_arrived = answer.status != 429 and answer.problem != "refused"
            self._fail(may_have_arrived)
            attempt += 1
            if attempt >= TRIES or (may_have_arrived and not repeat):
                return self._counted(answer, sent, lost=may_have_arrived)
            if wait is not None:
                self._limiter.hold(wait)
            time.sleep(pause_before(attempt - 1, random.random()))

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends one request once, without login and without retries."""
        self._limiter.wait()
        try:
            response = self._session.request(
                method,
                self.base_url + path,
                json=body,
                params=query,
                headers={**self._headers, **(headers or {})},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.exceptions.ConnectTimeout:
            return Answer(None, None, {}, 1, problem="refused")
        except requests.exceptions.ConnectionError as problem:
            return Answer(None, None, {}, 1, problem="refused" if _never_sent(problem) else "broken")
        except requests.exceptions.RequestException:
            return Answer(None, None, {}, 1, problem="broken")
        return Answer(response.status_code, _parsed(response), response.headers, 1)

    def stop_for_login(self, status: int | None) -> None:
        """Ends this partner because logging in did not work."""
        seen = f"answered {status}" if status else "gave no answer"
        self._stop(f"the login {seen}; check the credentials and the address")

    def _authorised(self) -> dict[str, str]:
        with self._auth_lock:
            if self.stopped:
                raise PartnerStopped(self.stopped)
            if self._auth is None or (self._expires is not None and time.time() > self._expires - 30):
                self._auth, self._expires = self._login(self)
            return self._auth

    def _forget(self, auth: dict[str, str]) -> None:
        with self._auth_lock:
            if self._auth is auth:
                self._auth = None

    def _fail(self, may_have_arrived: bool) -> None:
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            self._stop(f"{self._failures} requests in a row failed; given up for this run", may_have_arrived)

    def _stop(self, why: str, lost: bool = False) -> None:
        self.stopped = why
        raise PartnerStopped(why, lost)

    def _counted(self, answer: Answer, sent: int, lost: bool = False) -> Answer:
        return Answer(answer.status, answer.body, answer.headers, sent, lost, answer.problem)


def _never_sent(problem: requests.exceptions.ConnectionError) -> bool:
    """Whether the connection was never made, so that the partner cannot have seen the request."""
    return "NewConnectionError" in repr(problem) or "NameResolutionError" in repr(problem)


def _parsed(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
