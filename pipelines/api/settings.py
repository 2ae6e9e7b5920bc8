"""What is set for one partner under `DESTINATION__<PARTNER>__…`, and the limits that follow from it."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pipelines.contract.contract import Contract, Limits, Patience
from pipelines.errors import SettingsError
from pipelines.settings import (
    check_credential,
    check_url,
    check_variable,
    config_value,
    is_loopback,
    setting_name,
)

# Numbers above 0 that change the pace.
LIMITS = ("per_second", "per_minute", "per_hour", "per_day", "longest_wait", "answer_mib")
PACE = (*LIMITS, "in_flight", "timeout")
# How files are handed over, where that is not as the contract says, and where answers to them lie.
INTAKE = {
    "intake": "How files go: `http`, `sftp`, `ftps`, `ftp`",
    "intake_url": "Folder that files are dropped into, such as `sftp://host/folder`",
    "intake_username": "Login of that server",
    "intake_password": "Its password",
    "intake_key_file": "SFTP: private key, instead of the password",
    "intake_known_hosts": "SFTP: servers that may be trusted",
    "intake_ca_file": "FTPS: certificates (PEM) that vouch for the server, instead of those of the machine",
    "confirmed_within": "Hours after which what was handed over and not confirmed counts as not done; `never`: nobody"
    " ever confirms it",
    "feedback_url": "Folder with feedback files of the partner: an address with the same login, or a local one",
}
# Where bytes of documents go.
CONTENT = {
    "content_hosts": "Hosts, beside those of contract.yaml, that documents may be sent to, separated by commas",
    "content_in_flight": "So many documents side by side",
    "content_seconds": "Seconds that one request with bytes may take; more for a slow storage or line",
}
INTAKE_DEFAULTS = {"intake_known_hosts": "~/.ssh/known_hosts", "confirmed_within": "48"}
NEVER = "never"
A_CENTURY = 24 * 36500
SECRET = ("intake_username", "intake_password")
# Seconds that a create in doubt is given.
WAITS = ("look_again", "absent_after")
ADDRESSES = ("base_url", "login_base_url")


def known_keys(contract: Contract) -> set[str]:
    """Names of everything that may be set below `DESTINATION__<PARTNER>__`."""
    batch = {"batch"} if takes_batches(contract) else set()
    own = {
        *contract.credentials,
        *contract.settings,
        *server_variables(contract),
        *intake_keys(contract),
        *content_keys(contract),
    }
    return {*ADDRESSES, "environment", *PACE, *WAITS, *own, *batch} - (
        set() if contract.login else {"login_base_url"}
    )


def takes_batches(contract: Contract) -> bool:
    """Whether several records may share a request."""
    return contract.protocol == "graphql" or any(entity.bulk for entity in contract.entities.values())


def partner_settings(contract: Contract) -> dict[str, str]:
    """Values of `DESTINATION__<PARTNER>__…`: address, credentials, server variables, limits, settings of its own.

    Raises `SettingsError` naming the first that is missing or wrong.
    """
    prefix = f"destination.{contract.partner}."
    values: dict[str, str] = dict(contract.settings)
    missing = []
    for key in contract.credentials:
        value = config_value(prefix + key)
        if value is None:
            missing.append(setting_name(prefix + key))
        else:
            values[key] = check_credential(prefix + key, value)
    if missing:
        raise SettingsError(
            f"{', '.join(missing)}: missing; set it in the environment or in .dlt/secrets.toml,"
            f" or switch {contract.partner} off (partners.{contract.partner}.aktiv: false)"
        )
    for key in ADDRESSES if contract.login else ADDRESSES[:1]:
        if address := config_value(prefix + key):
            values[key] = check_url(prefix + key, address)
    for key in ("environment", *server_variables(contract)):
        if (value := config_value(prefix + key)) is not None:
            values[key] = check_variable(prefix + key, value)
    for key in contract.settings:
        if (value := config_value(prefix + key)) is not None:
            values[key] = _own(contract, key, value)
    for key in intake_keys(contract):
        if (value := config_value(prefix + key)) is not None:
            values[key] = check_credential(prefix + key, value) if key in SECRET else value.strip()
    for key in content_keys(contract):
        if value := config_value(prefix + key):
            values[key] = _of_content(key, prefix + key, value)
    if intake_keys(contract):
        confirmed_within(contract)
    for key in PACE:
        if value := config_value(prefix + key):
            values[key] = _number(prefix + key, value)
    for key in WAITS:
        if value := config_value(prefix + key):
            values[key] = _seconds(prefix + key, value)
    if takes_batches(contract) and (value := config_value(prefix + "batch")):
        values["batch"] = _whole_number(prefix + "batch", value)
    return values


def intake_keys(contract: Contract) -> tuple[str, ...]:
    """Settings of how files are handed over; none for a partner that takes no files."""
    return tuple(INTAKE) if any(entity.openimmo for entity in contract.entities.values()) else ()


def content_keys(contract: Contract) -> tuple[str, ...]:
    """Settings of where bytes go; none for a partner that gets no documents."""
    return tuple(CONTENT) if any(entity.content for entity in contract.entities.values()) else ()


def reads_feedback(contract: Contract) -> bool:
    """Whether a folder is set in which the partner says what became of files."""
    key = "feedback_url"
    return key in intake_keys(contract) and bool(config_value(f"destination.{contract.partner}.{key}"))


def confirmed_within(contract: Contract) -> timedelta | None:
    """How long a partner may take to confirm what was handed over in a file; None: it never does.

    Raises `SettingsError` for what is neither a number of hours above 0 nor `never`.
    """
    key = f"destination.{contract.partner}.confirmed_within"
    value = (config_value(key) or INTAKE_DEFAULTS["confirmed_within"]).strip()
    if value.casefold() == NEVER:
        return None
    hours = float(_number(key, value, f"(hours), or {NEVER}"))
    return timedelta(hours=min(hours, A_CENTURY))


def server_variables(contract: Contract) -> list[str]:
    """Names of what varies in the partner's address."""
    return sorted({name for server in contract.document["servers"] for name in server.get("variables", {})})


def effective_limits(contract: Contract, settings: Mapping[str, str]) -> Limits:
    """Limits of the contract, lowered or raised by settings.

    A rate that we only assume is courtesy towards the partner's own hosts; it does not slow a server on this machine.
    """
    limits = contract.limits
    if is_loopback(contract.base_url(settings)) and limits.confidence == "assumed":
        limits = replace(limits, per_second=None, per_minute=None, per_hour=None, per_day=None)
    given: dict[str, Any] = {k: float(settings[k]) for k in LIMITS if k in settings}
    in_flight = int(float(settings["in_flight"])) if "in_flight" in settings else limits.in_flight
    return replace(limits, in_flight=in_flight or 1, **given)


def effective_patience(contract: Contract, settings: Mapping[str, str]) -> Patience:
    """How long a create without an answer is waited for: as the contract says, or as is set."""
    given = {key: float(settings[key]) for key in ("look_again", "absent_after") if key in settings}
    return replace(contract.patience, **given)


def with_settings(value: Any, settings: Mapping[str, str]) -> Any:
    """A constant of the contract with the settings that it names in braces filled in."""
    if isinstance(value, Mapping):
        return {name: with_settings(part, settings) for name, part in value.items()}
    if isinstance(value, list):
        return [with_settings(part, settings) for part in value]
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda name: settings.get(name[1], name[0]), value)
    return value


def _own(contract: Contract, key: str, given: str) -> str:
    setting = contract.own_settings[key]
    value = setting.read(given)
    if value is None:
        note = f" ({setting.note})" if setting.note else ""
        raise SettingsError(
            f"{setting_name(f'destination.{contract.partner}.{key}')} is {given!r}; allowed: {setting.choice}{note}"
        )
    return value


def _of_content(name: str, key: str, value: str) -> str:
    if name == "content_in_flight":
        return _whole_number(key, value)
    return _number(key, value, "(seconds)") if name == "content_seconds" else value


def _number(key: str, value: str, more: str = "") -> str:
    try:
        if 0 < float(value) < math.inf:
            return value
    except ValueError:
        pass
    raise SettingsError(f"{setting_name(key)}: a number above 0 is needed{f' {more}' if more else ''}")


def _seconds(key: str, value: str) -> str:
    try:
        if 0 <= float(value) < math.inf:
            return value
    except ValueError:
        pass
    raise SettingsError(f"{setting_name(key)}: seconds are needed, 0 or more")


def _whole_number(key: str, value: str) -> str:
    if not value.isdecimal() or not int(value):
        raise SettingsError(f"{setting_name(key)}: a whole number of at least 1 is needed")
    return value
