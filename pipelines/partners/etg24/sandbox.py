"""etg24 in the sandbox: static token, two external-id modes, few requests at a time, sync switched by Objekt."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Call, Option, PartnerAnswer, PartnerPage, bearer

OBJECTS, UNITS, CONTRACTS = "/objects/{id}", "/units/{id}", "/contracts/{id}"


class Partner(Base):
    """Plays etg24 as its contract proposes it."""

    demo: ClassVar[Mapping[str, str]] = {"api_token": "sandbox-etg24"}
    options: ClassVar[Mapping[str, Option]] = {
        "external_ids": Option(
            "everywhere", "where extId is known: everywhere, or only where etg24's paper has it",
            ("everywhere", "documented"),
        ),
        "in_flight": Option("2", "more requests at the same time are answered with 429; 0: any number"),
        "prefix": Option("/v1", "path prefix of the version; may be empty"),
        "sync_off": Option("", "Objekte (id or extId, separated by commas) below which nothing may be written"),
        "unknown_fields": Option(
            "reject", "what happens to fields the contract does not have", ("ignore", "reject")
        ),
    }  # fmt: skip
    created_field = "createdAt"
    updated_field = "updatedAt"
    changed_since = "updatedSince"

    def authenticate(self, call: Call) -> str:
        """One static token, withdrawn in every epoch but the first."""
        token = bearer(call)
        if token != self.demo["api_token"] or self.number("token_epoch"):
            raise ApiError(401, "unauthorized", "The API token is missing or unknown.")
        return token

    def relative(self, path: str) -> str | None:
        """The path behind the version prefix."""
        prefix = self.settings["prefix"].rstrip("/")
        return path.removeprefix(prefix) if path.startswith(prefix + "/") else None

    def external_id_field(self, resource: Resource) -> str | None:
        """extId, in the documented mode only where etg24's paper names it."""
        known = resource.create["properties"]["extId"]["x-confidence"]
        everywhere = self.settings["external_ids"] == "everywhere"
        return "extId" if everywhere or known == "documented" else None

    def refuses_unknown_query(self, call: Call) -> bool:
        """As strict as with fields."""
        return self.settings["unknown_fields"] == "reject"

    def refuses_large_pages(self) -> bool:
        """More than 200 is an unknown query value."""
        return True

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
        """A unit's number is unique in its object; a contract keeps its type and ends after it begins."""
        if resource.name == UNITS:
            same = self.store.siblings_with(
                self.name, UNITS, OBJECTS, body["objectId"], "number", body["number"]
            )
            if any(before is None or id_ != before.id for id_ in same):
                yield Violation("number", "is taken in this object", "unique")
        if resource.name == CONTRACTS:
            if before and before.body["contractType"] != body["contractType"]:
                yield Violation("contractType", "cannot be changed", "constant")
            if body["validTo"] and body["validTo"] < body["validFrom"]:
                yield Violation("validTo", "lies before validFrom", "order")

    def check_write(self, resource: Resource, references: Mapping[str, list[str]]) -> None:
        """403 below an Objekt that does not take part."""
        off = {name for name in self.settings["sync_off"].split(",") if name}
        if off and off & self._objects_above(resource.name, references):
            raise ApiError(403, "sync_off", "The Objekt is not switched on for the sync.")

    def list_answer(
        self, resource: Resource, items: list[Json], total: int, page: PartnerPage
    ) -> PartnerAnswer:
        """Records under `data`, the place in the list under `meta`."""
        meta = {"page": page.number, "limit": page.limit, "total": total, "totalPages": page.pages(total)}
        return PartnerAnswer(200, {"data": items, "meta": meta})

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A word, a sentence and the refused fields."""
        details = [{"field": refusal.field, "message": refusal.message} for refusal in error.refused]
        body = {"error": {"code": error.code, "message": error.message, "details": details}}
        return PartnerAnswer(error.status, body, error.headers)

    def _objects_above(self, name: str, references: Mapping[str, list[str]]) -> set[str]:
        found = set[str]()
        for field, ids in references.items():
            target = self.resources[name].references[field]
            for id_ in ids:
                if target == OBJECTS:
                    found |= {id_, *self.store.external_ids(self.name, target, id_)}
                above: dict[str, list[str]] = {}
                for upper, _, upper_id in self.store.references(self.name, target, id_):
                    above.setdefault(upper, []).append(upper_id)
                found |= self._objects_above(target, above)
        return found
