"""Data as a macro of dbt, which cannot read files: such macros are made, never written by hand."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.contract.profile import Profile


def macro(name: str, value: Mapping[str, Any] | Sequence[Any], source: str) -> str:
    """The text of a macro that returns a map or a list; `source` says of which files it is made."""
    entries = f"{{{_entries(value)}\n    }}" if isinstance(value, Mapping) else json.dumps(list(value))
    return (
        f"{{#- Made by stammdaten: change {source}, not this. -#}}\n"
        f"{{% macro {name}() %}}\n    {{% do return({entries}) %}}\n{{% endmacro %}}\n"
    )


def of_profiles(profiles: Iterable[Profile]) -> dict[str, Any]:
    """What the macros need of each profile, by the partner's name."""
    return {
        profile.partner: {
            "aktiv": profile.aktiv,
            "tenants_need": profile.tenants_need,
            "needs_gebaeude": profile.needs_gebaeude,
            "options": {
                name: {
                    "default": option.default,
                    "allowed": option.allowed if isinstance(option.allowed, str) else list(option.allowed),
                }
                for name, option in profile.options.items()
            },
        }
        for profile in profiles
    }


def _entries(value: Mapping[str, Any], indent: str = "    ") -> str:
    """The entries of a map, one a line."""
    inner = indent + "    "
    return "".join(f"\n{inner}{_literal(name)}: {_value(part, inner)}," for name, part in value.items())


def _value(value: Any, indent: str) -> str:
    if isinstance(value, Mapping) and any(isinstance(part, Mapping) for part in value.values()):
        return f"{{{_entries(value, indent)}\n{indent}}}"
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{_literal(name)}: {_value(part, indent)}" for name, part in value.items()) + "}"
        )
    return _literal(value)


def _literal(value: Any) -> str:
    # JSON and Jinja write all but null alike.
    return "none" if value is None else json.dumps(value)
