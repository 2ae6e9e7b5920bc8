"""casavi: key and secret for a token of about a month, in a header of its own."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client
from pipelines.api.logins import expires_at, token_of
from pipelines.contract.contract import dig

LOGIN = "/v2/authenticate"


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A token, until its own `expiresAt`."""
        body = {key: self.settings[key] for key in ("key", "secret")}
        answer = client.send("post", LOGIN, body)
        return {"token": token_of(client, answer, "token")}, expires_at(dig(answer.body, "expiresAt"))
