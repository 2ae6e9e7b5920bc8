"""Which operation of a contract a path belongs to."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from pipelines.contract.contract import Contract, ContractError
from pipelines.sandbox.play.resources import query_parameters
from pipelines.sandbox.play.wire import Handler


class Routes:
    """Finds the operation for a path; segments without braces win."""

    def __init__(self, handlers: Mapping[tuple[str, str], Handler], contract: Contract):
        self._handlers = handlers
        self._by_length: dict[int, list[tuple[list[str], str]]] = {}
        self._public: set[tuple[str, str]] = set()
        self._parameters: dict[tuple[str, str], Any] = {}
        for path, item in contract.document["paths"].items():
            steps = path.strip("/").split("/")
            self._by_length.setdefault(len(steps), []).append((steps, path))
            for method in (name for name in item if name in ("get", "post", "put", "patch", "delete")):
                if (method, path) not in handlers:
                    raise ContractError(
                        f"{contract.partner}: nothing in the sandbox answers {method} {path}."
                    )
                self._parameters[(method, path)] = query_parameters(contract, path, method)
                if item[method].get("security") == []:
                    self._public.add((method, path))
        for candidates in self._by_length.values():
            candidates.sort(key=lambda candidate: candidate[1].count("{"))

    def match(self, path: str) -> tuple[str, dict[str, str]]:
        """The contract's path and the values in its braces; an empty path when there is none.

        `path` is percent-encoded, the values are not.
        """
        steps = [unquote(step) for step in path.strip("/").split("/")]
        for pattern, template in self._by_length.get(len(steps), []):
            if all(p == s or (p[0] == "{" and s) for p, s in zip(pattern, steps, strict=True)):
                values = {p[1:-1]: s for p, s in zip(pattern, steps, strict=True) if p[0] == "{"}
                return template, values
        return "", {}

    def handler(self, template: str, method: str) -> Handler | None:
        """What answers an operation, or None when the contract does not have it."""
        return self._handlers[(method, template)] if (method, template) in self._parameters else None

    def is_public(self, template: str, method: str) -> bool:
        """Whether an operation needs no credentials."""
        return (method, template) in self._public

    def parameters(self, template: str, method: str) -> dict[str, Any]:
        """Query parameters of an operation and their validators."""
        known: dict[str, Any] = self._parameters[(method, template)]
        return known
