"""QUIS in the sandbox: a key in the query, nested groups, addresses that are looked up, a limit for each day."""

import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pipelines.sandbox.play.faults import CALM, Fate
from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Call, Option, PartnerAnswer, PartnerPage

GROUPS, PROPERTIES = "/property_groups/{id}", "/properties/{id}"
APPLICATION = {GROUPS: "estate_groups", PROPERTIES: "estates"}
PREFIX, VERSION = "/api/v2", "2.14.0"
HOUR = 3_600
DAY = 24 * HOUR


class Partner(Base):
    """Plays QUIS' property groups and properties as its pages describe them."""

    demo: ClassVar[Mapping[str, str]] = {"api_key": "sandbox-quis"}
    options: ClassVar[Mapping[str, Option]] = {
        "per_day": Option("0", "requests in one day, told in the headers of every answer; 0: any number"),
        "day_starts": Option("0", "hour (UTC) at which a day of requests starts"),
        "unknown_address": Option("", "addresses that contain this text are not found"),
    }
    invalid_status = 400
    unknown_parent_status = 400
    created_status = 200
    keeps_ids_unique = False

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self._day, self._used = 0, 0

    def relative(self, path: str) -> str | None:
        """The path behind the version."""
        return path.removeprefix(PREFIX) if path.startswith(PREFIX + "/") else None

    def answer(self, call: Call, fate: Fate = CALM) -> PartnerAnswer:
        """Every answer says what is left of the day."""
        answer = super().answer(call, fate)
        return replace(answer, headers={**answer.headers, **self._left()})

    def authenticate(self, call: Call) -> str:
        """The key, and a request that the day still has."""
        if call.query.get("api_key") != self.demo["api_key"]:
            raise ApiError(401, "unauthorized", "not authorized")
        today = self._today()
        self._day, self._used = today, self._used if today == self._day else 0
        if self.number("per_day") and self._used >= self.number("per_day"):
            raise ApiError(429, "limit", "rate limit exceeded")
        self._used += 1
        return self.demo["api_key"]

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
        """A place is given by coordinates, else by an address that can be found."""
        location = body.get("location")
        if location is None or location.get("coordinates"):
            return ()
        if not location.get("address"):
            return [Violation("location", "needs address or coordinates", "required")]
        written = _one_line(location["address"])
        if not written or (self.settings["unknown_address"] and self.settings["unknown_address"] in written):
            raise ApiError(400, "not_found", "address or coordinate not found")
        return ()

    def computed(self, resource: Resource, record: Record) -> Json:
        """The address in one line with its coordinates, what lies below, the link into the web application."""
        url = f"https://quis.de/app/companies/1/{APPLICATION[resource.name]}/{record.id}"
        shown: Json = {"meta": {"url": url, "version": VERSION}}
        if record.body.get("location"):
            shown["location"] = _found(record.body["location"])
        if resource.name == GROUPS:
            for name, target in (("totalProperties", PROPERTIES), ("totalPropertyGroups", GROUPS)):
                shown[name] = len(self.store.children(self.name, target, GROUPS, record.id, "parentId"))
        return shown

    def list_answer(
        self, resource: Resource, items: list[Json], total: int, page: PartnerPage
    ) -> PartnerAnswer:
        """Items without their links."""
        plain = [{name: value for name, value in item.items() if name != "meta"} for item in items]
        body = {"items": plain, "totalItems": total, "meta": {"url": None, "version": VERSION}}
        return PartnerAnswer(200, body)

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A map of the refused fields, or one sentence."""
        fields: Json = {}
        for refusal in error.refused:
            fields.setdefault(refusal.field or "base", []).append(refusal.message)
        return PartnerAnswer(
            error.status, {"errors": fields} if fields else {"error": error.message}, error.headers
        )

    def _today(self) -> int:
        return int((time.time() - self.number("day_starts") * HOUR) // DAY)

    def _left(self) -> dict[str, str]:
        most = self.number("per_day")
        if not most:
            return {}
        reset = (self._today() + 1) * DAY + self.number("day_starts") * HOUR
        left = {"Limit": most, "Remaining": max(0, most - self._used), "Reset": reset}
        return {f"X-RateLimit-{name}": str(value) for name, value in left.items()}


def _one_line(address: Json) -> str:
    """The address as QUIS shows it: what is unstructured wins."""
    if address.get("unstructured"):
        return str(address["unstructured"])
    lines = [("street", "houseNumber"), ("postCode", "city")]
    parts = [" ".join(address[name] for name in line if address.get(name)) for line in lines]
    return ", ".join(part for part in parts if part)


def _found(location: Json) -> Json:
    """The place as QUIS shows it; coordinates that are not given are made up from the address, always the same."""
    address = _one_line(location.get("address") or {})
    seed = zlib.crc32(address.encode())
    made_up = {"latitude": 47 + seed % 8000 / 1000, "longitude": 6 + seed % 9000 / 1000}
    shown: Json = {"coordinates": location.get("coordinates") or made_up}
    return {**shown, "address": {"unstructured": address}} if address else shown
