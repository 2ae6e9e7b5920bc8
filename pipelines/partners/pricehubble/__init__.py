"""PriceHubble: one token for hours, refusals in words, valuations where they are wanted."""

import re
from collections.abc import Mapping
from dataclasses import replace

from pipelines.api.connector import Connector as Base
from pipelines.api.connector import Operation
from pipelines.api.http.client import Answer, Client
from pipelines.api.logins import expires_in, token_of
from pipelines.api.outcome import Outcome
from pipelines.contract.contract import Contract, dig

TWO_HOURS = 7_200
VALUATION = "/api/v1/dossiers/{id}/valuation"
# `buildingYear: Must be between 1850 and 2029`, `'livingArea' is a required property`
FIELD = re.compile(r"^'?([a-z]\w*(?:\.\w+)*)'?(?:: | is a required property)")


class Connector(Base):
    """Login, fields out of words, and a valuation after each write that asks for one."""

    def __init__(self, contract: Contract, settings: Mapping[str, str]):
        super().__init__(contract, settings)
        self.is_valuing = self.settings["bewertung"] == "true"

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A bearer token, until `expires_in`; two hours, the shortest that was ever documented, without one."""
        body = {key: self.settings[key] for key in ("username", "password")}
        answer = client.send("post", "/auth/login/credentials", body)
        token = token_of(client, answer, "access_token")
        return {"Authorization": f"Bearer {token}"}, expires_in(dig(answer.body, "expires_in"), TWO_HOURS)

    def carry_out(self, operation: Operation) -> Outcome:
        """As the contract says; a dossier whose property is new counts as delivered once it is valued."""
        done = super().carry_out(operation)
        is_new = operation.kind == "create" or not operation.confirmed or "property" in operation.changed
        if not self.is_valuing or done.state != "synced" or not is_new:
            return done
        answer = self.client.call(
            "post", self.fill(VALUATION, operation, done.remote_id or ""), is_write=True
        )
        sent = done.requests + answer.requests
        if answer.ok:
            return replace(done, requests=sent)
        return replace(self.judge(operation, answer), remote_id=done.remote_id, requests=sent)

    def judge(self, operation: Operation, answer: Answer) -> Outcome:
        """A 403 that names a field is about the field, not about the login."""
        if answer.status != 403 or not self.refused_fields(answer):
            return super().judge(operation, answer)
        return replace(super().judge(operation, replace(answer, status=400)), http_status=403)

    def refused_fields(self, answer: Answer) -> tuple[str, ...]:
        """The field with which the message begins."""
        _, message, _ = self.contract.error.read(answer.body)
        found = FIELD.match(message)
        return (found[1],) if found else ()
