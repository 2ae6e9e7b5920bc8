"""The generic sandbox with a PATCH that merges objects."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.wire import ApiError, Call, PartnerAnswer, bearer


class Partner(Base):
    """Plays `searched`."""

    demo: ClassVar[Mapping[str, str]] = {"token": "sandbox-searched"}
    invalid_status = 400
    created_status = 200
    keeps_ids_unique = False
    merges = True

    def authenticate(self, call: Call) -> str:
        """The one token."""
        if bearer(call) != self.demo["token"]:
            raise ApiError(401, "invalid_token", "The access token is invalid.")
        return bearer(call)

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """One sentence."""
        words = "; ".join(f"{refusal.field}: {refusal.message}" for refusal in error.refused)
        return PartnerAnswer(error.status, {"message": words or error.message}, error.headers)
