"""HTTP to one partner: limits, retries, login. Knows nothing of plans or marts."""

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from ssl import SSLCertVerificationError
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    SSLError,
)

from pipelines import interrupt
from pipelines.push.contract import Limits
from pipelines.push.limiter import Limiter, PartnerStopped, Reply
from pipelines.push.retry import TRIES, allowance, is_transient, may_have_arrived, pause_before, retry_after

__all__ = ["TRIES", "Answer", "Client", "Credentials", "LoggedIn", "PartnerStopped", "pause_before"]

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 120.0
PROBLEMS = {
    "refused": "no connection",
    "dns": "its name is unknown",
    "untrusted": "its certificate is not trusted",
    "timeout": "no answer in time",
    "broken": "the connection broke",
    "html": "a web page instead of data",
    "foreign": "a link to another address",
    "circle": "a link to a page that was there before",
}


@dataclass(frozen=True)
class Answer:
    """What came back in the end. `lost` means that an earlier try may have been processed all the same.

    `status` is None without an answer of the API; `problem` then says why (a key of `PROBLEMS`).
    """

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


class Connections(HTTPAdapter):
    """Open connections, found by their origin: requests would work out proxy and certificates for each request."""

    def __init__(self, size: int):
        super().__init__(pool_maxsize=size)
        self._pools: dict[tuple[str, str], Any] = {}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *given: Any, **named: Any
    ) -> Any:
        """The pool of connections that requests found for the first request to this origin."""
        parts = urlsplit(str(request.url))
        origin = parts.scheme, parts.netloc
        if origin not in self._pools:
            self._pools[origin] = super().get_connection_with_tls_context(request, *given, **named)
        return self._pools[origin]


class Channel:
    """Connections to one partner, kept open. No cookies, no redirects, no .netrc; proxies of the environment are used.

    What a `requests.Session` merges anew for each request is settled once here: that is a fifth of a fast request.
    """

    def __init__(self, base_url: str, size: int, timeout: tuple[float, float]):
        self._adapter = Connections(size)
        self._timeout = timeout
        self._proxies = get_environ_proxies(base_url)
        self._verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True

    def send(
        self, method: str, address: str, body: Any, query: Mapping[str, Any], headers: Mapping[str, str]
    ) -> requests.Response:
        """One request and its whole answer. Raises the exceptions of requests."""
        prepared = requests.PreparedRequest()
        prepared.method = method.upper()
        prepared.url = _with_query(address, query) if query else _checked(address)
        prepared.prepare_headers(dict(headers))
        prepared.prepare_body(None, None, json=body)
        response = self._adapter.send(
            prepared, timeout=self._timeout, verify=self._verify, proxies=self._proxies
        )
        _ = response.content  # read to its end here, so that what breaks is raised here
        return response

    def close(self) -> None:
        """Closes the connections."""
        self._adapter.close()


class Client:
    """Requests to one partner, with its login on each. Safe to use from several threads.

    `login` returns what identifies us. `timeout` is how long (seconds) an answer may take. `read` says what an answer
    means where its status does not (GraphQL tells of refused logins and limits in good answers).
    """

    def __init__(
        self,
        partner: str,
        base_url: str,
        limits: Limits,
        login: Callable[["Client"], LoggedIn],
        headers: Mapping[str, str] | None = None,
        timeout: float = READ_TIMEOUT,
        read: Callable[[Answer], Answer] = lambda answer: answer,
    ):
        self.partner = partner
        self.base_url = base_url
        self._login = login
        self._read = read
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._limiter = Limiter(limits)
        self._auth: Login | None = None
        self._proven: Login | None = None
        self._auth_lock = threading.Lock()
        self._channel = Channel(base_url, limits.in_flight or 1, (CONNECT_TIMEOUT, timeout))
        interrupt.at_interrupt(self.stop)

    @property
    def stopped(self) -> str | None:
        """Why this partner gets nothing more in this run, or None."""
        return self._limiter.stopped

    def stop(self, why: str) -> None:
        """Lets no further request go; threads that wait for their turn get `PartnerStopped`."""
        self._limiter.stop(why)

    def rest(self, seconds: float) -> None:
        """Sleeps, but no longer than the partner is in use."""
        self._limiter.rest(seconds)

    def close(self) -> None:
        """Closes the connections."""
        self._channel.close()

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

        `path` stands behind the base address; a link from `follow` is taken as it is.
        `repeat=False` is for a create: it is not sent again once the partner may have processed it.
        Raises `PartnerStopped` when the login is refused or the partner has failed too often in a row.
        """

        def once() -> Answer:
            auth = self._authorised()
            answer = self._exchange(method, path, body, query, headers or {}, auth.credentials)
            if answer.status != 401:
                self._proven = auth
                return answer
            self._forget(auth)
            auth = self._authorised()
            again = self._exchange(method, path, body, query, headers or {}, auth.credentials)
            if again.status != 401:
                self._proven = auth
            elif self._proven is not auth:
                self.stop("the partner refused the login (401); check the credentials")
                raise PartnerStopped(self.stopped or "")
            return replace(again, requests=2)

        return self._until_answered(once, repeat)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends one request that may be repeated, with limits and retries but without login: the login itself."""
        return self._until_answered(
            lambda: self._exchange(method, path, body, query, headers or {}), repeat=True
        )

    def follow(self, link: str) -> str | None:
        """An absolute address for `call` out of a link that the partner gave; None when it leads elsewhere."""
        try:
            whole = urljoin(self.base_url + "/", link)
            return whole if _origin(whole) == _origin(self.base_url) else None
        except ValueError:  # no address at all
            return None

    def stop_for_login(self, status: int | None) -> None:
        """Ends this partner because logging in did not work. Raises `PartnerStopped`."""
        seen = f"answered {status}" if status else "gave no answer"
        todo = (
            "try again later" if status and is_transient(status) else "check the credentials and the address"
        )
        self.stop(f"the login {seen}; {todo}")
        raise PartnerStopped(self.stopped or "")

    def _until_answered(self, once: Callable[[], Answer], repeat: bool) -> Answer:
        attempt = sent = 0
        lost = False
        while True:
            answer = once()
            sent += answer.requests
            if not is_transient(answer.status):
                return replace(answer, requests=sent)
            arrived = may_have_arrived(answer.status, answer.problem)
            lost = lost or arrived
            if self.stopped:
                raise PartnerStopped(self.stopped, lost)
            if arrived and not repeat:
                return replace(answer, requests=sent, lost=True)
            if _asks_to_wait(answer):
                continue  # the limiter keeps everybody waiting; that is no failure and uses up no try
            attempt += 1
            if attempt >= TRIES:
                return replace(answer, requests=sent, lost=lost)
            self._limiter.rest(pause_before(attempt - 1, random.random()))

    def _exchange(
        self,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, Any] | None,
        headers: Mapping[str, str],
        credentials: Credentials = NOBODY,
    ) -> Answer:
        """One request, when the limiter lets it go."""
        ticket = self._limiter.enter()
        reply, words = Reply(failed=True), "an error of ours"
        try:
            answer = self._read(self._request(method, path, body, query, headers, credentials))
            reply, words = _reply(answer), PROBLEMS.get(answer.problem or "", f"status {answer.status}")
            return answer
        finally:
            self._limiter.leave(ticket, reply, words)

    def _request(
        self,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, Any] | None,
        headers: Mapping[str, str],
        credentials: Credentials,
    ) -> Answer:
        try:
            response = self._channel.send(
                method,
                self.base_url + path if path.startswith("/") else path,
                body,
                {**(query or {}), **credentials.query},
                {**self._headers, **credentials.headers, **headers},
            )
        except requests.exceptions.ReadTimeout:
            return Answer(None, None, {}, 1, problem="timeout")
        except requests.exceptions.ConnectionError as problem:
            return Answer(None, None, {}, 1, problem=_what_broke(problem))
        except requests.exceptions.RequestException:  # its text would name the address, and with it the query
            return Answer(None, None, {}, 1, problem="broken")
        if response.ok and _is_web_page(response):
            return Answer(None, None, response.headers, 1, problem="html")
        return Answer(response.status_code, _parsed(response), response.headers, 1)

    def _authorised(self) -> Login:
        """The login in force. One thread logs in, the others wait for it."""
        with self._auth_lock:
            if self.stopped:
                raise PartnerStopped(self.stopped)
            if self._auth is None or (self._auth.renew_at is not None and time.time() > self._auth.renew_at):
                began = time.time()
                found = self._login(self)
                given = found if isinstance(found, Credentials) else Credentials(found[0], {}, found[1])
                if given.query:
                    # This library writes whole addresses into its log of details.
                    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
                renew_at = None if given.expires is None else given.expires - _lead(given.expires - began)
                self._auth = Login(given, renew_at)
            return self._auth

    def _forget(self, auth: Login) -> None:
        with self._auth_lock:
            if self._auth is auth:
                self._auth = None


@lru_cache(maxsize=1024)
def _checked(address: str) -> str:
    """The address as it goes over the wire; most requests go to the same few."""
    return _with_query(address, {})


def _with_query(address: str, query: Mapping[str, Any]) -> str:
    prepared = requests.PreparedRequest()
    prepared.prepare_url(address, query)
    return str(prepared.url)


def _origin(address: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port; the port that a scheme stands for counts as named."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _lead(lifetime: float) -> float:
    """Seconds before its end at which a login is renewed: half a minute, less for a short one."""
    return min(30.0, max(0.0, lifetime) / 10)


def _asks_to_wait(answer: Answer) -> bool:
    return answer.status == 429 or retry_after(answer.headers, datetime.now(UTC)) is not None


def _reply(answer: Answer) -> Reply:
    now = datetime.now(UTC)
    refused = answer.status == 429
    failed = is_transient(answer.status) and not refused
    wait = retry_after(answer.headers, now) if refused or failed else None
    return Reply(refused, failed, wait, allowance(answer.headers, now))


def _what_broke(problem: requests.exceptions.ConnectionError) -> str:
    """`refused` and `untrusted`: no connection was made, so that the partner cannot have seen the request."""
    cause = problem.args[0] if problem.args else None
    cause = getattr(cause, "reason", None) or cause
    if isinstance(cause, SSLError) and cause.args and isinstance(cause.args[0], SSLCertVerificationError):
        return "untrusted"
    if isinstance(cause, NameResolutionError):
        return "dns"
    return "refused" if isinstance(cause, NewConnectionError | ConnectTimeoutError | ProxyError) else "broken"


def _is_web_page(response: requests.Response) -> bool:
    return "html" in response.headers.get("Content-Type", "") and _parsed(response) is None


def _parsed(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
