"""The generic sandbox with the login of the contract, and contracts that have a state."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.logins import ByToken
from pipelines.sandbox.play.resources import Resource
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Call, Option, PartnerAnswer

CONTRACTS = "/sites/{siteId}/doors/{doorId}/contracts/{id}"


class Partner(ByToken):
    """Plays `stated`."""

    demo: ClassVar[Mapping[str, str]] = {
        "client_id": "sandbox",
        "client_secret": "sandbox+st/ated=%",
        "password": "sandbox & stated",
    }

    keeps_ids_unique = False
    options: ClassVar[Mapping[str, Option]] = {
        **ByToken.options,
        "status": Option("planned", "the state of all contracts"),
        "hides": Option("no", "whether lists of contracts are empty", ("no", "yes")),
        "shown_status": Option("", "the state that is shown, if another"),
    }

    def computed(self, resource: Resource, record: Record) -> Json:
        """The state of a contract."""
        shown = self.settings["shown_status"] or self.settings["status"]
        return {"status": shown} if resource.name == CONTRACTS else {}

    def list_records(self, resource: Resource, call: Call) -> PartnerAnswer:
        """Contracts may be late in lists."""
        if resource.name == CONTRACTS and self.settings["hides"] == "yes":
            return PartnerAnswer(200, {"items": [], "total": 0})
        return super().list_records(resource, call)

    def apply(self, resource: Resource, record: Record, changes: Json) -> Record:
        """An active contract takes an end, and nothing else."""
        status = self.settings["status"]
        if resource.name == CONTRACTS and (
            status == "ended" or (status == "active" and changes.keys() - {"until"})
        ):
            raise ApiError(409, "state", "Its state does not allow that.")
        return super().apply(resource, record, changes)

    def before_delete(self, resource: Resource, record: Record) -> None:
        """Only a planned contract can be deleted."""
        if resource.name == CONTRACTS and self.settings["status"] != "planned":
            raise ApiError(409, "state", "Its state does not allow that.")

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """One sentence."""
        words = "; ".join(f"{refusal.field}: {refusal.message}" for refusal in error.refused)
        return PartnerAnswer(error.status, {"message": words or error.message}, error.headers)
