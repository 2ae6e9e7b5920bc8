"""EverReal: a password login that is refreshed; everything else is GraphQL out of the contract."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Answer, Client
from pipelines.api.logins import expires_in, token_of, usable
from pipelines.contract.contract import dig

TOKEN = "/accounts/oauth/token"  # noqa: S105
ONE_HOUR = 3600


class Connector(Base):
    """Everything but the login is in the contract."""

    _refresh_token: str | None = None

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A bearer token, until `expires_in` from now: by the refresh token, else by user and password."""
        answer = self._refresh(client) or self._ask(
            client,
            grant_type="password",
            scope="offline_access *",
            username=self.settings["username"],
            password=self.settings["password"],
        )
        token = token_of(client, answer, "access_token")
        self._refresh_token = usable([dig(answer.body, "refresh_token")]) or self._refresh_token
        return {"Authorization": f"Bearer {token}"}, expires_in(dig(answer.body, "expires_in"), ONE_HOUR)

    def _refresh(self, client: Client) -> Answer | None:
        """The answer to the refresh token; None without one, or when it is refused."""
        if self._refresh_token is None:
            return None
        answer = self._ask(client, grant_type="refresh_token", refresh_token=self._refresh_token)
        if answer.ok and usable([dig(answer.body, "access_token")]):
            return answer
        self._refresh_token = None
        return None

    def _ask(self, client: Client, **grant: str) -> Answer:
        identity = {key: self.settings[key] for key in ("client_id", "client_secret")}
        return client.send("post", TOKEN, {**identity, **grant})
