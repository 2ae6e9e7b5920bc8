"""The generic GraphQL sandbox with a password login."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.graphql import GraphqlPartner
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, bearer


class Partner(GraphqlPartner):
    """Plays `graphed`."""

    demo: ClassVar[Mapping[str, str]] = {"username": "sandbox", "password": "sandbox-graphed"}
    options: ClassVar[Mapping[str, Option]] = {
        "unauthorized": Option("401", "status of an answer to a bad token", ("401", "200"))
    }

    def routes(self) -> dict[tuple[str, str], Handler]:
        """The login."""
        return {("post", "/oauth/token"): self._token}

    def authenticate(self, call: Call) -> str:
        """A token of this epoch."""
        if bearer(call) != f"token-{self.settings['token_epoch']}":
            raise ApiError(401, "unauthorized", "Who are you?")
        return bearer(call)

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A bad token may be told in a good answer."""
        answer = super().error_answer(error)
        status = int(self.settings["unauthorized"]) if error.status == 401 else answer.status
        return PartnerAnswer(status, {"data": None, **answer.body}, answer.headers)

    def _token(self, call: Call) -> PartnerAnswer:
        if self.json(call) != self.demo:
            raise ApiError(403, "forbidden", "Wrong user or password.")
        return PartnerAnswer(200, {"access_token": f"token-{self.settings['token_epoch']}"})
