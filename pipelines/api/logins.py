"""What the answers to logins hold: tokens and when they run out, checked before they are used."""

import base64
import math
import time
from collections.abc import Iterable, Mapping
from datetime import datetime

from pipelines.api.http.client import Answer, Client, Credentials
from pipelines.api.protocols.answers import tells_errors
from pipelines.api.settings import with_settings
from pipelines.contract.contract import Contract, dig
from pipelines.errors import SettingsError
from pipelines.settings import setting_name

LONGEST_TOKEN = 16_384
A_MINUTE, AN_HOUR, TEN_YEARS = 60.0, 3600.0, 10 * 366 * 86_400.0


def log_in(client: Client, contract: Contract, settings: Mapping[str, str]) -> Credentials:
    """A bearer token, as `x-partner.login` says: until the lifetime that is told, else for the one assumed there.

    Stops the partner where the login fails. Raises `SettingsError` for a user that Basic cannot carry.
    """
    login = contract.login
    assert login is not None  # noqa: S101
    fields = with_settings(login.fields, settings)
    headers = (
        {"Authorization": _basic(contract, *(settings[name] for name in login.basic))} if login.basic else {}
    )
    body, form = (None, fields) if login.is_form else (fields, None)
    answer = client.send("post", contract.login_url(settings), body, headers=headers, form=form)
    token = token_of(client, answer, login.token)
    until = expires_in(dig(answer.body, login.expires_in), login.lifetime)
    return Credentials({"Authorization": f"Bearer {token}"}, expires=until)


def _basic(contract: Contract, user: str, password: str) -> str:
    """The header of HTTP Basic (RFC 7617), in UTF-8."""
    if ":" in user:
        name = contract.login.basic[0] if contract.login else ""
        key = setting_name(f"destination.{contract.partner}.{name}")
        raise SettingsError(f"{key}: a colon cannot be part of it (HTTP Basic); copy it anew")
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def token_of(client: Client, answer: Answer, *paths: str) -> str:
    """The token at the first of these dotted paths that has one.

    A token is a text of printable ASCII, as it goes into a header. Stops the partner where there is none, or where the
    answer tells of errors.
    """
    is_login = answer.ok and not tells_errors(answer.body, [path.split(".")[0] for path in paths])
    found = usable(dig(answer.body, path) for path in paths) if is_login else None
    if found is None:
        client.stop_for_login(answer.status)
    return found or ""


def usable(values: Iterable[object]) -> str | None:
    """The first of some values that can be a token; None without one."""
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and 0 < len(value) <= LONGEST_TOKEN and _is_plain(value):
            return value
    return None


def expires_in(value: object, otherwise: float) -> float:
    """The moment (epoch seconds) that lies so many seconds ahead; `otherwise` where the value is no such number."""
    try:
        seconds = (
            float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
        )
    except (ValueError, OverflowError):
        seconds = 0.0
    return time.time() + (seconds if math.isfinite(seconds) and 0 < seconds <= TEN_YEARS else otherwise)


def expires_at(value: object, otherwise: float = AN_HOUR) -> float:
    """The moment (epoch seconds) of an ISO time stamp or a number; `otherwise` from now where it cannot be right."""
    now = time.time()
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            moment = float(value)
        else:
            moment = datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError, OSError):
        return now + otherwise
    return moment if now < moment <= now + TEN_YEARS else now + otherwise


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and bool(text.strip())
