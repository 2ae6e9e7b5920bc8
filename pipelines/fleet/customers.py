"""Who the customers are: a folder of `*.toml`, one file each, or one table (TOML, CSV, Parquet).

What is wrong with one customer is a `Problem` of that one, and stops no other. Messages hold no value of a setting.
"""

import csv
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any

from pipelines.errors import SettingsError
from pipelines.fleet.secrets import KINDS, is_reference, is_secret
from pipelines.suggest import did_you_mean

KEYS = ("name", "folder", "home", "size", "deadline", "settings", "vars")
# Beside settings of ours, what a process may be told of its surroundings.
SURROUNDINGS = ("TZ", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
PREFIXES = ("DESTINATION__", "SOURCES__", "ALERTS__", "BACKUP__", "STAMMDATEN_")
# Where a home lies is said by `home` alone.
TAKEN = ("STAMMDATEN_HOME",)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
BUCKET = "s3://"
TABLES = (".toml", ".csv", ".parquet")
Json = dict[str, Any]


@dataclass(frozen=True)
class Customer:
    """A customer: `folder` has its settings as `stammdaten init` made it, `home` is a folder or an address (s3://…).

    `settings` are environment variables of its process; secrets among them are references. `size` is in units and only
    orders; `deadline` is the time of day, German time, by which its run has ended.
    """

    name: str
    folder: Path
    home: str
    source: str
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    size: int = 0
    deadline: time | None = None

    @property
    def is_remote(self) -> bool:
        """Whether the home lies in an object store."""
        return self.home.startswith(BUCKET)


@dataclass(frozen=True)
class Problem:
    """What keeps one customer from being run: its name, and a sentence with file and setting."""

    name: str
    text: str


def read_customers(path: Path) -> tuple[list[Customer], list[Problem]]:
    """All customers of a folder or table, and those that cannot be run.

    Raises `SettingsError` where the whole cannot be read, or has no customer.
    """
    found: dict[str, Customer | Problem] = {}
    several: list[Problem] = []
    for where, stem, given in _rows(path):
        one = given if isinstance(given, Problem) else _customer(where, stem, given, _base(path))
        if one.name in found:
            several.append(
                Problem(one.name, f"{where}: customer {one.name}: the name is taken by another one")
            )
        else:
            found[one.name] = one
    if not found:
        raise SettingsError(f"{path}: holds no customer; write one file NAME.toml each (docs/fleet.md)")
    customers = [one for one in found.values() if isinstance(one, Customer)]
    problems = [one for one in found.values() if isinstance(one, Problem)]
    homes = Counter(one.home for one in customers)
    for one in customers:
        if homes[one.home] > 1:
            text = f"{one.source}: customer {one.name}: home: another customer has {one.home}, too"
            problems.append(Problem(one.name, text))
    wrong = {one.name for one in problems + several}
    return [one for one in customers if one.name not in wrong], [*problems, *several]


def in_order(customers: list[Customer]) -> list[Customer]:
    """The order in which they begin: the earliest deadline first, then the largest: it decides when all is done."""
    return sorted(customers, key=lambda one: (_night(one.deadline), -one.size, one.name))


def _night(moment: time | None) -> tuple[bool, bool, time]:
    """Times of a night in their order: the evening comes before the morning, none at the end."""
    return moment is None, moment is None or moment < time(12), moment or time.max


def _base(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _rows(path: Path) -> Iterator[tuple[str, str, Json | Problem]]:
    """Where each customer stands, its name where it says none, and what is said of it."""
    try:
        if path.is_dir():
            for file in sorted(path.glob("*.toml")):
                yield str(file), file.stem, _single(file)
        elif path.suffix == ".toml":
            document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
            for number, row in enumerate(document.get("customers", ()), 1):
                yield f"{path} number {number}", f"number-{number}", dict(row)
        elif path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as opened:
                head = opened.readline()
                opened.seek(0)
                lines = csv.DictReader(opened, delimiter=";" if ";" in head else ",", strict=True)
                for row in lines:
                    yield f"{path} line {lines.line_num}", f"line-{lines.line_num}", _flat(row)
        elif path.suffix == ".parquet":
            from pyarrow import parquet

            for number, row in enumerate(parquet.read_table(path).to_pylist(), 1):
                yield f"{path} row {number}", f"row-{number}", _flat(row)
        else:
            raise SettingsError(f"{path}: is no folder, and no table ({', '.join(TABLES)})")
    except FileNotFoundError:
        raise SettingsError(f"{path}: is not there; name a folder of NAME.toml, or a table") from None
    except (OSError, ValueError, TypeError, csv.Error) as problem:
        raise SettingsError(f"{path}: cannot be read ({_said(problem)})") from None


def _single(file: Path) -> Json | Problem:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as problem:
        return Problem(file.stem, f"{file}: customer {file.stem}: cannot be read ({_said(problem)})")


def _said(problem: Exception) -> str:
    """What is wrong, without a line of the file."""
    if isinstance(problem, tomllib.TOMLDecodeError):
        place = re.search(r"\(at [^()]*\)", str(problem))
        return f"no TOML {place[0] if place else ''}".strip()
    return getattr(problem, "strerror", None) or type(problem).__name__


def _flat(row: Mapping[Any, Any]) -> Json:
    """A row of a table: columns in capitals are settings; an empty cell says nothing."""
    if None in row:  # more cells than heads
        raise ValueError
    given = {str(name).strip(): value for name, value in row.items() if value not in (None, "")}
    plain: Json = {name: value for name, value in given.items() if not name.isupper()}
    if "vars" in plain:
        plain["vars"] = json.loads(plain["vars"])
    return {**plain, "settings": {name: value for name, value in given.items() if name.isupper()}}


def _customer(where: str, stem: str, given: Json, base: Path) -> Customer | Problem:
    name = str(given.get("name", stem))
    try:
        return _checked(where, name, given, base)
    except SettingsError as problem:
        return Problem(name if NAME.fullmatch(name) else stem, f"{where}: customer {name[:63]}: {problem}")


def _checked(where: str, name: str, given: Json, base: Path) -> Customer:
    for key in given:
        if key not in KEYS:
            raise SettingsError(f"{key}: unknown{did_you_mean(key, KEYS)}; there are {', '.join(KEYS)}")
    if not NAME.fullmatch(name):
        raise SettingsError("name: small letters, digits, - and _ only, 63 at most")
    if "folder" not in given:
        raise SettingsError("folder: missing; name the one that `stammdaten init` made")
    folder = base / Path(_text("folder", given["folder"])).expanduser()
    home = _text("home", given.get("home", str(folder / ".stammdaten")))
    if "://" in home and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.-]+)+", home):
        raise SettingsError("home: a folder, or s3://BUCKET/NAME; credentials do not belong there")
    variables = given.get("vars", {})
    if not isinstance(variables, Mapping):
        raise SettingsError("vars: a table of dbt vars is needed")
    return Customer(
        name=name,
        folder=folder.absolute(),
        home=home.rstrip("/")
        if home.startswith(BUCKET)
        else str((base / Path(home).expanduser()).absolute()),
        source=where,
        settings=_settings(given.get("settings", {})),
        variables=dict(variables),
        size=_size(given.get("size", 0)),
        deadline=_deadline(given.get("deadline")),
    )


def _settings(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise SettingsError("settings: a table is needed")
    found = {name: _setting(name, value) for name, value in _leaves(given)}
    for name, value in found.items():
        if name in TAKEN:
            raise SettingsError(f"{name}: is said by `home`")
        if not name.startswith(PREFIXES) and name not in SURROUNDINGS:
            raise SettingsError(f"{name}: unknown setting; those of ours begin with {', '.join(PREFIXES)}")
        if is_secret(name, value) and not is_reference(value):
            raise SettingsError(
                f"{name}: a secret stands there in clear; say where it lies: {', '.join(f'{k}:…' for k in KINDS)}"
            )
    return found


def _leaves(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by the names that they have in the environment; tables as in `.dlt/config.toml`."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key.upper()}__")
        else:
            yield f"{above}{key}".upper().replace(".", "__"), value


def _setting(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return json.dumps(value)
    return _text(name, value if isinstance(value, str) else str(value))


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise SettingsError(f"{name}: a line of text is needed")
    return value.strip()


def _size(value: Any) -> int:
    try:
        size = int(value)
    except (ValueError, TypeError):
        size = -1
    if size < 0:
        raise SettingsError("size: a whole number of units is needed")
    return size


def _deadline(value: Any) -> time | None:
    if value is None or isinstance(value, time):
        return value
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise SettingsError("deadline: no time of day; write it as 06:00") from None
