"""Whether an answer with a good status is to be believed. Pure functions; what is not gets a `problem`.

`unusable`: not in the form that the contract says. `errors`: it tells of errors in spite of its status.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pipelines.api.http.client import Answer
from pipelines.contract.contract import Contract, Entity, dig
from pipelines.contract.model import MultiStatus
from pipelines.contract.schema.json_schema import resolve

FLAGS = ("success", "ok", "succeeded", "isSuccess", "is_success")
ERRORS = ("errors", "error")
FAILED_STATES = ("error", "fail", "failed", "failure")
# Of an answer in which the contract knows where success is told: what another status would have said.
REFUSED = 422


def understood(answer: Answer, contract: Contract, own: Collection[str]) -> Answer:
    """The answer as its body says it is. `own` are names that belong to the record and so tell nothing.

    Where the contract says what an answer has on success, one that has something else is refused (422).
    """
    if not answer.is_good or answer.problem:
        return answer
    if answer.status == 207:
        answer = _single(answer, contract.multi_status)
        if not answer.is_good or answer.problem:
            return answer
    for path, allowed in contract.success.items():
        told = dig(answer.body, path)
        if told is not None and told not in allowed:
            return replace(answer, status=REFUSED)
    if "problem+json" in answer.headers.get("Content-Type", "") or tells_errors(answer.body, own):
        return replace(answer, problem="errors")
    return answer


def about_one(
    answer: Answer, contract: Contract, entity: Entity, own: Collection[str], remote_id: str | None
) -> Answer:
    """The answer to a change or a withdrawal: nothing, or something in JSON without errors.

    `remote_id`: where the contract describes the record as the answer, this one must be in it.
    """
    answer = understood(answer, contract, own)
    if not answer.ok or answer.form == "empty":
        return answer
    if answer.form == "other" or not isinstance(answer.body, Mapping | None):
        return replace(answer, problem="unusable")
    if remote_id is not None and not is_record(answer, entity, remote_id):
        return replace(answer, problem="unusable")
    return answer


def the_record(
    answer: Answer, contract: Contract, entity: Entity, own: Collection[str], remote_id: str
) -> Answer:
    """The answer to a request for one record."""
    answer = understood(answer, contract, own)
    if answer.ok and not is_record(answer, entity, remote_id):
        return replace(answer, problem="unusable")
    return answer


def a_list(answer: Answer, contract: Contract, path: str) -> Answer:
    """The answer to a list or a search: without a list it says nothing, also not that there is nothing."""
    answer = understood(answer, contract, path.split(".")[:1])
    if answer.problem == "errors" or (answer.ok and not isinstance(dig(answer.body, path), list)):
        return replace(answer, problem="unusable")
    return answer


def is_record(answer: Answer, entity: Entity, remote_id: str) -> bool:
    """Whether the answer holds the record under this id, below `unwrap` or as its body."""
    record = dig(answer.body, entity.unwrap) if entity.unwrap else answer.body
    return any(
        isinstance(found, Mapping) and _same_id(found.get(entity.id), remote_id)
        for found in (record, answer.body)
    )


def describes_record(contract: Contract, entity: Entity, path: str, method: str) -> bool:
    """Whether the contract says that this operation answers with a record that has an id."""
    responses = contract.document.get("paths", {}).get(path, {}).get(method, {}).get("responses", {})
    for status, response in responses.items():
        if not str(status).startswith("2"):
            continue
        content = (response or {}).get("content", {}).get("application/json", {})
        schema = resolve(contract.document, content["schema"]) if "schema" in content else {}
        for step in entity.unwrap.split(".") if entity.unwrap else ():
            schema = schema.get("properties", {}).get(step, {})
        return entity.id in schema.get("properties", {})
    return False


def own_names(contract: Contract, entity: Entity) -> frozenset[str]:
    """Names of a record's own fields."""
    return frozenset(contract.shown_schema(entity.name).get("properties", {}))


def tells_errors(body: Any, own: Collection[str]) -> bool:
    """Whether a body tells of errors at its top, under a name that is not one of the record's own."""
    if not isinstance(body, Mapping):
        return False
    names = [name for name in body if name not in own]
    if any(name in FLAGS and body[name] in (False, "false", "False") for name in names):
        return True
    if any(name in ERRORS and body[name] for name in names):
        return True
    state = body.get("status") if "status" in names else None
    if isinstance(state, str):
        return state.lower() in FAILED_STATES
    return isinstance(state, int) and not isinstance(state, bool) and 400 <= state < 600


def _single(answer: Answer, shape: MultiStatus | None) -> Answer:
    """Of an answer about several requests (207) the one item; unusable where the contract does not tell how."""
    items = dig(answer.body, shape.items) if shape else None
    if shape is None or not isinstance(items, list) or len(items) != 1:
        return replace(answer, problem="unusable")
    status, body = dig(items[0], shape.status), dig(items[0], shape.record)
    if isinstance(status, str) and status[:3].isascii() and status[:3].isdigit():
        status = int(status[:3])
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status < 600 or status == 207:
        return replace(answer, problem="unusable")
    return replace(answer, status=status, body=body, form="empty" if body is None else "json")


def _same_id(found: Any, remote_id: str) -> bool:
    return isinstance(found, str | int) and not isinstance(found, bool) and str(found) == remote_id
