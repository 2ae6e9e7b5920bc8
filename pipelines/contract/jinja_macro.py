"""Data as a macro of dbt, which cannot read files: such macros are made, never written by hand."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.contract.contract import entity_names, load_contract, unfinished_partners
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


def of_checks(partner: str) -> str:
    """The text of a macro for each entity, that returns the checks of its mart; dbt's tests and findings (V3) use them.

    They are asked for by dispatch, so that those of a partner outside the project are found in the same way. A contract
    that is being written makes none. Raises ContractError like `load_contract`.
    """
    contract = None if partner in unfinished_partners() else load_contract(partner)
    made = [f"{{#- Made by stammdaten: change the contract of {partner}, not this. -#}}\n"]
    for name in contract.entities if contract else entity_names(partner):
        checks = [
            {
                "field": check.field,
                "says": check.says,
                "columns": check.columns,
                "condition": check.condition,
                "value": check.value,
                "unless": check.unless,
            }
            for check in (contract.checks(name) if contract else ())
        ]
        lines = ",".join(f"\n{json.dumps(check, ensure_ascii=False)}" for check in checks)
        made.append(
            f"{{% macro default__contract_checks__{partner}__{name}() %}}\n"
            # As one text: Jinja takes three times as long to read the same as lists and maps.
            f"    {{% do return(fromjson({_text(f'[{lines}]')})) %}}\n{{% endmacro %}}\n"
        )
    return "\n\n".join(made).replace("-#}\n\n\n", "-#}\n", 1)


def _text(value: str) -> str:
    """A text of Jinja, which may have several lines."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


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
