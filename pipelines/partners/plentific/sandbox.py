"""Plentific in the sandbox: client credentials, a version in the path, lists paged by headers."""

import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pipelines.sandbox.play import tokens
from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, PartnerPage, bearer

LOCATIONS = "/locations/{id}"
OLD_NAMES = {
    "properties": "locations",
    "landlords": "owners",
    "tenants": "tenants",
    "location-types": "location-types",
}
TYPES = {
    "estate": "6a0b3c1e-0000-4000-8000-000000000001",
    "block": "6a0b3c1e-0000-4000-8000-000000000002",
    "unit": "6a0b3c1e-0000-4000-8000-000000000003",
}


class Partner(Base):
    """Plays Plentific's Client API as its contract proposes it."""

    demo: ClassVar[Mapping[str, str]] = {"client_id": "sandbox", "client_secret": "sandbox-plentific"}
    options: ClassVar[Mapping[str, Option]] = {
        "naming": Option(
            "locations", "names in the paths: locations and owners, or properties and landlords",
            ("locations", "properties"),
        ),
        "token_seconds": Option("36000", "how long a token lasts"),
        "versions": Option("2023-02-01", "versions that exist, separated by commas"),
    }  # fmt: skip
    created_field = "created_at"
    updated_field = "updated_at"
    changed_since = "updated_after"

    def routes(self) -> dict[tuple[str, str], Handler]:
        """The login and the catalogue of location types."""
        return {("post", "/token"): self._token, ("get", "/location-types"): self._location_types}

    def relative(self, path: str) -> str | None:
        """The path behind the version, in the names of the contract."""
        _, version, *rest = path.split("/")
        if version not in self.settings["versions"].split(",") or not rest:
            raise ApiError(404, "unknown_version", "There is no such version.")
        if self.settings["naming"] == "properties" and rest[0] != "token":
            rest[0] = OLD_NAMES.get(rest[0], "")
        return "/" + "/".join(rest)

    def authenticate(self, call: Call) -> str:
        """A token of this epoch that has not run out."""
        claims = tokens.read(bearer(call), self.secret, time.time())
        if claims is None or claims.get("epoch") != self.settings["token_epoch"]:
            raise ApiError(401, "unauthorized", "The access token is missing, unknown or expired.")
        return bearer(call)

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
        """A unit has a parent, and tenants and owners have units."""
        if resource.name == LOCATIONS:
            if body["type_uuid"] not in TYPES.values():
                yield Violation("type_uuid", "is no location type", "unknown_parent")
            if body["type_uuid"] == TYPES["unit"] and body["parent_uuid"] is None:
                yield Violation("parent_uuid", "is required for a unit", "required")
            return
        field = "location_uuid" if "location_uuid" in body else "location_uuids"
        ids = [body[field]] if field == "location_uuid" else body[field]
        locations = [self.store.get(self.name, LOCATIONS, id_) for id_ in ids]
        if any(location and location.body["type_uuid"] != TYPES["unit"] for location in locations):
            yield Violation(field, "is not a unit", "unknown_parent")

    def computed(self, resource: Resource, record: Record) -> Json:
        """Fields that the contract does not have: answers may grow at any time."""
        extra: Json = {"tags": []}
        return extra | {"uprn": None, "vulnerable_resident": None} if resource.name == LOCATIONS else extra

    def select(self, resource: Resource, filters: Json, page: PartnerPage) -> tuple[list[Record], int]:
        """The filter for owners is singular, their field is not."""
        if "location_uuid" in filters and "location_uuids" in resource.references:
            filters = {**filters, "location_uuids": filters["location_uuid"]}
            del filters["location_uuid"]
        return super().select(resource, filters, page)

    def list_answer(
        self, resource: Resource, items: list[Json], total: int, page: PartnerPage
    ) -> PartnerAnswer:
        """The body is the list."""
        return self._counted(items, total)

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A list of errors; a refused token only gets a message."""
        if error.status == 401:
            return PartnerAnswer(401, {"message": error.message}, error.headers)
        errors: list[Json] = [
            {"field": refusal.field, "code": refusal.rule, "message": refusal.message}
            for refusal in error.refused
        ]
        errors = errors or [{"field": None, "code": error.code, "message": error.message}]
        return PartnerAnswer(error.status, {"errors": errors}, error.headers)

    def _token(self, call: Call) -> PartnerAnswer:
        given = self.json(call)
        if {name: given[name] for name in self.demo} != self.demo:
            raise ApiError(401, "unauthorized", "Client id or secret is wrong.")
        seconds = self.number("token_seconds")
        claims = {
            "sub": given["client_id"],
            "exp": time.time() + seconds,
            "jti": secrets.token_hex(8),
            "epoch": self.settings["token_epoch"],
        }
        token = tokens.sign(claims, self.secret)
        body = {"access_token": token, "expires_in": seconds, "token_type": "Bearer", "scope": "organisation"}
        return PartnerAnswer(200, body)

    def _location_types(self, call: Call) -> PartnerAnswer:
        page = self.page_of(call, {})
        kinds = [{"uuid": uuid, "slug": slug, "name": slug.title()} for slug, uuid in TYPES.items()]
        return self._counted(kinds[page.offset : page.offset + page.limit], len(kinds))

    def _counted(self, items: list[Any], total: int) -> PartnerAnswer:
        return PartnerAnswer(200, items, {self.contract.paging.count: str(total)})
