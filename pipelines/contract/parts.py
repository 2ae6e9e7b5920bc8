"""Reads a key of a contract, or a map of keys as a dataclass of `model.py`. Raises ContractError that names the key."""

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from pipelines.contract.model import ContractError, Json
from pipelines.suggest import did_you_mean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

T = TypeVar("T")


def get(mapping: Json, key: str, where: str) -> Any:
    """The value of a key that must be there."""
    if key not in mapping:
        raise ContractError(f"{where}: the key {key!r} is missing.")
    return mapping[key]


def build(kind: type[T], values: Json, where: str) -> T:
    """A dataclass of `model.py` out of the values of a key."""
    if not isinstance(values, Mapping):
        raise ContractError(f"{where}: a map is needed.")
    try:
        return kind(**{str(key): value for key, value in values.items()})
    except ValidationError as error:
        raise ContractError(_said(error.errors()[0], [f.name for f in fields(kind)], where)) from None  # type: ignore[arg-type]


def _said(problem: "ErrorDetails", known: list[str], where: str) -> str:
    """The first thing that is wrong, in our words."""
    key, given = problem["loc"][0], problem["input"]
    match problem["type"]:
        case "unexpected_keyword_argument":
            return f"{where}: the key {key!r} is not known{did_you_mean(key, known)}; see docs/contracts.md."
        case "missing":
            return f"{where}: the key {key!r} is missing."
        case "literal_error":
            allowed = problem["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
            return f"{where}.{key} is {given!r}; allowed: {allowed}."
    at = ".".join(map(str, problem["loc"]))
    return f"{where}.{at} is {given!r}; {problem['msg'].replace('Input should be', 'it has to be')}."
