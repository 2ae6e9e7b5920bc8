"""A partner's `profile.yaml` as typed, frozen data: what our rules need to know of it, beside its API.

dbt reads the same files: the macros that hold them are made from them (`dbt_profiles`). The keys are described in
`docs/add-a-partner.md`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from pipelines.contract.contract import partner_folder
from pipelines.contract.model import ContractError
from pipelines.contract.own_partners import PROFILE
from pipelines.suggest import did_you_mean
from pipelines.yaml_file import YamlError, read_yaml

Need = Literal["email", "last_name"]
KEYS = ("aktiv", "tenants_need", "needs_gebaeude", "options", "note")
# Settings that every partner has.
SHARED = ("aktiv", "separator", "mandanten")
# What an id may be joined with (I1); the first line of settings that somebody gets has the one named here.
SEPARATORS, SEPARATOR = ("-", "_", ".", "/", "|"), "/"
MOST_DAYS = 3650
# What an option may be, where it is no list of values; checked by the macro `partner_option`.
WORDS = (
    "text", "text or null", "names or null", "list of ids or null", "id number", "id number or null", "ids by WE",
    "days", "date or null", "separator or null", "mandanten or null",
)  # fmt: skip


@dataclass(frozen=True)
class Option:
    """A setting that one partner alone has: its default, and a list of allowed values or one of `WORDS`."""

    default: Any
    allowed: tuple[str | bool, ...] | str


@dataclass(frozen=True)
class Profile:
    """What our rules need to know of a partner.

    `aktiv`: on or off in the settings as they are shipped. `tenants_need`: a tenant without an e-mail address stays
    behind (E2), or a name is enough (E8). `needs_gebaeude`: a unit hangs on a Gebäude there (I3). `note`: what the
    options do.
    """

    partner: str
    aktiv: bool
    tenants_need: Need
    needs_gebaeude: bool
    options: Mapping[str, Option] = field(default_factory=dict)
    note: str = ""


def load_profile(partner: str) -> Profile:
    """The profile of a partner. Raises `ContractError` that names file and key."""
    file = partner_folder(partner) / PROFILE
    try:
        return _read(partner, file, file.stat().st_mtime_ns)
    except OSError as problem:
        raise ContractError(f"partners/{partner}/{PROFILE}: cannot be read ({problem.strerror}).") from None


@cache
def _read(partner: str, file: Path, changed_at: int) -> Profile:
    try:
        return parse_profile(partner, read_yaml(file))
    except YamlError as problem:
        line = f", line {problem.line}" if problem.line else ""
        raise ContractError(f"partners/{partner}/{PROFILE}{line}: {problem}.") from None


def parse_profile(partner: str, given: Any) -> Profile:
    """The profile in a parsed YAML file. Raises `ContractError` that names the key."""
    where = f"partners/{partner}/{PROFILE}"
    if not isinstance(given, dict):
        raise ContractError(f"{where}: a map with {', '.join(KEYS[:3])} is needed.")
    for key in given:
        if key not in KEYS:
            raise ContractError(f"{where}: the key {key!r} is not known{did_you_mean(key, KEYS)}.")
    need = given.get("tenants_need")
    if need not in get_args(Need):
        raise ContractError(f"{where}: tenants_need is {_said(need)}; allowed: {', '.join(get_args(Need))}.")
    options, note = given.get("options") or {}, given.get("note") or ""
    if not isinstance(options, dict):
        raise ContractError(f"{where}: options: a map of names is needed.")
    if not isinstance(note, str):
        raise ContractError(f"{where}: note: a text is needed.")
    return Profile(
        partner=partner,
        aktiv=_flag(given, "aktiv", where),
        tenants_need=cast(Need, need),
        needs_gebaeude=_flag(given, "needs_gebaeude", where),
        options={name: _option(name, option, f"{where}: options.{name}") for name, option in options.items()},
        note=" ".join(note.split()),
    )


def _flag(given: Mapping[str, Any], key: str, where: str) -> bool:
    value = given.get(key)
    if not isinstance(value, bool):
        raise ContractError(f"{where}: {key} is {_said(value)}; allowed: true, false.")
    return value


def _option(name: object, given: Any, where: str) -> Option:
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) or name in SHARED:
        raise ContractError(f"{where}: a name of its own in lower case letters, digits and _ is needed.")
    if not isinstance(given, dict) or given.keys() != {"default", "allowed"}:
        raise ContractError(f"{where}: the keys default and allowed are needed, and no others.")
    default, allowed = given["default"], given["allowed"]
    if isinstance(allowed, list):
        kinds = {type(value) for value in allowed}
        if kinds not in ({bool}, {str}):
            raise ContractError(f"{where}.allowed: a list of texts, or of true and false, is needed.")
        # True equals 1 in Python, so the kinds are compared too.
        if default not in allowed or type(default) not in kinds:
            raise ContractError(f"{where}.default is {_said(default)}; it is none of the allowed values.")
        return Option(default, tuple(allowed))
    if allowed not in WORDS:
        raise ContractError(
            f"{where}.allowed is {allowed!r}; allowed: a list of values, or {', '.join(WORDS)}."
        )
    _check_default(default, allowed, where)
    return Option(default, allowed)


def _check_default(default: Any, allowed: str, where: str) -> None:
    is_right = {
        "text": isinstance(default, str) and default != "" and default == str(default).strip(),
        "id number": isinstance(default, int) and not isinstance(default, bool) and default > 0,
        "days": isinstance(default, int) and not isinstance(default, bool) and 0 <= default <= MOST_DAYS,
    }.get(allowed.removesuffix(" or null"), False)
    may_be_null = allowed.endswith(" or null") or allowed == "ids by WE"
    if not is_right and not (may_be_null and default is None):
        raise ContractError(f"{where}.default is {_said(default)}; allowed: {allowed}.")


def _said(value: object) -> str:
    return "not set" if value is None else repr(value)
