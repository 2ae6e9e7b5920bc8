"""What the rules read in a value, as SQL outside dbt: the macros are the one place that says it."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import SimpleNamespace
from typing import Any
from zoneinfo import available_timezones

from pipelines.erp.cleaning import rendered
from pipelines.errors import StammdatenError
from pipelines.settings import project_vars
from pipelines.snapshot.words import seed_values

MACROS = (
    "sql_text", "white_space", "clean_text", "damaged_text", "as_word", "says_anonymised", "email_adresse",
    "telefon_e164", "zeitzone", "zeitpunkt", "is_no_date", "datum", "idwell_name",
)  # fmt: skip


# Vars of the command line, over those of the project.
_given: ContextVar[Mapping[str, Any]] = ContextVar("given", default={})  # noqa: B039


@contextmanager
def with_vars(given: Mapping[str, Any]) -> Iterator[None]:
    """Inside, rules read these vars over those of the project, as dbt does with `--vars`."""
    token = _given.set(given)
    try:
        yield
    finally:
        _given.reset(token)


def rule(call: str) -> str:
    """An SQL expression: a call of macros as a model writes it, such as `email_adresse('wert')`.

    Raises `StammdatenError` where a macro refuses a var.
    """
    return _rendered(call, json.dumps(dict(_given.get()), sort_keys=True, default=str))


@cache
def _rendered(call: str, given: str) -> str:
    modules = {"pytz": SimpleNamespace(all_timezones_set=available_timezones())}
    return rendered(call, MACROS, var=_var, modules=modules, exceptions=_Exceptions)


def placeholder_list() -> str:
    """The names that stand for nobody (rule E9) as an SQL list of words."""
    words = sorted(re.sub(r"\s", "", name).lower() for name in seed_values("platzhalter", "name"))
    return "(" + ", ".join("'" + word.replace("'", "''") + "'" for word in words) + ")"


def text_signature(value: str, placeholders: str) -> str:
    """What the rules see of a text of a person, as a list of texts; `placeholders` is an SQL list of words."""
    clean = "list_transform([{value}], lambda raw: {cleaned})[1]".format(
        value=value, cleaned=rule("clean_text('raw')")
    )
    seen = [
        f"length({value})",
        f"{rule('damaged_text(' + repr(value) + ')')}",
        "length(text)",
        "text = 'NULL'",
        f"{rule('says_anonymised(' + repr('text') + ')')}",
        f"{rule('as_word(' + repr('text') + ')')} in {placeholders}",
        f"{rule('email_adresse(' + repr('text') + ')')} is null",
        f"length({rule('telefon_e164(' + repr('text') + ')')})",
        f"case when not contains(text, '@') then length({rule('idwell_name(' + repr('text') + ')')}) end",
    ]
    listed = ", ".join(f"cast({one} as varchar)" for one in seen)
    return f"list_transform([{clean}], lambda text: [{listed}])[1]"


def cleaned_day(value: str, is_birthday: bool) -> str:
    """The day that the rules read in a column's text; NULL where they read none."""
    call = f"datum('text', geburtsdatum={is_birthday})"
    return f"list_transform([{rule(_CLEAN.format(value))}], lambda text: {rule(call)})[1]"


def says_no_date(value: str, is_birthday: bool) -> str:
    """Whether the text is one that ERPs write where there is no date."""
    call = f"is_no_date('text', geburtsdatum={is_birthday})"
    return f"coalesce(list_transform([{rule(_CLEAN.format(value))}], lambda text: {rule(call)})[1], true)"


_CLEAN = "clean_text({!r})"


def _var(name: str, default: object = None) -> object:
    return {**project_vars(), **_given.get()}.get(name, default)


class _Exceptions:
    @staticmethod
    def raise_compiler_error(message: str) -> None:
        raise StammdatenError(message)
