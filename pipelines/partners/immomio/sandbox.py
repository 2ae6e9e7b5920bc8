"""Immomio in the sandbox: two ways to log in, upserts under our id, an archive in the place of a delete, vacancies."""

import base64
import binascii
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

from pipelines.sandbox.play import tokens
from pipelines.sandbox.play.lists import answer as page_answer
from pipelines.sandbox.play.openimmo import IMPORT_OPTIONS
from pipelines.sandbox.play.openimmo import OpenImmoPartner as Base
from pipelines.sandbox.play.resources import Resource
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, PartnerPage, bearer

ADDRESS = {"street": "strasse", "houseNumber": "hausnummer", "zipCode": "plz", "city": "ort"}


class Partner(Base):
    """Plays Immomio's ERP API, all of which is this project's proposal."""

    demo: ClassVar[Mapping[str, str]] = {"username": "sandbox", "password": "sandbox-immomio"}
    options: ClassVar[Mapping[str, Option]] = {
        **IMPORT_OPTIONS,
        "archived": Option(
            "shown", "hidden: archived records are not in lists and answer 404", ("shown", "hidden")
        ),
        "login": Option("both", "which way to log in is open", ("both", "json", "basic")),
        "token_seconds": Option("3600", "how long a token lasts"),
    }
    invalid_status = 400

    def routes(self) -> dict[tuple[str, str], Handler]:
        """The login, and the import of vacancies."""
        return {**super().routes(), ("post", "/auth/login"): self._token}

    def authenticate(self, call: Call) -> str:
        """The API user, or a token of this epoch that has not run out."""
        way = self.settings["login"]
        if way != "json" and _basic(call) == (self.demo["username"], self.demo["password"]):
            return "basic"
        token = bearer(call)
        claims = tokens.read(token, self.secret, time.time())
        if way == "basic" or claims is None or claims.get("epoch") != self.settings["token_epoch"]:
            raise ApiError(401, "unauthorized", "Log in first.")
        return token

    def delete(self, resource: Resource, call: Call) -> PartnerAnswer:
        """Archives the record, whatever refers to it."""
        record = self._the_record(resource, call)
        self.apply(resource, record, {"active": False})
        return PartnerAnswer(204)

    def read(self, resource: Resource, call: Call) -> PartnerAnswer:
        """GET on a record."""
        if self._is_archived(self._the_record(resource, call)):
            raise ApiError(404, "not_found", "There is no such record.")
        return super().read(resource, call)

    def select(self, resource: Resource, filters: Json, page: PartnerPage) -> tuple[list[Record], int]:
        """One page of the records that are shown, and the number of all of them."""
        if self.settings["archived"] == "shown":
            return super().select(resource, filters, page)
        everything, _ = super().select(resource, filters, PartnerPage(10**9, 0))
        found = [record for record in everything if not self._is_archived(record)]
        return found[page.offset : page.offset + page.limit], len(found)

    def computed(self, resource: Resource, record: Record) -> Json:
        """Immomio's own id."""
        return {"id": record.seq}

    def refusal(self, given: ET.Element) -> str | None:
        """A vacancy needs a Nettokaltmiete."""
        return None if _rent(given) > 0 else "nettokaltmiete is missing or 0"

    def fields_of(self, given: ET.Element) -> Json:
        """What is kept of an immobilie."""
        address = {name: given.findtext(f"geo/{path}") for name, path in ADDRESS.items()}
        return {
            "title": given.findtext("freitexte/objekttitel"),
            "address": address,
            "baseRent": _rent(given),
        }

    def list_answer(
        self, resource: Resource, items: list[Json], total: int, page: PartnerPage
    ) -> PartnerAnswer:
        """A page, with its number and size."""
        found = page_answer(resource, items, total, page)
        found.body["page"] |= {"page": page.number - 1, "size": page.limit}
        return found

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """Status, its name, a sentence and the refused fields."""
        body: dict[str, Any] = {
            "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "status": error.status,
            "error": HTTPStatus(error.status).phrase,
            "message": error.message,
            "violations": [{"field": each.field, "message": each.message} for each in error.refused],
        }
        return PartnerAnswer(error.status, body, error.headers)

    def _is_archived(self, record: Record) -> bool:
        return self.settings["archived"] == "hidden" and record.body.get("active") is False

    def _token(self, call: Call) -> PartnerAnswer:
        given = self.json(call)
        if self.settings["login"] == "basic" or {name: given[name] for name in self.demo} != self.demo:
            raise ApiError(401, "unauthorized", "User name or password is wrong.")
        seconds = self.number("token_seconds")
        claims = {
            "exp": time.time() + seconds,
            "jti": secrets.token_hex(8),
            "epoch": self.settings["token_epoch"],
        }
        token = tokens.sign(claims, self.secret)
        return PartnerAnswer(
            200, {"accessToken": token, "refreshToken": secrets.token_hex(8), "expiresIn": seconds}
        )


def _rent(given: ET.Element) -> float:
    """The Nettokaltmiete; 0 without one, and for what is no number."""
    try:
        return float(given.findtext("preise/nettokaltmiete") or 0)
    except ValueError:
        return 0.0


def _basic(call: Call) -> tuple[str, ...]:
    """User and password of a request; empty without them."""
    scheme, _, words = call.headers.get("authorization", "").partition(" ")
    try:
        text = base64.b64decode(words, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ()
    return tuple(text.split(":", 1))
