"""PriceHubble in the sandbox: one token for hours, refusals in words, valuations that are always the same."""

import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Json, Record, changed
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, bearer

PROBLEM = {"content-type": "application/problem+json"}
COUNTRIES = ("AT", "BE", "CH", "CZ", "DE", "ES", "FR", "JP", "NL", "SK", "UK")
EUR_PER_M2 = {"valuationSale": 3200, "valuationRentNet": 11, "valuationRentGross": 14}


class Partner(Base):
    """Plays PriceHubble's dossiers as its pages and public client libraries show them."""

    demo: ClassVar[Mapping[str, str]] = {"username": "sandbox", "password": "sandbox-pricehubble"}
    options: ClassVar[Mapping[str, Option]] = {
        "token_seconds": Option("43200", "how long a token lasts"),
        "valuation": Option("on", "off: a valuation is refused with 403", ("on", "off")),
    }
    invalid_status = 400
    created_status = 200
    keeps_ids_unique = False
    merges = True
    created_field = "createdAt"
    updated_field = "modifiedAt"

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self._tokens: dict[tuple[str, str], float] = {}

    def routes(self) -> dict[tuple[str, str], Handler]:
        """The login and the valuation."""
        return {
            ("post", "/auth/login/credentials"): self._login,
            ("post", "/api/v1/dossiers/{id}/valuation"): self._value,
        }

    def authenticate(self, call: Call) -> str:
        """A token of this epoch that has not run out."""
        token = bearer(call)
        if self._tokens.get((token, self.settings["token_epoch"]), 0) <= time.time():
            raise ApiError(
                401, "invalid_token" if token else "invalid_request", "The access token is not good."
            )
        return token

    def accepted(self, resource: Resource, body: Json, is_new: bool) -> Json:
        """The country is judged before the rest."""
        if body.get("countryCode", "DE") not in COUNTRIES:
            raise ApiError(400, "country", "Unsupported country code")
        return super().accepted(resource, body, is_new)

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
        """Rules between fields, and one that moves with the calendar."""
        of = body["property"]
        if of["buildingYear"] > latest_year():
            yield Violation("buildingYear", "", "maximum")
        if of["propertyType"].get("code") == "house" and of.get("landArea") is None:
            yield Violation("landArea", "is required", "required")

    def create(self, resource: Resource, call: Call) -> PartnerAnswer:
        """Answers the id alone."""
        made = super().create(resource, call)
        return PartnerAnswer(made.status, {"id": made.body["id"]})

    def apply(self, resource: Resource, record: Record, changes: Json) -> Record:
        """The valuation of a property that has changed is stale."""
        after = super().apply(resource, record, changes)
        if after.body["property"] == record.body["property"]:
            return after
        return self._kept(after, {"isValuationStale": True})

    def delete(self, resource: Resource, call: Call) -> PartnerAnswer:
        """Answers null."""
        super().delete(resource, call)
        return PartnerAnswer(200, b"null", {"content-type": "application/json"})

    def computed(self, resource: Resource, record: Record) -> Json:
        """Whether it is to be valued anew."""
        return {"isValuationStale": record.body.get("isValuationStale", True)}

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """One sentence that begins with the field; a field that is absent is a 403."""
        if error.status == 401:
            headers = {"WWW-Authenticate": 'Bearer realm="service"', **error.headers}
            return PartnerAnswer(401, {"error": error.code, "error_description": error.message}, headers)
        for refusal in error.refused:
            name = refusal.field.rpartition(".")[2]
            if refusal.rule == "required":
                return PartnerAnswer(403, {"message": f"'{name}' is a required property"}, error.headers)
            message = f"{name}: {self._words(name, refusal)}"
            return PartnerAnswer(error.status, {"message": message}, {**error.headers, **PROBLEM})
        problem = PROBLEM if error.status in (400, 404) else {}
        return PartnerAnswer(error.status, {"message": error.message}, {**error.headers, **problem})

    def _words(self, name: str, refusal: Violation) -> str:
        resource = self.resources["/api/v1/dossiers/{id}"]
        limits = resource.create["properties"]["property"]["properties"].get(name, {})
        if refusal.rule not in ("minimum", "maximum") or "minimum" not in limits:
            return refusal.message
        return f"Must be between {limits['minimum']} and {limits.get('maximum', latest_year())}"

    def _login(self, call: Call) -> PartnerAnswer:
        given = self.json(call)
        if {name: given[name] for name in self.demo} != self.demo:
            raise ApiError(401, "invalid_grant", "User name or password is wrong.")
        token, seconds = secrets.token_hex(16), self.number("token_seconds")
        self._tokens[(token, self.settings["token_epoch"])] = time.time() + seconds
        return PartnerAnswer(200, {"access_token": token, "expires_in": seconds})

    def _value(self, call: Call) -> PartnerAnswer:
        resource = self.resources["/api/v1/dossiers/{id}"]
        record = self.store.get(self.name, resource.name, call.params["id"])
        if record is None:
            raise ApiError(404, "not_found", f"Dossier {call.params['id']} not found.")
        if self.settings["valuation"] == "off":
            raise ApiError(403, "forbidden", "Forbidden")
        area, day = record.body["property"]["livingArea"], datetime.now(UTC).date().isoformat()
        values: Json = {}
        for name, each in EUR_PER_M2.items():
            value = round(area * each, 2)
            span = {"lower": round(value * 0.9, 2), "upper": round(value * 1.1, 2)}
            values[name] = {
                "value": value,
                "valueRange": span,
                "valuationDate": day,
                "valuationConfidence": "good",
            }
        self._kept(record, {**values, "isValuationStale": False})
        return PartnerAnswer(200, values)

    def _kept(self, record: Record, values: Json) -> Record:
        after = changed(record, {**record.body, **values}, time.time())
        self.store.update(self.name, after)
        return after


def latest_year() -> int:
    """The latest year of construction that is taken."""
    return datetime.now(UTC).year + 3
