"""The generic sandbox with a key in the query."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.wire import ApiError, Call, PartnerAnswer


class Partner(Base):
    """Plays `keyed`."""

    demo: ClassVar[Mapping[str, str]] = {"api_key": "sandbox-keyed"}
    created_status = 200
    keeps_ids_unique = False

    def authenticate(self, call: Call) -> str:
        """The one key."""
        if call.query.get("api_key") != self.demo["api_key"]:
            raise ApiError(401, "unauthorized", "not authorized")
        return self.demo["api_key"]

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A map of fields, or one sentence."""
        fields = {refusal.field: [refusal.message] for refusal in error.refused}
        return PartnerAnswer(
            error.status, {"errors": fields} if fields else {"error": error.message}, error.headers
        )
