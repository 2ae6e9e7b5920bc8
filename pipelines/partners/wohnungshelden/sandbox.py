"""Wohnungshelden in the sandbox: our object number in the path, deleted listings stay as inactive ones."""

from collections.abc import Mapping
from typing import ClassVar
from xml.etree import ElementTree as ET

from pipelines.sandbox.play.openimmo import OpenImmoPartner as Base
from pipelines.sandbox.play.resources import Resource
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Call, PartnerAnswer, bearer

PLACES = {"street": "strasse", "houseNumber": "hausnummer", "zipCode": "plz", "city": "ort"}


class Partner(Base):
    """Plays the intake of listings as this project proposes it; the vendor has not described it."""

    demo: ClassVar[Mapping[str, str]] = {"api_token": "sandbox-wohnungshelden"}

    def authenticate(self, call: Call) -> str:
        """The token as a bearer, or in a header of its own."""
        token = bearer(call) or call.headers.get("x-api-key", "")
        if token != self.demo["api_token"]:
            raise ApiError(401, "unauthorized", "The token is missing or wrong.")
        return token

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A code and a sentence; which field was wrong it does not say."""
        return PartnerAnswer(error.status, {"code": error.code, "message": error.message}, error.headers)

    def fields_of(self, given: ET.Element) -> Json:
        """A listing out of an immobilie."""
        place = {name: given.findtext(f"geo/{path}") for name, path in PLACES.items()}
        rent = given.findtext("preise/nettokaltmiete")
        return {
            "title": given.findtext("freitexte/objekttitel"),
            "address": place,
            "netColdRent": float(rent) if rent else None,
            "status": "ACTIVE",
        }

    def put(self, resource: Resource, body: Json, external_id: str) -> tuple[Record, bool]:
        """A listing that is written is active, whatever it was before."""
        record, is_new = super().put(resource, body, external_id)
        return self.apply(resource, record, {"status": "ACTIVE"}), is_new

    def remove(self, resource: Resource, record: Record) -> None:
        """A listing that is removed stays, inactive, with its applications."""
        self.apply(resource, record, {"status": "INACTIVE"})
