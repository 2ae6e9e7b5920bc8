"""KIWI: a session key. Its master-data resources are announced, not yet specified by KIWI.

Never opens a door and never calls a sensor: granting access is KIWI's work.
"""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client
from pipelines.api.logins import expires_at, token_of
from pipelines.contract.contract import dig


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A session key, until the session's own `expires`."""
        body = {key: self.settings[key] for key in ("username", "password")}
        answer = client.send("post", "/v1/session", body)
        key = token_of(client, answer, "result.session_key", "result.session.session_key")
        return {"session-key": key}, expires_at(dig(answer.body, "result.session.expires"))
