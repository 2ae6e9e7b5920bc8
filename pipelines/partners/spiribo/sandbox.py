"""Spiri.Bo in the sandbox: a key in a header, our ids in the path, lists by cursor, parents that stay, bytes by PUT."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pipelines.sandbox.play.content import CONTENT_OPTIONS, ContentPartner
from pipelines.sandbox.play.resources import Resource
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Call, Option, PartnerAnswer, bearer


class Partner(ContentPartner):
    """Plays Spiri.Bo's area silo, whose paths and fields are this project's proposal."""

    demo: ClassVar[Mapping[str, str]] = {"api_key": "sandbox-spiribo"}
    options: ClassVar[Mapping[str, Option]] = {
        "key_in": Option("x-api-key", "which header carries the key", ("x-api-key", "bearer")),
        "content_most": CONTENT_OPTIONS["content_most"],
    }
    invalid_status = 400

    def authenticate(self, call: Call) -> str:
        """The one key, in the one header."""
        given = bearer(call) if self.settings["key_in"] == "bearer" else call.headers.get("x-api-key", "")
        if given != self.demo["api_key"]:
            raise ApiError(401, "unauthorized", "The key is missing or wrong.")
        return given

    def computed(self, resource: Resource, record: Record) -> Json:
        """Spiri.Bo's own id."""
        return {"id": record.id if not resource.id_is_ours else f"silo-{record.seq}"}

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A code, a sentence and the refused fields; of an unknown parent its field alone."""
        details = [{"field": each.field, "message": each.message} for each in error.refused]
        code = {"invalid": "validation", "unknown_parent": "unknown_reference"}.get(error.code, error.code)
        told: dict[str, Any] = {"code": code, "message": error.message}
        if code == "unknown_reference":
            told["field"] = error.refused[0].field
        elif details:
            told["details"] = details
        return PartnerAnswer(error.status, {"error": told}, error.headers)
