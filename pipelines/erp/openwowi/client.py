"""The connection to OpenWOWI: login, API key, retries, and failures in words that hold no credentials."""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from pipelines.erp.openwowi.endpoints import Endpoint
from pipelines.errors import DeliveryError

SETTING = "SOURCES__ERP__OPENWOWI__"
MAX_LIMIT = 100
ATTEMPTS = 5
# Retry-After is obeyed up to this; no published limit asks for more.
LONGEST_PAUSE_SECONDS = 3600

Row = dict[str, Any]


class EndpointAbsentError(DeliveryError):
    """This OpenWOWI does not have an endpoint (HTTP 404)."""


@dataclass(frozen=True)
class Access:
    """How to get in; `root` is the address without `/openwowi/…`, without trailing slash."""

    root: str
    username: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)
    version: str = "v1.2"

    @property
    def address(self) -> str:
        """The address below which the endpoints lie."""
        return f"{self.root}/openwowi/{self.version}/"


class OpenWowiClient:
    """Reads lists page by page. Every failure is a `DeliveryError` that names endpoint, cause and remedy."""

    def __init__(self, access: Access, session: requests.Session):
        self._access = access
        self._login = _Login(self._log_in)
        self._rest = RESTClient(access.address, auth=self._login, session=session)
        self._session = session

    def pages(self, endpoint: Endpoint, first: int) -> Iterator[list[Row]]:
        """The pages of a list until an empty one; the first asks for `first` rows, the others for 100.

        Raises `EndpointAbsentError` for HTTP 404, and `DeliveryError` for everything else that is no list of rows.
        """
        try:
            for page in self._rest.paginate(
                endpoint.path,
                params=dict.fromkeys(endpoint.include, "true"),
                paginator=_Offsets(first),
                data_selector="$",
                allow_redirects=False,
            ):
                if page.response.status_code != 200 or not page.response.content.lstrip().startswith(b"["):
                    raise requests.JSONDecodeError("no list", "", 0)
                yield list(page)
            return
        except requests.RequestException as problem:
            failure = _failure(self._access, endpoint, problem)
        # Outside of the handler: nothing of the request may be chained to our error.
        raise failure

    @contextmanager
    def answer(self, endpoint: Endpoint) -> Iterator[requests.Response]:
        """One answer as it comes: its body is not read yet, and is not packed.

        Raises like `pages`, also while the body is read inside the block.
        """
        try:
            with self._session.get(
                self._access.address + endpoint.path,
                auth=self._login,
                stream=True,
                allow_redirects=False,
                headers={"Accept-Encoding": "identity"},
            ) as response:
                if response.status_code != 200:
                    raise requests.HTTPError(response=response)
                yield response
            return
        except requests.RequestException as problem:
            failure = _failure(self._access, endpoint, problem)
        except HTTPError:
            failure = _unreachable(self._access, requests.ConnectionError())
        raise failure

    def _log_in(self) -> str:
        """A fresh token; the refresh token is not used, one way in is enough."""
        where = f"OpenWOWI login at {self._access.root}/oauth2/token"
        try:
            response = self._session.post(
                f"{self._access.root}/oauth2/token",
                data={
                    "grant_type": "password",
                    "username": self._access.username,
                    "password": self._access.password,
                },
                allow_redirects=False,
            )
            status, token = response.status_code, _token(response)
        except requests.RequestException as problem:
            failure = _unreachable(self._access, problem)
        else:
            if status == 200 and token:
                return token
            failure = DeliveryError(
                f"{where}: refused (HTTP {status}); mend {SETTING}USERNAME or {SETTING}PASSWORD"
                if status in (400, 401, 403)
                else f"{where}: no token came (HTTP {status}); mend {SETTING}BASE_URL, or load again later"
            )
        raise failure


@contextmanager
def connected(access: Access, backoff_seconds: float = 1.0) -> Iterator[OpenWowiClient]:
    """A client whose connection and logging filter end with the block.

    HTTP 429 and 5xx and broken connections are tried five times in all, each pause twice as long as the one before,
    the first of `backoff_seconds`; `Retry-After` wins.
    """
    client = Client(
        raise_for_status=False,
        request_max_attempts=ATTEMPTS,
        request_backoff_factor=backoff_seconds,
        request_max_retry_delay=LONGEST_PAUSE_SECONDS,
    )
    with _no_key_in_logs(), client.session as session:
        session.mount(access.address, _KeyAdapter(access.api_key))
        yield OpenWowiClient(access, session)


class _Offsets(BasePaginator):  # type: ignore[misc]
    """Limit and offset without a total. Goes on by what came, so that a lower cap of the server skips nothing."""

    def __init__(self, first: int):
        super().__init__()
        self._limit, self._offset = first, 0

    def init_request(self, request: requests.Request) -> None:
        self.update_request(request)

    def update_state(self, response: requests.Response, data: list[Any] | None = None) -> None:
        came = len(data or [])
        self._limit, self._offset = MAX_LIMIT, self._offset + came
        self._has_next_page = came > 0

    def update_request(self, request: requests.Request) -> None:
        request.params = {**request.params, "limit": self._limit, "offset": self._offset}


class _Login(AuthBase):
    """A bearer token, asked for when it is first needed and once more when the server no longer takes it.

    All threads use the same one: a server may know one token of a user.
    """

    def __init__(self, log_in: Callable[[], str]):
        self._log_in = log_in
        self._lock = threading.Lock()
        self._header: str | None = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._other_than(None)
        request.register_hook("response", self._again)  # type: ignore[no-untyped-call]
        return request

    def _again(self, response: requests.Response, **kwargs: Any) -> requests.Response:
        if response.status_code != 401:
            return response
        response.close()
        refused = response.request.headers["Authorization"]
        response.request.headers["Authorization"] = self._other_than(refused)
        again: requests.Response = response.connection.send(response.request, **kwargs)
        return again

    def _other_than(self, refused: str | None) -> str:
        """The header with the token; a fresh one where it is the one that was refused."""
        with self._lock:
            if self._header == refused:
                self._header = f"Bearer {self._log_in()}"
            assert self._header is not None  # noqa: S101
            return self._header


class _KeyAdapter(HTTPAdapter):
    """Adds the API key on the wire only: no request object, no error and no log above holds it."""

    def __init__(self, api_key: str):
        super().__init__()
        self._api_key = api_key

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        keyed = request.copy()
        keyed.prepare_url(request.url, {"apiKey": self._api_key})
        response = super().send(keyed, *args, **kwargs)
        response.request, response.url = request, request.url or ""
        return response


@contextmanager
def _no_key_in_logs() -> Iterator[None]:
    """urllib3 logs every address with its query when somebody turns debugging on."""
    logger = logging.getLogger("urllib3.connectionpool")
    logger.addFilter(_redact)
    try:
        yield
    finally:
        logger.removeFilter(_redact)


def _redact(record: logging.LogRecord) -> bool:
    record.msg, record.args = re.sub(r"(?i)(apikey=)[^&\s\"]+", r"\1***", record.getMessage()), ()
    return True


def _token(response: requests.Response) -> str | None:
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        return None
    token = answer.get("access_token") if isinstance(answer, dict) else None
    return token if isinstance(token, str) and token.isprintable() and token.isascii() else None


def _failure(access: Access, endpoint: Endpoint, problem: requests.RequestException) -> DeliveryError:
    where = f"OpenWOWI {endpoint.path}"
    if isinstance(problem, requests.JSONDecodeError):
        return DeliveryError(
            f"{where}: the answer is no list of rows; mend {SETTING}BASE_URL or {SETTING}VERSION"
        )
    if not isinstance(problem, requests.HTTPError) or problem.response is None:
        return _unreachable(access, problem)
    status = problem.response.status_code
    leave_out = f", or leave {endpoint.table} out of {SETTING}TABLES" if endpoint.table else ""
    if status in (401, 403):
        return DeliveryError(
            f'{where}: reading is refused (HTTP {status}); grant the API key the right "{endpoint.right}" in WOWIPORT'
            f"{leave_out}"
        )
    if status == 404:
        return EndpointAbsentError(
            f"{where}: not there (HTTP 404); mend {SETTING}BASE_URL or {SETTING}VERSION"
        )
    if status == 429 or status >= 500:
        what = "too many requests" if status == 429 else "the server failed"
        return DeliveryError(
            f"{where}: {what} (HTTP {status}) {ATTEMPTS} times in a row; nothing was loaded, load again later"
        )
    return DeliveryError(f"{where}: refused (HTTP {status}); mend {SETTING}API_KEY or {SETTING}VERSION")


def _unreachable(access: Access, problem: requests.RequestException) -> DeliveryError:
    host = urlsplit(access.root).netloc
    if isinstance(problem, requests.exceptions.SSLError):
        return DeliveryError(
            f"OpenWOWI {host}: its certificate is not trusted; mend {SETTING}BASE_URL, or install the "
            "certificate of the company's proxy"
        )
    what = "did not answer in time" if isinstance(problem, requests.Timeout) else "cannot be reached"
    return DeliveryError(
        f"OpenWOWI {host} {what}; check {SETTING}BASE_URL or {SETTING}CUSTOMER, and the network; nothing was loaded"
    )
