"""The generic sandbox for folders in folders, and persons whose e-mail and phone nobody else may have."""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Call, Option, PartnerAnswer


class Partner(Base):
    """Plays `nested`."""

    demo: ClassVar[Mapping[str, str]] = {"token": "sandbox-nested"}
    options: ClassVar[Mapping[str, Option]] = {
        "taken_as": Option("text", "how a taken value is told", ("text", "code", "otherwise")),
        "taken_status": Option("400", "the status of that refusal", ("400", "409", "422")),
    }
    invalid_status = 400

    def authenticate(self, call: Call) -> str:
        """The one token."""
        if call.headers.get("token") != self.demo["token"]:
            raise ApiError(401, "unauthorized", "Who are you?")
        return self.demo["token"]

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
        """Nobody shares an e-mail or a phone, and everybody has one of them; no folder lies within itself."""
        if resource.name == "/folders/{id}":
            return self._check_folder(body, before)
        return self._check_person(resource, body, before)

    def _check_folder(self, body: Json, before: Record | None) -> Iterator[Violation]:
        above = body.get("parent")
        while above is not None and before:
            if str(above) == before.id:
                yield Violation("parent", "lies within this one", "circle")
                return
            record = self.store.get(self.name, "/folders/{id}", str(above))
            above = record.body.get("parent") if record else None

    def _check_person(self, resource: Resource, body: Json, before: Record | None) -> Iterator[Violation]:
        for name in ("email", "phone"):
            others = self.store.all(self.name, resource.name)
            if body.get(name) and any(
                o.body.get(name) == body[name] and (before is None or o.id != before.id) for o in others
            ):
                yield Violation(name, "A person with this value already exists.", "taken")
        if not body.get("email") and not body.get("phone"):
            yield Violation("email", "Give an e-mail or a phone.", "needed")

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """The refused fields as a map, or one sentence."""
        if not error.refused:
            return PartnerAnswer(error.status, {"detail": error.message}, error.headers)
        body: Json = {refusal.field: [refusal.message] for refusal in error.refused}
        taken = all(refusal.rule == "taken" for refusal in error.refused)
        if taken and self.settings["taken_as"] != "text":
            body = {refusal.field: ["Not this one."] for refusal in error.refused}
            body["code"] = "taken" if self.settings["taken_as"] == "code" else "wrong"
        status = int(self.settings["taken_status"]) if taken else error.status
        return PartnerAnswer(status, body, error.headers)
