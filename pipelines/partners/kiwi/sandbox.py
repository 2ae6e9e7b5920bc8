"""KIWI in the sandbox: a session key that expires, every answer in an envelope."""

import secrets
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.resources import Resource
from pipelines.sandbox.play.store import Json
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, PartnerPage, stamp

WORDS = {"/v1/units/{id}": "unit", "/v1/tenants/{id}": "tenant", "/v1/leases/{id}": "lease"}
EIGHT_DAYS = 8 * 24 * 3600
NINETY_DAYS = 90 * 24 * 3600


class Partner(Base):
    """Plays KIWI as this project proposes it; KIWI itself has not specified these records."""

    demo: ClassVar[Mapping[str, str]] = {"username": "sandbox", "password": "sandbox-kiwi"}
    options: ClassVar[Mapping[str, Option]] = {
        "session_seconds": Option(str(EIGHT_DAYS), "how long a session lasts"),
    }
    invalid_status = 400

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self._sessions: dict[tuple[str, str], float] = {}

    def routes(self) -> dict[tuple[str, str], Handler]:
        """The login."""
        return {("post", "/v1/session"): self._session}

    def authenticate(self, call: Call) -> str:
        """A session of this epoch that has not run out."""
        key = call.headers.get("session-key", "")
        if self._sessions.get((key, self.settings["token_epoch"]), 0) <= time.time():
            raise ApiError(401, "unauthorized", "The session key is missing, unknown or expired.")
        return key

    def single(self, resource: Resource, shown: Json) -> Any:
        """The record under its name, and its fields once more beside it."""
        return {"status": "ok", "result": {**shown, WORDS[resource.name]: shown}}

    def list_answer(
        self, resource: Resource, items: list[Json], total: int, page: PartnerPage
    ) -> PartnerAnswer:
        """The records under the plural of their name."""
        place = {"page_number": page.number, "page_size": page.limit, "total": total}
        return PartnerAnswer(200, {"status": "ok", "result": {WORDS[resource.name] + "s": items, **place}})

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """One code, one sentence, the first refused field."""
        field = error.refused[0].field if error.refused else None
        body = {"code": error.code, "message": error.message, "field": field}
        return PartnerAnswer(error.status, {"status": "error", "error": body}, error.headers)

    def _session(self, call: Call) -> PartnerAnswer:
        given = self.json(call)
        if {name: given[name] for name in self.demo} != self.demo:
            raise ApiError(401, "unauthorized", "User name or password is wrong.")
        key, now = secrets.token_hex(16), time.time()
        expires = now + self.number("session_seconds")
        self._sessions[(key, self.settings["token_epoch"])] = expires
        session = {
            "username": given["username"],
            "user_id": 1,
            "organization_id": 1,
            "session_key": key,
            "enabled": stamp(now),
            "expires": stamp(expires),
            "max_expires": stamp(now + NINETY_DAYS),
            "account_verification": 1,
        }
        return PartnerAnswer(200, {"status": "ok", "result": {"session_key": key, "session": session}})
