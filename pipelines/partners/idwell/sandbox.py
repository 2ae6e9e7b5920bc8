"""iDWELL in the sandbox: users with e-mail and phone of their own, a status that nobody writes, multipart bodies."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar, NoReturn

from pipelines.sandbox.play.content import CONTENT_OPTIONS, ContentPartner
from pipelines.sandbox.play.logins import ByToken
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Handler, Option, PartnerAnswer

USERS, LINKS = "/api/v1/users/{id}/", "/api/v1/flats/{flat}/users/{id}/"
DOCUMENTS = "/api/v1/documents/{id}/"
TAKEN = "user with this {} already exists."


class Partner(ContentPartner, ByToken):
    """Plays iDWELL's Public API as this project proposes it; roles, status and e-mails are as documented."""

    demo: ClassVar[Mapping[str, str]] = {
        "client_id": "sandbox",
        "client_secret": "sandbox-idwell-client",
        "username": "sandbox@example.org",
        "password": "sandbox-idwell",
    }
    options: ClassVar[Mapping[str, Option]] = {
        **ByToken.options,
        "token_seconds": Option("36000", "how long a token lasts"),
        "content_most": CONTENT_OPTIONS["content_most"],
        "phones": Option("unique", "whether two users may have one phone", ("unique", "shared")),
    }
    invalid_status = 400
    unknown_parent_status = 400

    def routes(self) -> dict[tuple[str, str], Handler]:
        """The login, and what takes bytes."""
        return {**ByToken.routes(self), **ContentPartner.routes(self)}

    def accepted(self, resource: Resource, body: Json, is_new: bool) -> Json:
        """The status of a user is read only: a body that has it is refused."""
        if resource.name == USERS and "status" in body:
            self._refuse([Violation("status", "This field is read only.", "read_only")])
        return super().accepted(resource, body, is_new)

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
        """A user has an e-mail or a phone, and shares neither."""
        if resource.name != USERS:
            return
        if not body["email"] and not body["phone"]:
            yield Violation("email", "E-mail or phone is required.", "required")
        unique = ("email", "phone") if self.settings["phones"] == "unique" else ("email",)
        for name in unique:
            if body[name] and any(
                other.body[name] == body[name] and (before is None or other.id != before.id)
                for other in self.store.all(self.name, USERS)
            ):
                yield Violation(name, TAKEN.format(name), "taken")

    def computed(self, resource: Resource, record: Record) -> Json:
        """A user whose links have all ended is blocked, else invited, as nobody logs in here; a document's checksum."""
        if resource.name == DOCUMENTS:
            return {"checksum": super().computed(resource, record).get("checksum")}
        if resource.name != USERS:
            return {}
        ends = [link.body["end_date"] for link in self.store.children(self.name, LINKS, USERS, record.id)]
        is_over = bool(ends) and all(end and end < date.today().isoformat() for end in ends)
        return {"status": "BLOCKED" if is_over else "INVITED"}

    def duplicate(self) -> NoReturn:
        """A taken external id is a refused field like any other."""
        taken = Violation("external_id", "record with this external id already exists.", "taken")
        raise ApiError(400, "invalid", "The body breaks a rule.", (taken,))

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """The refused fields with their sentences, or one sentence; the login answers as OAuth does."""
        body: dict[str, Any] = {}
        for refusal in error.refused:
            body.setdefault(refusal.field, []).append(refusal.message)
        if not body and error.code == "invalid_client":
            body = {"error": "invalid_grant", "error_description": error.message}
        return PartnerAnswer(error.status, body or {"detail": error.message}, error.headers)
