"""The generic sandbox with a key in a header."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.wire import ApiError, Call, PartnerAnswer


class Partner(Base):
    """Plays `paged`."""

    demo: ClassVar[Mapping[str, str]] = {"api_key": "sandbox-paged"}
    keeps_ids_unique = False

    def authenticate(self, call: Call) -> str:
        """The one key."""
        if call.headers.get("x-key") != self.demo["api_key"]:
            raise ApiError(401, "unauthorized", "Who are you?")
        return self.demo["api_key"]

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A message and the refused fields."""
        errors = [{"field": refusal.field, "message": refusal.message} for refusal in error.refused]
        return PartnerAnswer(error.status, {"message": error.message, "errors": errors}, error.headers)
