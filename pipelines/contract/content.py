"""The key `content` of an entity: the bytes that belong to its records, and the requests that take them there."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.contract.model import Content, ContractError, Entity, Json, Step
from pipelines.suggest import did_you_mean

METHODS = ("post", "put", "patch")
KEYS = ("field", "id", "hosts", "in_flight", "max_bytes", "seconds", "remove", "shown", "steps")
STEP_KEYS = ("name", *METHODS, "body", "keep", "bytes", "part", "runs_out")
SHOWN = ("size", "sha256", "md5")
# What may stand in braces beside what steps keep: the document as the mart describes it, and its record.
DESCRIBED = ("dokument_nr", "dateiname", "mime_typ", "groesse_bytes", "sha256")
# What the mart's column holds: where the bytes are, and what tells that they have changed.
COLUMNS = ("dokument_nr", "pfad", "dateiname", "mime_typ", "groesse_bytes", "geaendert_am")
IN_BRACES = re.compile(r"\{(\w+)\}")
HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def read_content(given: Any, document: Json, where: str) -> Content:
    """The content of an entity. Raises ContractError that names the key."""
    at, paths = f"{where}.content", document.get("paths", {})
    _check_keys(given, KEYS, at)
    for key in ("field", "steps"):
        if key not in given:
            raise ContractError(f"{at}: the key {key!r} is missing.")
    steps = given["steps"]
    if not isinstance(steps, list) or not all(isinstance(one, Mapping) for one in steps):
        raise ContractError(f"{at}.steps: a list of steps is needed; see docs/contracts.md.")
    records = [place for place, one in enumerate(steps) if "record" in one]
    if len(records) != 1 or steps[records[0]] not in ({"record": "json"}, {"record": "multipart"}):
        raise ContractError(
            f"{at}.steps: one step {{record: json}} or {{record: multipart}} is needed, where the record is written."
        )
    [turn] = records
    content = Content(
        field=str(given["field"]),
        before=tuple(_step(one, paths, f"{at}.steps.{place}") for place, one in enumerate(steps[:turn])),
        after=tuple(
            _step(one, paths, f"{at}.steps.{turn + 1 + place}") for place, one in enumerate(steps[turn + 1 :])
        ),
        is_part=steps[turn]["record"] == "multipart",
        id=str(given.get("id", "")),
        hosts=tuple(read_host(one, f"{at}.hosts") for one in _list(given.get("hosts", []), f"{at}.hosts")),
        in_flight=_number(given.get("in_flight", 4), f"{at}.in_flight"),
        max_bytes=_number(given.get("max_bytes", Content.max_bytes), f"{at}.max_bytes"),
        seconds=float(_number(given.get("seconds", 600), f"{at}.seconds")),
        remove=str(given.get("remove", "")),
        shown=_places(given.get("shown", {}), f"{at}.shown"),
    )
    _check_names(content, {*document["x-partner"].get("settings", {})}, at)
    if content.remove and not _template(paths, content.remove, "delete"):
        raise ContractError(f"{at}.remove: delete {content.remove!r} is not described under paths.")
    return content


def read_host(given: object, at: str) -> str:
    """A host that bytes may be sent to, in lower case; `*.` in front stands for any name below it."""
    host = str(given).strip().lower()
    if not HOST.fullmatch(host) or (host.startswith("*.") and host.count(".") < 2):
        raise ContractError(
            f"{at} has {given!r}; a host such as files.example.com or *.files.example.com is needed."
        )
    return host


def check_content(content: Content, entity: Entity, schema: Json, at: str) -> None:
    """What the content of an entity and its other keys say together."""
    if entity.bulk or entity.openimmo or entity.made_by or entity.mutation or entity.created_with:
        raise ContractError(f"{at}: not with bulk, openimmo, created_with, create: never, or in GraphQL.")
    if content.id and content.field not in schema["properties"]:
        raise ContractError(
            f"{at}.field: the body takes no {content.field!r} that {content.id!r} could stand in."
        )
    if content.field in {
        entity.external_id,
        *entity.natural_key,
        *(parent.field for parent in entity.parents),
    }:
        raise ContractError(f"{at}.field: {content.field!r} has another meaning already.")


def placeholders(value: Any) -> Iterator[str]:
    """Names in braces in a text, or in the texts of a body."""
    if isinstance(value, str):
        yield from IN_BRACES.findall(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from placeholders(one)
    elif isinstance(value, list):
        for one in value:
            yield from placeholders(one)


def _step(given: Mapping[str, Any], paths: Mapping[str, Any], at: str) -> Step:
    _check_keys(given, STEP_KEYS, at)
    methods = [method for method in METHODS if method in given]
    if len(methods) != 1 or not given.get("name"):
        raise ContractError(f"{at}: a name and one of {', '.join(METHODS)} with its path are needed.")
    [method] = methods
    target = str(given[method])
    kept = re.fullmatch(r"\{(\w+)\}", target)
    template = "" if kept else _template(paths, target, method)
    if not kept and not template:
        raise ContractError(f"{at}: {method} {target!r} is not described under paths.")
    for key in ("bytes", "runs_out"):
        if not isinstance(given.get(key, False), bool):
            raise ContractError(f"{at}.{key} is {given[key]!r}; allowed: true, false.")
    sends_bytes = bool(given.get("bytes", False))
    if kept and not sends_bytes:
        raise ContractError(
            f"{at}: to an address out of an answer nothing but the bytes is sent; bytes: true."
        )
    if sends_bytes and given.get("body") and not given.get("part"):
        raise ContractError(f"{at}: beside bytes a body needs the name of their part, the key 'part'.")
    if given.get("part") and not sends_bytes:
        raise ContractError(f"{at}.part: for a step that sends bytes.")
    if method == "post" and sends_bytes and given.get("keep") is None and not kept:
        raise ContractError(
            f"{at}: what a post makes is known by what is kept of its answer, the key 'keep'."
        )
    return Step(
        name=str(given["name"]),
        method=method,
        path="" if kept else target,
        template=template,
        address=kept[1] if kept else "",
        body=_map(given.get("body", {}), f"{at}.body"),
        keep={str(k): str(v) for k, v in _map(given.get("keep", {}), f"{at}.keep").items()},
        sends_bytes=sends_bytes,
        part=str(given.get("part", "")),
        runs_out=bool(given.get("runs_out", False)),
    )


def _template(paths: Mapping[str, Any], target: str, method: str) -> str:
    """The path under `paths` that is the same but for the names in braces; empty where there is none."""
    shape = IN_BRACES.sub("{}", target)
    found = (path for path, item in paths.items() if IN_BRACES.sub("{}", path) == shape and method in item)
    return next(found, "")


def _check_names(content: Content, settings: set[str], at: str) -> None:
    """Each name in braces must be known by then, each step have a name of its own, and the bytes go once."""
    steps = (*content.before, *content.after)
    names = [step.name for step in steps]
    if len(set(names)) < len(names):
        raise ContractError(f"{at}.steps: each step needs a name of its own.")
    sending = [step.name for step in steps if step.sends_bytes] + (["record"] if content.is_part else [])
    if len(sending) != 1:
        raise ContractError(
            f"{at}.steps: the bytes must go in one step; they go in {', '.join(sending) or 'none'}."
        )
    known = {*DESCRIBED, "external_id", *settings}
    for step in steps:
        known |= {"id"} if step in content.after else set()
        used = set(placeholders([step.path, f"{{{step.address}}}" if step.address else "", dict(step.body)]))
        for name in sorted(used - known):
            raise ContractError(f"{at}.steps: {step.name} uses {{{name}}}, which nothing before it keeps.")
        known |= set(step.keep)
    kept = {name for step in content.before for name in step.keep}
    if content.id and content.id not in kept:
        raise ContractError(f"{at}.id: no step before the record keeps {content.id!r}.")
    for name in set(placeholders(content.remove)) - {n for step in steps for n in step.keep}:
        raise ContractError(f"{at}.remove uses {{{name}}}, which no step keeps.")


def _check_keys(given: Any, known: tuple[str, ...], at: str) -> None:
    if not isinstance(given, Mapping):
        raise ContractError(f"{at}: a map is needed; see docs/contracts.md.")
    for key in given:
        if key not in known:
            raise ContractError(
                f"{at}: the key {key!r} is not known{did_you_mean(str(key), known)}; see docs/contracts.md."
            )


def _list(given: Any, at: str) -> list[Any]:
    if not isinstance(given, list):
        raise ContractError(f"{at}: a list is needed.")
    return given


def _map(given: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ContractError(f"{at}: a map is needed.")
    return given


def _number(given: Any, at: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise ContractError(f"{at} is {given!r}; a whole number of at least 1 is needed.")
    return int(given)


def _places(given: Any, at: str) -> Mapping[str, str]:
    for key in _map(given, at):
        if key not in SHOWN:
            raise ContractError(f"{at}: {key!r} is not known; allowed: {', '.join(SHOWN)}.")
    return {key: str(place) for key, place in given.items()}
