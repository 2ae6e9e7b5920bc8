"""What a command returns: a frozen dataclass, from which its JSON is made; its schema lies in docs/reports/.

Other programs read the JSON, so a key that exists keeps its name: `FROM` and `TO` where Python cannot spell it.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def _is_none(value: object) -> bool:
    return value is None


# Metadata of a field, in the words of pydantic, which makes the schemas from it.
FROM = {"serialization_alias": "from"}
TO = {"serialization_alias": "to"}
# The key is left out where the value is None.
OPTIONAL = {"exclude_if": _is_none}
# Known to the program only.
UNLISTED = {"exclude": True}


class Report:
    """What a command did or found; `exit` is the exit status that it means, and a key of its JSON if `has_exit`."""

    has_exit: ClassVar[bool] = True
    # Fields, of a line too, that tell of single rows (ids, keys, values); the history of runs leaves them out.
    names_rows: ClassVar[frozenset[str]] = frozenset()

    @property
    def exit(self) -> int:
        """0, whatever it says."""
        return 0


def as_json(report: "Report | DataclassInstance", with_rows: bool = True) -> dict[str, Any]:
    """The report, or a line of one, as a JSON object: keys in the order of the fields, `exit` last.

    Without rows what tells of single ones (`names_rows`) is left out.
    """
    rows = frozenset() if with_rows else getattr(report, "names_rows", frozenset())
    found = {}
    for field in fields(report):  # type: ignore[arg-type]
        value = getattr(report, field.name)
        is_left_out = (
            field.metadata.get("exclude")
            or ("exclude_if" in field.metadata and value is None)
            or field.name in rows
        )
        if not is_left_out:
            found[field.metadata.get("serialization_alias", field.name)] = _plain(value, with_rows)
    return {**found, "exit": report.exit} if isinstance(report, Report) and report.has_exit else found


def _plain(value: Any, with_rows: bool) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return as_json(value, with_rows)
    if isinstance(value, Mapping):
        return {key: _plain(one, with_rows) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, with_rows) for one in value]
    return value
