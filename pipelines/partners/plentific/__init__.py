"""Plentific: client credentials for a token of some hours."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client
from pipelines.api.logins import expires_in, token_of
from pipelines.contract.contract import dig

TEN_HOURS = 36_000


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A bearer token, until `expires_in` or ten hours from now."""
        body = {key: self.settings[key] for key in ("client_id", "client_secret")}
        answer = client.send("post", "/token", body)
        token = token_of(client, answer, "access_token")
        return {"Authorization": f"Bearer {token}"}, expires_in(dig(answer.body, "expires_in"), TEN_HOURS)
