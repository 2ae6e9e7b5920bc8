"""Switches of the sandbox, written `partner.option=value`."""

import re
from collections.abc import Callable, Iterable, Mapping

from pipelines.errors import SettingsError
from pipelines.sandbox.play.partner import COMMON_OPTIONS, Partner
from pipelines.sandbox.play.wire import Option

WHOLE, PERCENT, PATTERN = "a whole number", "a share in percent, 0 to 100,", "a regular expression"


def known_options(partner: type[Partner]) -> dict[str, Option]:
    """The switches of a partner with their defaults."""
    return {**COMMON_OPTIONS, **partner.options}


def parse_options(texts: Iterable[str]) -> dict[str, str]:
    """`["etg24.external_ids=documented"]` as a mapping. Raises SettingsError for another form."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name.count(".") != 1:
            raise SettingsError(f"--option {text!r} is not of the form partner.option=value.")
        found[name] = value
    return found


def settings_of(
    partners: Mapping[str, type[Partner]], options: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """All settings by partner, defaults filled in. Raises SettingsError for what does not exist."""
    settings = {
        name: {key: option.default for key, option in known_options(partner).items()}
        for name, partner in partners.items()
    }
    for name, value in options.items():
        partner_name, _, key = name.partition(".")
        if partner_name not in partners:
            raise SettingsError(f"Option {name}: no such partner; known: {', '.join(partners)}.")
        settings[partner_name][key] = checked(partners[partner_name], partner_name, key, value)
    return settings


def checked(partner: type[Partner], partner_name: str, key: str, value: str) -> str:
    """The value, if the option takes it. Raises SettingsError."""
    known = known_options(partner)
    if key not in known:
        raise SettingsError(
            f"Option {partner_name}.{key}: no such option; known: {', '.join(sorted(known))}."
        )
    option = known[key]
    if option.choices and value not in option.choices:
        raise SettingsError(
            f"Option {partner_name}.{key} is {value!r}; allowed: {', '.join(option.choices)}."
        )
    needed = _needed(option)
    if needed and not FORMS[needed](value):
        raise SettingsError(f"Option {partner_name}.{key} is {value!r}; {needed} is needed.")
    return value


def _needed(option: Option) -> str:
    if option.form:
        return {"percent": PERCENT, "pattern": PATTERN}[option.form]
    return WHOLE if not option.choices and option.default.isdecimal() else ""


def _is_percent(value: str) -> bool:
    return bool(re.fullmatch(r"\d{1,3}(\.\d+)?", value)) and float(value) <= 100


def _is_pattern(value: str) -> bool:
    try:
        re.compile(value)
    except re.error:
        return False
    return True


FORMS: Mapping[str, Callable[[str], bool]] = {
    PERCENT: _is_percent,
    PATTERN: _is_pattern,
    WHOLE: str.isdecimal,
}
