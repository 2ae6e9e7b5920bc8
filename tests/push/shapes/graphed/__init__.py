"""A partner that speaks GraphQL, with a password login."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A bearer token without an end."""
        body = {key: self.settings[key] for key in ("username", "password")}
        answer = client.send("post", "/oauth/token", body)
        if not answer.ok:
            client.stop_for_login(answer.status)
        return {"Authorization": f"Bearer {answer.body['access_token']}"}, None
