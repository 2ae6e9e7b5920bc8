"""Reads `x-entities` of a contract. Raises ContractError that names file and key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipelines.contract import openimmo
from pipelines.contract.content import check_content, read_content
from pipelines.contract.model import (
    Allowed,
    Below,
    Bulk,
    ContractError,
    Entity,
    Find,
    Json,
    LeftOut,
    Lookup,
    Mutation,
    Paging,
    Parent,
    States,
    Withdraw,
    WithdrawKind,
    dig,
)
from pipelines.contract.parts import build, get
from pipelines.contract.rhythms import USE_CASES
from pipelines.contract.schema.json_schema import body_schema, is_list
from pipelines.suggest import did_you_mean

if TYPE_CHECKING:
    from pipelines.contract.schema.graphql_schema import Sdl

# Keys that a paging of each style needs beside its sizes.
PAGING_NEEDS: Mapping[str, tuple[str, ...]] = {
    "page": ("page", "size"),
    "offset_headers": ("limit", "offset", "count"),
    "cursor": ("items", "next", "cursor"),
    "next_link": ("items", "next"),
    "offset": ("limit", "offset"),
    "offset_body": ("limit", "offset"),
    "skip_take": ("limit", "offset"),
}
KEYS = {
    "title", "erp", "collection", "record", "list", "items", "unwrap", "id", "external_id", "external_ids", "find",
    "natural_key", "unique_field", "candidates", "where", "parents", "id_space", "created_with", "lookups",
    "withdraw", "withdraw_note", "begin", "before_begin", "upsert", "mutation", "argument", "input", "refer_by",
    "before_create", "list_below", "fixed", "shown_as", "former_ids", "unique_external_id", "left_out_if_taken",
    "create", "made_by", "states",
    "use_case", "bulk", "openimmo", "by_law", "archived", "content",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """What entities are read from: the OpenAPI document, and the GraphQL schema where there is one."""

    document: Json
    sdl: "Sdl | None"
    paging: Paging

    def body(self, entity_path: str, method: str, mutation: Mutation | None, bulk: Bulk | None) -> Json:
        """JSON Schema of the body that writes a record."""
        if mutation and self.sdl:
            return self.sdl.input_schema(mutation)
        if bulk:
            return body_schema(self.document, bulk.path, "put", bulk.items)
        return body_schema(self.document, entity_path, method)


def read_entity(name: str, entry: Json, source: Source, where: str) -> Entity:
    """One entry of `x-entities`."""
    for key in entry:
        if key not in KEYS:
            raise ContractError(f"{where}: the key {key!r} is not known; see docs/contracts.md.")
    # A file takes all fields each time, and an object may be handed over again: like an upsert.
    files = (
        openimmo.read_openimmo(entry["openimmo"], source.document.get("paths", {}), where)
        if "openimmo" in entry
        else None
    )
    upsert = _one_of(entry, "upsert", (False, True), where) or files is not None
    mutation = _mutation(entry, source.sdl, where) if source.sdl else None
    bulk = _bulk(entry["bulk"], source, f"{where}.bulk") if "bulk" in entry else None
    is_made_there = bool(_one_of(entry, "create", ("", "never"), where))
    if files:
        collection, record = entry.get("collection", ""), entry.get("record", "")
        schema = openimmo.columns()
    else:
        collection, record = _paths(entry, source, mutation, bool(upsert), where)
        method = "get" if is_made_there else "put" if upsert else "post"
        schema = source.body(record if upsert or is_made_there else collection, method, mutation, bulk)
    parents = entry.get("parents", {})
    head = source.document["x-partner"]
    entity = Entity(
        name=name,
        title=get(entry, "title", where),
        erp=get(entry, "erp", where),
        collection=collection,
        record=record,
        listing=_listing(entry, collection, source, where),
        items=entry.get("items", source.paging.items),
        unwrap=entry.get("unwrap", head.get("record", "")),
        id=get(entry, "id", where),
        external_id=entry.get("external_id"),
        external_ids=entry.get("external_ids"),
        find=_find(entry["find"], source, f"{where}.find") if "find" in entry else None,
        candidates=_find(entry["candidates"], source, f"{where}.candidates")
        if "candidates" in entry
        else None,
        natural_key=tuple(entry.get("natural_key", [])),
        unique_field=entry.get("unique_field"),
        where=entry.get("where", {}),
        parents=tuple(_parent(other, key, collection, schema) for other, key in parents.items()),
        id_space=entry.get("id_space", name),
        created_with=entry.get("created_with"),
        lookups=tuple(
            build(Lookup, {"field": key, **value}, f"{where}.lookups.{key}")
            for key, value in entry.get("lookups", {}).items()
        ),
        withdraw=_withdraw(get(entry, "withdraw", where), source.sdl, where),
        withdraw_note=get(entry, "withdraw_note", where),
        begin=entry.get("begin"),
        before_begin=_one_of(entry, "before_begin", ("end_at_begin", "delete"), where),
        upsert=bool(upsert),
        mutation=mutation,
        refer_by=_one_of(entry, "refer_by", ("id", "external_id"), where),
        before_create=_one_of(entry, "before_create", ("", "look_up", "list"), where),
        list_below=build(Below, entry["list_below"], f"{where}.list_below")
        if "list_below" in entry
        else None,
        former_ids=_former_ids(entry.get("former_ids", {}), where),
        fixed=entry.get("fixed", {}),
        shown_as=entry.get("shown_as", {}),
        archived=entry.get("archived", {}),
        id_in_body=bool(upsert) and mutation is None and entry.get("external_id") in schema["properties"],
        unique_external_id=bool(_one_of(entry, "unique_external_id", (False, True), where)),
        made_by=str(get(entry, "made_by", where)) if is_made_there else "",
        is_read_only=is_made_there and "patch" not in source.document["paths"][record],
        states=_states(entry["states"], schema, f"{where}.states") if "states" in entry else None,
        use_case=_use_case(entry.get("use_case", USE_CASES[0]), where),
        left_out_if_taken=_left_out(entry["left_out_if_taken"], schema, where)
        if "left_out_if_taken" in entry
        else None,
        bulk=bulk,
        openimmo=files,
        by_law=_sentence(entry, "by_law", where),
        content=read_content(entry["content"], source.document, where) if "content" in entry else None,
    )
    _check(entity, schema, where)
    return entity


def read_paging(values: Json, where: str) -> Paging:
    """A `paging`, complete for its style."""
    given = dict(values)
    if given.get("style") == "skip_take":
        given = {"offset": "paging.skip", "limit": "paging.take", **given}
    paging = build(Paging, given, where)
    for key in PAGING_NEEDS[paging.style]:
        if not getattr(paging, key):
            raise ContractError(f"{where}: the style {paging.style} needs the key {key!r}.")
    if paging.first != 1 and (paging.first != 0 or paging.style != "page"):
        raise ContractError(f"{where}.first is {paging.first!r}; pages (style page) are counted from 0 or 1.")
    return paging


def _paths(
    entry: Json, source: Source, mutation: Mutation | None, upsert: bool, where: str
) -> tuple[str, str]:
    """Collection and record; in GraphQL the mutation stands for both."""
    if mutation:
        return mutation.name, mutation.name
    record = get(entry, "record", where)
    if entry.get("create") == "never":
        return _paths_of_made_there(entry, source, record, where), record
    collection = (
        entry.get("collection", record.rsplit("/", 1)[0]) if upsert else get(entry, "collection", where)
    )
    listed = entry.get("list", collection)
    for path in (record, listed if isinstance(listed, str) else get(listed, "path", f"{where}.list")):
        if path not in source.document.get("paths", {}):
            raise ContractError(f"{where}: the path {path!r} is not described under paths.")
    if "bulk" in entry:
        return collection, record
    path, method = (record, "put") if upsert else (collection, "post")
    if "requestBody" not in source.document["paths"].get(path, {}).get(method, {}):
        raise ContractError(f"{where}: {method} {path} with a body is not described under paths.")
    return collection, record


def _paths_of_made_there(entry: Json, source: Source, record: str, where: str) -> str:
    """The path that lists records which we never make; GET on one describes what a record is."""
    for key in ("upsert", "collection", "created_with", "lookups", "before_create", "unique_external_id"):
        if key in entry:
            raise ContractError(f"{where}.{key}: not where create is never.")
    if entry.get("withdraw") != "keep":
        raise ContractError(f"{where}.withdraw: what is never created here is kept.")
    listed = get(entry, "list", where)
    path = listed if isinstance(listed, str) else get(listed, "path", f"{where}.list")
    for known in (record, path):
        if known not in source.document.get("paths", {}):
            raise ContractError(f"{where}: the path {known!r} is not described under paths.")
    responses = source.document["paths"][record].get("get", {}).get("responses", {})
    if not dig(responses.get("200", responses.get(200)), "content.application/json"):
        raise ContractError(f"{where}: get {record} with the schema of its answer (200) is not described.")
    if not entry.get("natural_key") and not (entry.get("external_id") and entry.get("find")):
        raise ContractError(f"{where}: a natural_key, or external_id and find, are needed to match records.")
    return str(path)


def _states(given: Any, schema: Json, where: str) -> States:
    if not isinstance(given, Mapping) or given.keys() != {"field", "allows"}:
        raise ContractError(f"{where}: the keys field and allows are needed.")
    allows = given["allows"]
    if not isinstance(allows, Mapping) or not allows:
        raise ContractError(f"{where}.allows: a map of states is needed.")
    return States(
        str(given["field"]),
        {str(name): _allowed(values, schema, f"{where}.allows.{name}") for name, values in allows.items()},
    )


def _allowed(given: Any, schema: Json, where: str) -> Allowed:
    values = dict(given) if isinstance(given, Mapping) else {"": None}
    change = values.pop("change", ())
    if change == "all":
        values["change"] = None
    elif isinstance(change, list | tuple):
        for name in change:
            if name not in schema["properties"]:
                raise ContractError(f"{where}.change: the body takes no {name!r}.")
        values["change"] = tuple(change)
    else:
        raise ContractError(f"{where}.change is {change!r}; all, or a list of fields, is needed.")
    return build(Allowed, values, where)


def _bulk(given: Json, source: Source, where: str) -> Bulk:
    """Several upserts in one request; the body must have a list of records where `items` says."""
    if source.sdl:
        raise ContractError(f"{where}: for protocol rest only; in GraphQL batch is the key.")
    bulk = build(Bulk, given, where)
    if bulk.counts and not bulk.accepted:
        raise ContractError(f"{where}.counts: what they add up to is missing, the key 'accepted'.")
    if "{" in bulk.path or "requestBody" not in source.document["paths"].get(bulk.path, {}).get("put", {}):
        raise ContractError(
            f"{where}: put {bulk.path} with a body, without ids in the path, is not described under paths."
        )
    try:
        known = body_schema(source.document, bulk.path, "put", bulk.items)["properties"]
    except KeyError:
        known = {}
    if not known:
        raise ContractError(f"{where}.items: the body has no list of records at {bulk.items!r}.")
    return bulk


def _mutation(entry: Json, sdl: "Sdl", where: str) -> Mutation:
    if not entry.get("upsert"):
        raise ContractError(f"{where}: in GraphQL an entity needs upsert: true.")
    names = [get(entry, key, where) for key in ("mutation", "argument", "input")]
    found = sdl.mutation(*names)
    sdl.confirmation(found, get(entry, "id", where))
    return found


def _listing(entry: Json, collection: str, source: Source, where: str) -> Find:
    if source.sdl:
        return _find(get(entry, "list", where), source, f"{where}.list")
    given = entry.get("list", collection)
    values = {"path": given} if isinstance(given, str) else given
    return _find({"method": "get", **values}, source, f"{where}.list")


def _find(values: Json, source: Source, where: str) -> Find:
    values = dict(values) if isinstance(values, Mapping) else values
    if source.sdl and isinstance(values, dict):
        for key in ("method", "path", "body"):
            if key in values:
                raise ContractError(f"{where}: the key {key!r} is not for GraphQL; query and variable are.")
        query, variable = get(values, "query", where), values.pop("variable", None)
        source.sdl.argument(query)
        values |= {"method": "post", "path": query, "query": None, "body": variable}
    if isinstance(values, dict) and values.get("paging"):
        values["paging"] = read_paging(values["paging"], f"{where}.paging")
    return build(Find, values, where)


def _parent(entity: str, name: str, collection: str, schema: Json) -> Parent:
    in_path = "{" + name + "}" in collection
    return Parent(
        entity=entity,
        field=name,
        many=is_list(schema["properties"].get(name, {})),
        in_path=in_path,
        required=in_path or name in schema.get("required", []),
    )


def _withdraw(value: str | Json, sdl: "Sdl | None", where: str) -> Withdraw:
    match value:
        case "keep":
            return Withdraw("keep")
        case "delete" if sdl is None:
            return Withdraw("delete")
        case {"end": str(name), **rest} if not rest:
            return Withdraw("end", name)
        case {"detach": str(name), **rest} if not rest:
            return Withdraw("detach", name)
        case {"deactivate": dict(values), **rest} if not rest:
            return Withdraw("deactivate", values=values)
        case {"delete": dict(call), **rest} if not rest:
            return _withdraw_call("delete", call, sdl, where)
        case {"detach": dict(call), "end": str(name), **rest} if not rest:
            return replace(_withdraw_call("detach", call, sdl, where), field=name)
        case {"detach": dict(call), **rest} if not rest:
            return _withdraw_call("detach", call, sdl, where)
    raise ContractError(f"{where}.withdraw is {value!r}; see docs/contracts.md for what it may be.")


def _withdraw_call(kind: WithdrawKind, call: Json, sdl: "Sdl | None", where: str) -> Withdraw:
    at = f"{where}.withdraw.{kind}"
    if sdl is None:
        raise ContractError(f"{at}: a mutation can be named in GraphQL only.")
    if call.keys() != {"mutation", "argument"}:
        raise ContractError(f"{at}: the keys mutation and argument are needed.")
    return Withdraw(kind, mutation=sdl.mutation(call["mutation"], call["argument"]))


def _use_case(given: Any, where: str) -> str:
    if given not in USE_CASES:
        meant = did_you_mean(given, USE_CASES)
        raise ContractError(f"{where}.use_case is {given!r}{meant}; allowed: {', '.join(USE_CASES)}.")
    return str(given)


def _former_ids(given: Any, where: str) -> Mapping[str, str]:
    """Pattern of an id as it was → the id as it is; a new id must not fit a pattern, or it would be moved again."""
    if not isinstance(given, Mapping) or not all(isinstance(new, str) for new in given.values()):
        raise ContractError(f"{where}.former_ids: a map of patterns to ids is needed.")
    for pattern, new in given.items():
        try:
            moved = re.fullmatch(str(pattern), re.sub(r"\\\d", "x", new))
        except re.error as error:
            raise ContractError(f"{where}.former_ids: {pattern!r} is no pattern: {error}.") from None
        if moved:
            raise ContractError(f"{where}.former_ids: the new id {new!r} fits its own pattern {pattern!r}.")
    return {str(pattern): new for pattern, new in given.items()}


def _left_out(values: Any, schema: Json, where: str) -> LeftOut:
    at = f"{where}.left_out_if_taken"
    given = dict(values) if isinstance(values, Mapping) else values
    for key in ("fields", "codes", "needs"):
        if isinstance(given, dict) and key in given:
            if not isinstance(given[key], list) or not given[key]:
                raise ContractError(f"{at}.{key}: a list with at least one name is needed.")
            given[key] = tuple(str(name) for name in given[key])
    found = build(LeftOut, given, at)
    if not found.codes and not found.text:
        raise ContractError(f"{at}: codes or text must say how the partner tells that a value is taken.")
    try:
        re.compile(found.text)
    except re.error as error:
        raise ContractError(f"{at}.text: {found.text!r} is no pattern: {error}.") from None
    for name in (*found.fields, *found.needs):
        if name not in schema["properties"]:
            raise ContractError(f"{at}: the body takes no {name!r}.")
    for name in found.fields:
        if name in schema.get("required", []):
            raise ContractError(f"{at}: {name!r} is required, so nothing can be sent without it.")
    return found


def _check(entity: Entity, schema: Json, where: str) -> None:
    """What keys say together."""
    if entity.states and (
        entity.upsert or entity.created_with or entity.withdraw.kind in ("detach", "deactivate")
    ):
        raise ContractError(f"{where}.states: not for an upsert, with created_with, detach or deactivate.")
    if entity.upsert and entity.external_id is None:
        raise ContractError(f"{where}: upsert needs external_id.")
    if entity.upsert and entity.mutation is None and not entity.id_is_ours:
        raise ContractError(
            f"{where}: the id in the path of an upsert is ours: id and external_id must be one."
        )
    if entity.upsert and entity.natural_key and entity.id not in schema["properties"]:
        raise ContractError(
            f"{where}.natural_key: an upsert finds its record by our id only; the body takes no {entity.id!r}."
        )
    if entity.former_ids and entity.sent_id:
        raise ContractError(
            f"{where}.former_ids: the partner keeps our id here; it would have to change there too."
        )
    if entity.bulk and not entity.upsert:
        raise ContractError(f"{where}.bulk: upsert: true is needed, as a request may have to be repeated.")
    if entity.bulk and entity.external_id not in schema["properties"]:
        raise ContractError(f"{where}.bulk: a record in the body takes no {entity.external_id!r}.")
    if entity.by_law and entity.withdraw.kind == "keep":
        raise ContractError(f"{where}.by_law: a record that is kept when it is withdrawn stays there.")
    if entity.content:
        check_content(entity.content, entity, schema, f"{where}.content")
    for key in ("before_create", "external_ids", "created_with", "unique_field", "left_out_if_taken"):
        if entity.upsert and getattr(entity, key):
            raise ContractError(f"{where}.{key}: not for an upsert.")
    above = entity.self_parent
    if above and (above.many or above.in_path or above.required):
        raise ContractError(
            f"{where}.parents.{entity.name}: {above.field} must take one id or none; the topmost record has no parent."
        )
    if entity.name in (entity.created_with, entity.list_below.entity if entity.list_below else ""):
        raise ContractError(f"{where}: created_with and list_below name another entity, not {entity.name}.")
    kept_back = set(entity.left_out_if_taken.fields) if entity.left_out_if_taken else set()
    if kept_back & {entity.external_id, entity.unique_field, *(parent.field for parent in entity.parents)}:
        raise ContractError(f"{where}.left_out_if_taken: a record cannot be told without the field.")
    if entity.begin and entity.begin not in schema["properties"]:
        raise ContractError(f"{where}.begin: the body takes no {entity.begin!r}.")
    if entity.before_create == "look_up" and entity.find is None:
        raise ContractError(f"{where}.before_create: look_up needs find.")
    if entity.unique_external_id and (entity.upsert or entity.external_id is None):
        raise ContractError(f"{where}.unique_external_id: external_id is needed, and no upsert.")
    if entity.before_create and entity.external_id is None:
        raise ContractError(f"{where}.before_create: external_id is needed.")
    if entity.list_below and entity.list_below.entity not in {p.entity for p in entity.parents}:
        raise ContractError(f"{where}.list_below: {entity.list_below.entity!r} is no parent.")
    if entity.refer_by == "external_id" and entity.external_id is None:
        raise ContractError(f"{where}.refer_by: external_id is needed.")


def _sentence(entry: Json, key: str, where: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or (key in entry and not value.strip()):
        raise ContractError(f"{where}.{key}: a sentence is needed.")
    return value


def _one_of(entry: Json, key: str, allowed: tuple[Any, ...], where: str) -> Any:
    value = entry.get(key, allowed[0])
    if value not in allowed:
        words = ", ".join(str(word) for word in allowed if word != "")
        raise ContractError(f"{where}.{key} is {value!r}; allowed: {words}.")
    return value
