"""Reads `x-partner.login` of a contract. Raises ContractError that names file and key."""

import re
from collections.abc import Collection

from pipelines.contract.model import ContractError, Json, Login
from pipelines.contract.parts import build, get

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def read_login(head: Json, document: Json, at: str) -> Login | None:
    """The login of a contract; None where the partner's own file has it."""
    if "login" not in head:
        return None
    at = f"{at}.login"
    given = dict(head["login"]) if isinstance(head["login"], dict) else {}
    path = get(given, "path", at)
    operation = document.get("paths", {}).get(path, {}).get("post", {})
    kinds = set(operation.get("requestBody", {}).get("content", {}))
    if len(kinds & {FORM, JSON}) != 1:
        raise ContractError(
            f"{at}.path: post {path!r} with one body, {FORM} or {JSON}, is needed under paths."
        )
    if operation.get("security") != []:
        raise ContractError(f"{at}.path: post {path!r} needs `security: []`, as nobody is logged in yet.")
    fields = {str(name): str(value) for name, value in get(given, "fields", at).items()}
    basic = tuple(given.get("basic", ()))
    if len(basic) not in (0, 2):
        raise ContractError(f"{at}.basic: two settings are needed, the user and the password.")
    known = {*head.get("credentials", ()), *head.get("settings", {})}
    _check_known(
        {*basic, *(name for value in fields.values() for name in re.findall(r"\{(\w+)\}", value))}, known, at
    )
    for server in document["paths"][path].get("servers", ()):
        if not str(server.get("url", "")).startswith("https://"):
            raise ContractError(f"{at}: credentials go by https only; its server is {server.get('url')!r}.")
    return build(Login, {**given, "fields": fields, "basic": basic, "is_form": FORM in kinds}, at)


def _check_known(names: Collection[str], known: Collection[str], at: str) -> None:
    for name in sorted(set(names) - set(known)):
        raise ContractError(f"{at} uses {name!r}, which is no credential and no setting of this contract.")
