"""The generic sandbox of a partner that takes files; it counts how often an object was sent as a new one."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.openimmo import OpenImmoPartner
from pipelines.sandbox.play.store import Json
from pipelines.sandbox.play.wire import ApiError, Call, PartnerAnswer, bearer


class Partner(OpenImmoPartner):
    """Plays `filed`."""

    demo: ClassVar[Mapping[str, str]] = {"api_token": "sandbox-filed"}

    def authenticate(self, call: Call) -> str:
        """The one token."""
        if bearer(call) != self.demo["api_token"]:
            raise ApiError(401, "unauthorized", "not authorized")
        return bearer(call)

    def known_again(self, before: Json, aktion: str) -> Json:
        """How often the object came as a new one: a careless partner makes another each time."""
        return {"adds": before.get("adds", 0) + (not aktion)}

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A code and a sentence."""
        return PartnerAnswer(error.status, {"code": error.code, "message": error.message}, error.headers)
