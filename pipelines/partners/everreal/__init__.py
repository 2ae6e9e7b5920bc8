"""EverReal: a password login that is refreshed; everything else is GraphQL out of the contract."""

import time
from typing import Any

from pipelines.push.client import Answer, Client
from pipelines.push.connector import Connector as Base

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
        tokens: dict[str, Any] = answer.body if answer.ok and isinstance(answer.body, dict) else {}
        if not tokens.get("access_token"):
            client.stop_for_login(answer.status)
        self._refresh_token = tokens.get("refresh_token") or self._refresh_token
        expires = time.time() + float(tokens.get("expires_in") or ONE_HOUR)
        return {"Authorization": f"Bearer {tokens['access_token']}"}, expires

    def _refresh(self, client: Client) -> Answer | None:
        """The answer to the refresh token; None without one, or when it is refused."""
        if self._refresh_token is None:
            return None
        answer = self._ask(client, grant_type="refresh_token", refresh_token=self._refresh_token)
        if answer.ok:
            return answer
        self._refresh_token = None
        return None

    def _ask(self, client: Client, **grant: str) -> Answer:
        identity = {key: self.settings[key] for key in ("client_id", "client_secret")}
        return client.send("post", TOKEN, {**identity, **grant})
