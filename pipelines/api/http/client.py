"""HTTP to one partner: limits, retries, login. Knows nothing of plans or marts."""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ssl import SSLCertVerificationError
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    SSLError,
)

from pipelines import interrupt
from pipelines.api.http.bodies import Form, UnusableBody, read_body
from pipelines.api.http.channel import Channel, Oversized, Response, TooLate
from pipelines.api.http.limiter import PartnerStopped, Reply, Ticket, turns_of
from pipelines.api.http.retry import (
    TRIES,
    allowance,
    is_transient,
    may_have_arrived,
    pause_before,
    retry_after,
)
from pipelines.contract.contract import Limits
from pipelines.errors import ContentProblem, StammdatenError

__all__ = [
    "TRIES",
    "Answer",
    "Answered",
    "Client",
    "Credentials",
    "LoggedIn",
    "PartnerStopped",
    "pause_before",
]

CONNECT_TIMEOUT = 10.0
# What is said where a credential was refused; alerts know it by these words.
CHECK_CREDENTIALS = "check the credentials"
READ_TIMEOUT = 120.0
# A login that was taken before may have run out, and the next one too; a third that is refused is no accident.
LOGINS = 3
EXPIRED_IN_A_ROW = 3
# One request may be told so often to wait, while others go through.
MOST_WAITS = 50
PROBLEMS = {
    "refused": "no connection",
    "dns": "its name is unknown",
    "untrusted": "its certificate is not trusted",
    "timeout": "no answer in time",
    "broken": "the connection broke",
    "html": "a web page instead of data",
    "foreign": "a link to another address",
    "circle": "a link to a page that was there before, or pages that show nothing new",
    "cut": "a refusal in the middle of a list, or a list that changed each time it was read",
    "unusable": "an answer in another form than contract.yaml says",
    "errors": "errors in an answer that looks like a success",
}
Read = Callable[["Answer"], "Answer"]


@dataclass(frozen=True)
class Answer:
    """What came back in the end. `lost` means that a try may have been processed all the same.

    `status` is None without an answer of the API; `problem` then says why (a key of `PROBLEMS`). With a good status,
    `problem` says why it is not believed: `unusable` or `errors`. `form` tells a body that was empty, or no JSON.
    """

    status: int | None
    body: Any
    headers: Mapping[str, str]
    requests: int
    lost: bool = False
    problem: str | None = None
    form: Form = "json"

    @property
    def is_good(self) -> bool:
        """Whether the status is one of success, whatever the body says."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def ok(self) -> bool:
        """Whether the partner accepted the request, and said so in a way that can be believed."""
        return self.is_good and self.problem is None

    @property
    def failed(self) -> bool:
        """Whether there is no answer to go by, so that trying again may help."""
        return self.problem == "unusable" or is_transient(self.status)


@dataclass(frozen=True)
class Credentials:
    """What identifies us in each request: headers, query parameters; until when (epoch seconds; None: for ever).

    Query parameters are kept out of everything that is shown or kept, the address of a request among it.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    expires: float | None = None


NOBODY = Credentials()
# What a login returns; most need headers only.
LoggedIn = Credentials | tuple[dict[str, str], float | None]


@dataclass(frozen=True, eq=False)
class Login:
    """Credentials in force, and the moment (epoch seconds) from which they are to be renewed."""

    credentials: Credentials
    renew_at: float | None

    @property
    def is_over(self) -> bool:
        """Whether they have run out, as far as we were told."""
        return self.credentials.expires is not None and time.time() >= self.credentials.expires


@dataclass(frozen=True)
class Answered:
    """Of an answer what holds no value of anybody: its status, and the day and time that its header names."""

    status: int | None
    date: str | None


class Client:
    """Requests to one partner, with its login on each. Safe to use from several threads.

    `login` returns what identifies us. `timeout` is how long (seconds) an answer may take. `read` says what an answer
    means where its status does not (GraphQL tells of refused logins and limits in good answers). `on_trouble` is
    called after each failed request; `trouble` says then what is failing. `version_ended` is the status with which it
    answers under a version of its API that it has ended: then it gets nothing more.
    """

    def __init__(
        self,
        partner: str,
        base_url: str,
        limits: Limits,
        login: Callable[["Client"], LoggedIn],
        headers: Mapping[str, str] | None = None,
        timeout: float = READ_TIMEOUT,
        read: Read = lambda answer: answer,
        on_trouble: Callable[[], None] = lambda: None,
        version_ended: int | None = None,
    ):
        self.partner = partner
        self.base_url = base_url
        self._login = login
        self._read = read
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._limiter = turns_of(partner, base_url, limits)
        self._auth: Login | None = None
        self._proven: Login | None = None
        self._auth_lock = threading.Lock()
        self._expired = 0
        self._last: Answered | None = None
        self.on_trouble = on_trouble
        self._words = ""
        self._version_ended = version_ended
        largest = int(limits.answer_mib * 1024 * 1024)
        self._channel = Channel(base_url, limits.in_flight or 1, (CONNECT_TIMEOUT, timeout), largest)
        interrupt.at_interrupt(self.stop)

    @property
    def stopped(self) -> str | None:
        """Why this partner gets nothing more in this run, or None."""
        return self._limiter.stopped

    @property
    def trouble(self) -> str:
        """What has been failing of late, in words; empty when the last requests went well."""
        number = self._limiter.failures
        return f"{number} requests in a row: {self._words}" if number > 1 else ""

    def stop(self, why: str) -> None:
        """Lets no further request go; threads that wait for their turn get `PartnerStopped`."""
        self._limiter.stop(why)

    def rest(self, seconds: float) -> None:
        """Sleeps, but no longer than the partner is in use."""
        self._limiter.rest(seconds)

    def close(self) -> None:
        """Closes the connections."""
        self._channel.close()

    def log_in(self) -> Answered | None:
        """Logs in, and sends nothing else; what was answered, or None where a login is no request (a fixed token).

        Raises `PartnerStopped` when it is refused.
        """
        self._last = None
        self._authorised()
        return self._last

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool = True,
        read: Read | None = None,
        is_write: bool = False,
        seconds: float | None = None,
    ) -> Answer:
        """Sends one request, with login, limits and retries, and returns the last answer.

        `path` stands behind the base address; a link from `follow` is taken as it is.
        `repeat=False` is for a create: it is not sent again once the partner may have processed it.
        `read` says what an answer to this request means: one that is made unusable counts as a failure.
        `is_write`: failures count by themselves, so that look-ups that work do not hide them.
        `seconds`: how long an answer to this request may take, where that is not as for others.
        Raises `PartnerStopped` when the login is refused or the partner has failed too often in a row.
        """
        ask = _Ask(method, path, body, query, headers or {}, read, is_write, seconds=seconds)
        return self._until_answered(lambda: self._logged_in(ask), repeat)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends one request that may be repeated, with limits and retries but without login: the login itself.

        `path` may be a whole address: a login can live on another host. `form` is a body that is no JSON.
        """
        ask = _Ask(method, path, body, query, headers or {}, form=form)
        return self._until_answered(lambda: self._exchange(ask), repeat=True)

    def follow(self, link: str) -> str | None:
        """An absolute address for `call` out of a link that the partner gave; None when it leads elsewhere."""
        try:
            whole = urljoin(self.base_url + "/", link)
            return whole if _origin(whole) == _origin(self.base_url) and whole.isprintable() else None
        except ValueError:  # no address at all
            return None

    def stop_for_login(self, status: int | None) -> None:
        """Ends this partner because logging in did not work. Raises `PartnerStopped`."""
        seen = f"answered {status}" if status else "gave no answer"
        if status and 200 <= status < 300:
            seen += ", without a token that can be used"
        todo = (
            "try again later" if status and is_transient(status) else f"{CHECK_CREDENTIALS} and the address"
        )
        self.stop(f"the login {seen}; {todo}")
        raise PartnerStopped(self.stopped or "")

    def _until_answered(self, once: Callable[[], Answer], repeat: bool) -> Answer:
        attempt = waits = sent = 0
        lost = False
        while True:
            answer = once()
            sent += answer.requests
            if not answer.failed:
                # One that looks like a success and tells of errors may have been processed all the same.
                return replace(answer, requests=sent, lost=answer.problem == "errors" and not repeat)
            arrived = may_have_arrived(answer.status, answer.problem)
            lost = lost or arrived
            if self.stopped:
                raise PartnerStopped(self.stopped, lost)
            if arrived and not repeat:
                return replace(answer, requests=sent, lost=True)
            if _asks_to_wait(answer) and waits < MOST_WAITS:
                waits += 1
                continue  # the limiter keeps everybody waiting; that is no failure and uses up no try
            attempt += 1
            if attempt >= TRIES:
                return replace(answer, requests=sent, lost=lost)
            self._limiter.rest(pause_before(attempt - 1, random.random()))

    def _logged_in(self, ask: "_Ask") -> Answer:
        """The answer to one request, with a fresh login where the one in force has run out."""
        for number in range(1, LOGINS + 1):
            ticket, auth = self._turn()
            answer = self._exchange(ask, auth.credentials, ticket)
            if answer.status is not None and answer.status == self._version_ended:
                # It is the address that is gone, not a record: nothing is forgotten, and nothing made anew.
                self.stop(
                    f"it answers {answer.status}: the version in its address has ended;"
                    f" set DESTINATION__{self.partner.upper()}__VERSION to one that it has, once that was tested"
                )
                raise PartnerStopped(self.stopped or "")
            if answer.status != 401:
                self._proven, self._expired = auth, 0
                return replace(answer, requests=number)
            self._forget(auth)
            if number > 1 and self._proven is None:
                self.stop(f"the partner refused the login (401); {CHECK_CREDENTIALS}")
                raise PartnerStopped(self.stopped or "")
        self._expired += 1
        if self._expired >= EXPIRED_IN_A_ROW:
            self.stop(
                f"it refused {EXPIRED_IN_A_ROW} requests in a row with 401, each with fresh logins;"
                " given up for this run, ask the partner why its logins do not last"
            )
        return replace(answer, requests=LOGINS)

    def _turn(self) -> tuple[Ticket, Login]:
        """Leave to send, and credentials for it: a turn may be waited for longer than a short token lasts."""
        for _ in range(LOGINS):
            auth = self._authorised()
            ticket = self._limiter.enter()
            if not auth.is_over:
                break
            self._limiter.give_back(ticket)
        else:
            ticket = self._limiter.enter()
        return ticket, auth

    def _exchange(
        self, ask: "_Ask", credentials: Credentials = NOBODY, ticket: Ticket | None = None
    ) -> Answer:
        """One request, when the limiter lets it go."""
        ticket = ticket or self._limiter.enter()
        reply: Reply | None = Reply(failed=True, is_write=ask.is_write)
        words = "an error of ours"
        try:
            answer = self._read(self._request(ask, credentials))
            date = next((value for name, value in answer.headers.items() if name.lower() == "date"), None)
            self._last = Answered(answer.status, date)
            answer = ask.read(answer) if ask.read else answer
            reply, words = _reply(answer, ask.is_write), _in_words(answer)
            return answer
        except ContentProblem:
            # What was to be sent could not be read: that says nothing of the partner.
            reply = None
            raise
        finally:
            if reply is None:
                self._limiter.give_back(ticket)
            else:
                self._limiter.leave(ticket, reply, words)
            if reply and reply.failed:
                self._words = words
                self.on_trouble()

    def _request(self, ask: "_Ask", credentials: Credentials) -> Answer:
        try:
            response = self._channel.send(
                ask.method,
                self.base_url + ask.path if ask.path.startswith("/") else ask.path,
                ask.body,
                {**(ask.query or {}), **credentials.query},
                {**self._headers, **credentials.headers, **ask.headers},
                ask.form,
                ask.seconds,
            )
        except (requests.exceptions.ReadTimeout, TooLate):
            return Answer(None, None, {}, 1, problem="timeout")
        except Oversized:
            return Answer(None, None, {}, 1, problem="unusable")
        except requests.exceptions.ConnectionError as problem:
            return Answer(None, None, {}, 1, problem=_what_broke(problem))
        except requests.exceptions.RequestException:  # its text would name the address, and with it the query
            return Answer(None, None, {}, 1, problem="broken")
        except ValueError:  # an address or a header that cannot be written
            return Answer(None, None, {}, 1, problem="broken")
        return _answer(response)

    def _authorised(self) -> Login:
        """The login in force. One thread logs in, the others wait for it."""
        with self._auth_lock:
            if self.stopped:
                raise PartnerStopped(self.stopped)
            if self._auth is None or (self._auth.renew_at is not None and time.time() > self._auth.renew_at):
                began = time.time()
                found = self._log_in()
                given = found if isinstance(found, Credentials) else Credentials(found[0], {}, found[1])
                if not all(_can_be_sent(value) for value in given.headers.values()):
                    self.stop(f"the login holds characters that cannot be sent; {CHECK_CREDENTIALS}")
                    raise PartnerStopped(self.stopped or "")
                if given.query:
                    # This library writes whole addresses into its log of details.
                    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
                renew_at = None if given.expires is None else given.expires - _lead(given.expires - began)
                self._auth = Login(given, renew_at)
            return self._auth

    def _log_in(self) -> LoggedIn:
        """What the partner's own login returns; one that stumbles over an odd answer ends the partner."""
        try:
            return self._login(self)
        except (PartnerStopped, StammdatenError):
            raise
        except Exception as odd:  # out of a partner's file, which reads an answer from outside
            self.stop(f"the answer to the login cannot be read ({type(odd).__name__}); try again later")
            raise PartnerStopped(self.stopped or "") from None

    def _forget(self, auth: Login) -> None:
        with self._auth_lock:
            if self._auth is auth:
                self._auth = None


def _origin(address: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port; the port that a scheme stands for counts as named."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _lead(lifetime: float) -> float:
    """Seconds before its end at which a login is renewed: half a minute, less for a short one."""
    return min(30.0, max(0.0, lifetime) / 10)


def _asks_to_wait(answer: Answer) -> bool:
    return answer.status == 429 or retry_after(answer.headers, datetime.now(UTC)) is not None


def _reply(answer: Answer, is_write: bool) -> Reply:
    now = datetime.now(UTC)
    refused = answer.status == 429
    failed = answer.failed and not refused
    wait = retry_after(answer.headers, now) if refused or failed else None
    return Reply(refused, failed, wait, allowance(answer.headers, now), is_write)


def _in_words(answer: Answer) -> str:
    return PROBLEMS.get(answer.problem or "", f"status {answer.status}")


def _what_broke(problem: requests.exceptions.ConnectionError) -> str:
    """`refused` and `untrusted`: no connection was made, so that the partner cannot have seen the request."""
    cause = problem.args[0] if problem.args else None
    cause = getattr(cause, "reason", None) or cause
    if isinstance(cause, SSLError) and cause.args and isinstance(cause.args[0], SSLCertVerificationError):
        return "untrusted"
    if isinstance(cause, NameResolutionError):
        return "dns"
    return "refused" if isinstance(cause, NewConnectionError | ConnectTimeoutError | ProxyError) else "broken"


def _answer(response: Response) -> Answer:
    """Status, headers and body of an answer; a good one that cannot be read has a `problem`."""
    is_good = 200 <= response.status < 300
    kind = response.headers.get("Content-Type", "")
    try:
        form, body = read_body(response.content, kind)
    except UnusableBody:
        return Answer(
            response.status, None, response.headers, 1, problem="unusable" if is_good else None, form="other"
        )
    if is_good and form != "json" and "html" in kind:
        return Answer(None, None, response.headers, 1, problem="html", form=form)
    return Answer(response.status, body, response.headers, 1, form=form)


def _can_be_sent(value: str) -> bool:
    """Whether a text can stand in a header as it is."""
    return value.isprintable() and all(ord(letter) < 256 for letter in value)


@dataclass(frozen=True)
class _Ask:
    """One request, and what its answer means."""

    method: str
    path: str
    body: Any = field(repr=False)
    query: Mapping[str, Any] | None
    headers: Mapping[str, str] = field(repr=False)
    read: Read | None = None
    is_write: bool = False
    form: Mapping[str, str] | None = field(default=None, repr=False)
    seconds: float | None = None
