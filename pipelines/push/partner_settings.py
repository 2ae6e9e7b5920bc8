"""What is set for one partner under `DESTINATION__<PARTNER>__…`, and the limits that follow from it."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipelines.errors import SettingsError
from pipelines.push.contract import Contract, Limits
from pipelines.settings import check_url, check_variable, config_value, is_loopback, setting_name

LIMITS = ("per_second", "per_minute", "per_hour", "per_day", "longest_wait", "answer_mib")


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
            values[key] = value
    if missing:
        raise SettingsError(
            f"{', '.join(missing)}: missing; set it in the environment or in .dlt/secrets.toml,"
            f" or switch {contract.partner} off (partners.{contract.partner}.aktiv: false)"
        )
    if base_url := config_value(prefix + "base_url"):
        values["base_url"] = check_url(prefix + "base_url", base_url)
    for key in ("environment", *server_variables(contract)):
        if (value := config_value(prefix + key)) is not None:
            values[key] = check_variable(prefix + key, value)
    for key in contract.settings:
        if (value := config_value(prefix + key)) is not None:
            values[key] = value
    for key in (*LIMITS, "in_flight", "timeout"):
        if value := config_value(prefix + key):
            values[key] = _number(prefix + key, value)
    if contract.protocol == "graphql" and (value := config_value(prefix + "batch")):
        values["batch"] = _whole_number(prefix + "batch", value)
    return values


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


def with_settings(value: Any, settings: Mapping[str, str]) -> Any:
    """A constant of the contract with the settings that it names in braces filled in."""
    if isinstance(value, Mapping):
        return {name: with_settings(part, settings) for name, part in value.items()}
    if isinstance(value, list):
        return [with_settings(part, settings) for part in value]
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda name: settings.get(name[1], name[0]), value)
    return value


def _number(key: str, value: str) -> str:
    try:
        if 0 < float(value) < math.inf:
            return value
    except ValueError:
        pass
    raise SettingsError(f"{setting_name(key)}: a number above 0 is needed")


def _whole_number(key: str, value: str) -> str:
    if not value.isdecimal() or not int(value):
        raise SettingsError(f"{setting_name(key)}: a whole number of at least 1 is needed")
    return value
