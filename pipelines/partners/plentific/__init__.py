"""Plentific: client credentials for a token of some hours."""

import time

from pipelines.push.client import Client
from pipelines.push.connector import Connector as Base

TEN_HOURS = 36_000


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A bearer token, until `expires_in` or ten hours from now."""
        body = {key: self.settings[key] for key in ("client_id", "client_secret")}
        answer = client.send("post", "/token", body)
        token = answer.body.get("access_token") if answer.ok and isinstance(answer.body, dict) else None
        if not token:
            client.stop_for_login(answer.status)
        return {"Authorization": f"Bearer {token}"}, time.time() + float(
            answer.body.get("expires_in") or TEN_HOURS
        )
