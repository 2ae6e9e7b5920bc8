"""AktivBo Analytics in the sandbox: several records in one PUT, outcomes by item, tenants only with their consent."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.bulk import BulkPartner
from pipelines.sandbox.play.resources import Resource
from pipelines.sandbox.play.store import Json
from pipelines.sandbox.play.wire import ApiError, Call, PartnerAnswer, bearer

TENANTS = "/tenants/{id}"


class Partner(BulkPartner):
    """Plays AktivBo as this project proposes it; nothing of its API is published."""

    demo: ClassVar[Mapping[str, str]] = {"api_token": "sandbox-aktivbo"}

    def authenticate(self, call: Call) -> str:
        """The one token."""
        token = bearer(call)
        if token != self.demo["api_token"]:
            raise ApiError(401, "unauthorized", "The token is missing or unknown.")
        return token

    def delete(self, resource: Resource, call: Call) -> PartnerAnswer:
        """A tenant who is not there is gone: 204. An apartment stays while tenants refer to it: 409."""
        try:
            return super().delete(resource, call)
        except ApiError as error:
            if error.status == 404 and resource.name == TENANTS:
                return PartnerAnswer(204)
            raise

    def item_errors(self, error: ApiError) -> Json:
        """The refused fields of one record."""
        return {"errors": [{"field": refusal.field, "message": refusal.message} for refusal in error.refused]}

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """Code and message."""
        body = {"error": {"code": error.code, "message": error.message}}
        return PartnerAnswer(error.status, body, error.headers)
