"""Immomio: an API user, who logs in once for an hour or with each request, as a setting says."""

from base64 import b64encode

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client
from pipelines.api.logins import AN_HOUR, expires_in, token_of
from pipelines.contract.contract import dig


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A bearer token until `expiresIn`, or Basic, which never runs out."""
        user, password = (self.settings[key] for key in ("username", "password"))
        if self.settings["anmeldung"] == "basic":
            return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}, None
        answer = client.send("post", "/auth/login", {"username": user, "password": password})
        token = token_of(client, answer, "accessToken")
        return {"Authorization": f"Bearer {token}"}, expires_in(dig(answer.body, "expiresIn"), AN_HOUR)
