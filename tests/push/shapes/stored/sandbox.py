"""The sandbox of partners with documents, with one token."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.content import ContentPartner
from pipelines.sandbox.play.wire import ApiError, Call, PartnerAnswer


class Partner(ContentPartner):
    """Plays `stored`."""

    demo: ClassVar[Mapping[str, str]] = {"token": "sandbox-stored"}

    def authenticate(self, call: Call) -> str:
        """The one token."""
        if call.headers.get("token") != self.demo["token"]:
            raise ApiError(401, "unauthorized", "Who are you?")
        return self.demo["token"]

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """The refused fields in a list."""
        errors = [{"field": refusal.field, "text": refusal.message} for refusal in error.refused]
        body = {"code": error.code, "detail": error.message, "errors": errors}
        return PartnerAnswer(error.status, body, error.headers)
