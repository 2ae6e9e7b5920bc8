"""dormakaba resivo in the sandbox: tokens of 300 s, a version in the path, sites of its own, contracts with a state."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from pipelines.sandbox.play.logins import ByToken
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, PartnerPage

SITES = "/site-owners/{site_owner_id}/sites"
SITE, UNIT = "/sites/{id}", "/sites/{siteId}/rental-units/{id}"
CONTRACT = "/sites/{siteId}/rental-units/{rentalUnitId}/contracts/{id}"
END = "plannedMoveOutDate"


class Partner(ByToken):
    """Plays resivo as its contract proposes it."""

    demo: ClassVar[Mapping[str, str]] = {
        "client_id": "sandbox",
        "client_secret": "sandbox-dormakaba",
        "site_owner_id": "sandbox-owner",
    }
    options: ClassVar[Mapping[str, Option]] = {
        **ByToken.options,
        "versions": Option("v8", "versions that exist, separated by commas; v4 to v7 are those that have ended"),
        "sites": Option(
            "asked", "asked: a site that is looked for by its external id is there; made: none but those made by hand",
            ("asked", "made"),
        ),
        "scope": Option("", "the one site (id) that the credentials reach; empty: all of the site owner"),
        "status": Option("planned", "the state of all contracts", ("planned", "active", "ended")),
    }  # fmt: skip

    def routes(self) -> dict[tuple[str, str], Handler]:
        """The login, and the list of sites."""
        return {**super().routes(), ("get", SITES): self._sites}

    def relative(self, path: str) -> str | None:
        """The path behind the version; one that has ended is gone."""
        _, version, *rest = path.split("/")
        if version not in self.settings["versions"].split(","):
            ended = version in ("v4", "v5", "v6", "v7", "v8")
            raise ApiError(410 if ended else 404, "unknown_version", "There is no such version any more.")
        inner = "/" + "/".join(rest)
        scope = self.settings["scope"]
        if scope and len(rest) > 1 and rest[0] == "sites" and rest[1] != scope:
            raise ApiError(403, "forbidden", "The credentials do not reach this site.")
        return inner

    def computed(self, resource: Resource, record: Record) -> Json:
        """States that resivo keeps itself."""
        if resource.name == CONTRACT:
            return {"status": self.settings["status"]}
        if resource.name == UNIT:
            is_rented = self.store.is_referred_to(self.name, UNIT, record.id)
            return {"status": "rented" if is_rented else "vacant"}
        return {}

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
        """Exactly one tenant is the main contact."""
        tenants = body.get("tenants") or []
        if resource.name == CONTRACT and sum(tenant["isMainContact"] for tenant in tenants) != 1:
            yield Violation("tenants", "needs exactly one main contact", "main_contact")

    def apply(self, resource: Resource, record: Record, changes: Json) -> Record:
        """A planned contract takes everything, an active one its end, one that has ended nothing."""
        status = self.settings["status"]
        if resource.name == CONTRACT and (
            status == "ended" or (status == "active" and changes.keys() - {END})
        ):
            raise ApiError(409, "state", f"The contract is {status}.")
        return super().apply(resource, record, changes)

    def before_delete(self, resource: Resource, record: Record) -> None:
        """Only a planned contract can be deleted."""
        if resource.name == CONTRACT and self.settings["status"] != "planned":
            raise ApiError(409, "state", f"The contract is {self.settings['status']}.")

    def list_answer(
        self, resource: Resource, items: list[Json], total: int, page: PartnerPage
    ) -> PartnerAnswer:
        """The body is the list."""
        return PartnerAnswer(200, items)

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A status and a sentence, with the fields in it."""
        words = "; ".join(f"{refusal.field}: {refusal.message}" for refusal in error.refused)
        body = {"statusCode": error.status, "message": words or error.message}
        return PartnerAnswer(error.status, body, error.headers)

    def _sites(self, call: Call) -> PartnerAnswer:
        if call.params["site_owner_id"] != self.demo["site_owner_id"] or self.settings["scope"]:
            raise ApiError(403, "forbidden", "The credentials do not reach this site owner.")
        resource = self.resources[SITE]
        wanted = call.query.get("externalId")
        if wanted and self.settings["sites"] == "asked":
            known = self.store.by_external_id(self.name, resource.name, wanted)
            if not known:
                self.add(resource, {**resource.defaults(), "externalId": wanted, "displayName": wanted})
        return self.list_records(resource, call)
