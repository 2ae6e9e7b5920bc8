"""The settings below `[alerts]`: who is told, and from which share of rows on."""

import logging
import math
import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from pipelines.commands.known_settings import THRESHOLDS, keys_in_files
from pipelines.errors import SettingsError
from pipelines.history.due import GRACE
from pipelines.settings import checked_text, config_value, setting_name

TARGETS = "alerts.targets"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
WHERE = "set it in .dlt/secrets.toml or the environment"


@dataclass(frozen=True)
class Thresholds:
    """From how many percent on a share of rows is worth a message, and of how many rows at least."""

    rejected_percent: float = 5
    held_percent: float = 5
    dropped_percent: float = 20
    least_rows: int = 20
    # `partner` or `partner.entity` → name of a threshold → percent.
    own: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def of(self, name: str, partner: str, entity: str) -> float:
        """A threshold for an entity: its own, else that of its partner, else that of all."""
        for place in (f"{partner}.{entity}", partner):
            if name in self.own.get(place, {}):
                return self.own[place][name]
        return float(getattr(self, name))


@dataclass(frozen=True)
class AlertSettings:
    """`targets`: name → apprise URL, which is a credential. `name` says in each message which installation speaks."""

    targets: Mapping[str, str] = field(default_factory=dict, repr=False)
    name: str = ""
    grace: timedelta = GRACE
    timeout: float = 20
    thresholds: Thresholds = Thresholds()
    # Targets whose setting is wrong → why, without its value.
    wrong: Mapping[str, str] = field(default_factory=dict)


def check_alerts() -> None:
    """Raises `SettingsError` that names the first setting that is wrong, never the value of a target."""
    settings = read_alerts()
    for why in settings.wrong.values():
        raise SettingsError(why)


def read_alerts() -> AlertSettings:
    """The settings; a target that is no address of apprise is among the wrong ones, and the others are used.

    Raises `SettingsError` for any other setting that is wrong.
    """
    targets: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name in _names():
        try:
            if url := _target(name):
                targets[name] = url
        except SettingsError as problem:
            wrong[name] = str(problem)
    return AlertSettings(
        targets=targets,
        name=_name(),
        grace=timedelta(minutes=_number("alerts.grace_minutes", GRACE.total_seconds() / 60, 0, 1440)),
        timeout=_number("alerts.timeout_seconds", 20, 1, 300),
        thresholds=_thresholds(),
        wrong=wrong,
    )


def _name() -> str:
    given = config_value("alerts.name") or socket.gethostname()
    if len(given) > 60:
        raise SettingsError("ALERTS__NAME: is longer than 60 signs; every message begins with it")
    return given


def _names() -> list[str]:
    """Names of targets, wherever they are set. Raises `SettingsError` for one that is no name."""
    start = f"{setting_name(TARGETS)}__"
    found = {name.removeprefix(start).lower(): name for name in os.environ if name.startswith(start)}
    for file, key in keys_in_files():
        if key == TARGETS:
            raise SettingsError(f".dlt/{file}: {TARGETS}: a section with a name for each target is needed")
        if key.startswith(f"{TARGETS}."):
            found.setdefault(key.removeprefix(f"{TARGETS}."), f".dlt/{file}: {key}")
    for name, where in found.items():
        if not NAME.fullmatch(name):
            raise SettingsError(
                f"{where}: no name of a target; small letters, digits and _ may stand there, as in alerts.targets.ops"
            )
    return sorted(found)


def _target(name: str) -> str | None:
    key = f"{TARGETS}.{name}"
    url = config_value(key)
    if url is None:
        return None
    if not _is_address(checked_text(key, url)):
        raise SettingsError(
            f"{setting_name(key)}: is no address that apprise knows, or lacks a part; its form stands at"
            f" https://github.com/caronc/apprise/wiki; {WHERE}"
        )
    return url


def _is_address(url: str) -> bool:
    with without_logs():
        from apprise import Apprise

        with suppress(Exception):  # a plugin that stumbles over what is no address of its own
            return "://" in url and Apprise.instantiate(url) is not None
    return False


@contextmanager
def without_logs() -> Iterator[None]:
    """Nothing of apprise reaches a log: it quotes addresses, and they are credentials."""
    log = logging.getLogger("apprise")
    former = log.disabled, log.propagate
    log.disabled, log.propagate = True, False
    try:
        yield
    finally:
        log.disabled, log.propagate = former


def _thresholds() -> Thresholds:
    start, own = "alerts.", dict[str, dict[str, float]]()
    keys = {name.lower().replace("__", ".") for name in os.environ if name.startswith("ALERTS__")}
    for key in sorted(keys | {key for _, key in keys_in_files() if key.startswith(start)}):
        place, _, name = key.removeprefix(start).rpartition(".")
        if place and name in THRESHOLDS and not key.startswith(f"{TARGETS}."):
            own.setdefault(place, {})[name] = _number(key, 0, 0, 100)
    given = {
        name: _number(f"alerts.{name}", getattr(Thresholds, name), 0, 100)
        for name in (*THRESHOLDS, "dropped_percent")
    }
    least = int(_number("alerts.least_rows", Thresholds.least_rows, 1, 1_000_000))
    return Thresholds(**given, least_rows=least, own=own)


def _number(key: str, default: float, least: float, most: float) -> float:
    """A number in its bounds. Raises `SettingsError` that names the setting."""
    given = config_value(key)
    if given is None:
        return default
    with suppress(ValueError):
        number = float(given)
        if math.isfinite(number) and least <= number <= most:
            return number
    raise SettingsError(f"{setting_name(key)}: a number from {least:g} to {most:g} is needed")
