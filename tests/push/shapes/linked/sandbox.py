"""The generic sandbox with a token header."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.wire import ApiError, Call, PartnerAnswer


class Partner(Base):
    """Plays `linked`."""

    demo: ClassVar[Mapping[str, str]] = {"token": "sandbox-linked"}
    invalid_status = 400
    unknown_parent_status = 404

    def authenticate(self, call: Call) -> str:
        """The one token."""
        if call.headers.get("token") != self.demo["token"]:
            raise ApiError(401, "unauthorized", "Who are you?")
        return self.demo["token"]

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A message and the refused fields."""
        errors = [{"field": refusal.field, "message": refusal.message} for refusal in error.refused]
        return PartnerAnswer(error.status, {"message": error.message, "errors": errors}, error.headers)
