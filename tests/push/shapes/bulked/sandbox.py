"""The generic sandbox with a token header and several upserts in one request."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.bulk import BulkPartner
from pipelines.sandbox.play.wire import ApiError, Call, PartnerAnswer


class Partner(BulkPartner):
    """Plays `bulked`."""

    demo: ClassVar[Mapping[str, str]] = {"token": "sandbox-bulked"}

    def authenticate(self, call: Call) -> str:
        """The one token."""
        if call.headers.get("token") != self.demo["token"]:
            raise ApiError(401, "unauthorized", "Who are you?")
        return self.demo["token"]

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """Code and message, and the refused fields where single ones are."""
        body = {"error": {"code": error.code, "message": error.message}}
        errors = [{"field": refusal.field, "message": refusal.message} for refusal in error.refused]
        return PartnerAnswer(error.status, {**body, "errors": errors} if errors else body, error.headers)
