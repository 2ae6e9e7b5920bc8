"""casavi in the sandbox: a token header, our ids in the path, street lines and contracts shown where they belong."""

import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

from pipelines.sandbox.play import tokens
from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, PartnerPage, stamp

PROPERTIES, UNITS = "/v2/properties/{id}", "/v2/units/{id}"
CONTACTS, CONTRACTS = "/v2/contacts/{id}", "/v2/contracts/{id}"
INACTIVE = "includeInactiveContracts"
EMBEDDED = ("type", "propertyId", "unitId", "startDate", "endDate")
MONTH = 30 * 24 * 3600


class Partner(Base):
    """Plays casavi's Manager API v2; how it writes is this project's proposal."""

    demo: ClassVar[Mapping[str, str]] = {"key": "sandbox", "secret": "sandbox-casavi"}
    options: ClassVar[Mapping[str, Option]] = {"token_seconds": Option(str(MONTH), "how long a token lasts")}
    invalid_status = 400
    unknown_parent_status = 404
    changed_since = "modifiedAfter"

    def routes(self) -> dict[tuple[str, str], Handler]:
        """The login."""
        return {("post", "/v2/authenticate"): self._token}

    def authenticate(self, call: Call) -> str:
        """A token of this epoch that has not run out, in the header `token`; a Bearer header is not looked at."""
        token = call.headers.get("token", "")
        claims = tokens.read(token, self.secret, time.time())
        if claims is None or claims.get("epoch") != self.settings["token_epoch"]:
            raise ApiError(401, "unauthorized", "The token is missing, unknown or expired.")
        return token

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
        """A contact has a name."""
        if resource.name == CONTACTS and not body["lastName"] and not body["companyName"]:
            yield Violation("lastName", "or companyName is required", "required")

    def computed(self, resource: Resource, record: Record) -> Json:
        """casavi's own id and link, the street lines of a property, the contracts of a unit and of a contact."""
        found: Json = {"internalId": record.seq}
        if resource.name != CONTRACTS:
            kind = resource.collection.rpartition("/")[2]
            found["appLink"] = f"https://app.mycasavi.com/{kind}/{record.seq}"
        if resource.name == PROPERTIES and record.body["addresses"] is None:
            found["addresses"] = self._addresses(record)
        if resource.name in (UNITS, CONTACTS):
            contracts = self.store.children(self.name, CONTRACTS, resource.name, record.id)
            found["contracts"] = [{name: c.body[name] for name in EMBEDDED} for c in contracts]
        if resource.name == CONTACTS:
            found["isRegistered"] = False
        return found

    def select(self, resource: Resource, filters: Json, page: PartnerPage) -> tuple[list[Record], int]:
        """Whether ended contracts are shown filters no units."""
        return super().select(
            resource, {name: value for name, value in filters.items() if name != INACTIVE}, page
        )

    def list_records(self, resource: Resource, call: Call) -> PartnerAnswer:
        """Ended contracts are hidden from units unless they are asked for."""
        answer = super().list_records(resource, call)
        if resource.name == UNITS and call.query.get(INACTIVE, "").lower() != "true":
            return PartnerAnswer(
                200, {**answer.body, "list": [_running(unit) for unit in answer.body["list"]]}
            )
        return answer

    def single(self, resource: Resource, shown: Json) -> Any:
        """One record; a unit without its ended contracts."""
        return _running(shown) if resource.name == UNITS else shown

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A message and the refused fields."""
        errors = [{"field": refusal.field, "message": refusal.message} for refusal in error.refused]
        return PartnerAnswer(error.status, {"message": error.message, "errors": errors}, error.headers)

    def _addresses(self, record: Record) -> list[Json]:
        """The units of a property by their street line."""
        streets: dict[str, list[str]] = {}
        for unit in self.store.children(self.name, UNITS, PROPERTIES, record.id):
            if unit.body["address"]:
                streets.setdefault(unit.body["address"], []).append(unit.id)
        return [{"street": street, "units": sorted(units)} for street, units in sorted(streets.items())]

    def _token(self, call: Call) -> PartnerAnswer:
        given = self.json(call)
        if {name: given[name] for name in self.demo} != self.demo:
            raise ApiError(401, "unauthorized", "Key or secret is wrong.")
        expires = time.time() + self.number("token_seconds")
        claims = {"exp": expires, "jti": secrets.token_hex(8), "epoch": self.settings["token_epoch"]}
        return PartnerAnswer(200, {"token": tokens.sign(claims, self.secret), "expiresAt": stamp(expires)})


def _running(unit: Json) -> Json:
    """A unit with the contracts that have not ended."""
    today = date.today().isoformat()
    return {**unit, "contracts": [c for c in unit["contracts"] if (c["endDate"] or today) >= today]}
