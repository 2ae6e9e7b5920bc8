"""KIWI: a session key. Its master-data resources are announced, not yet specified by KIWI.

Never opens a door and never calls a sensor: granting access is KIWI's work.
"""

import time
from datetime import datetime

from pipelines.push.client import Client
from pipelines.push.connector import Connector as Base
from pipelines.push.contract import dig


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A session key, until the session's own `expires`."""
        body = {key: self.settings[key] for key in ("username", "password")}
        answer = client.send("post", "/v1/session", body)
        key = dig(answer.body, "result.session_key") or dig(answer.body, "result.session.session_key")
        if not answer.ok or not key:
            client.stop_for_login(answer.status)
        return {"session-key": str(key)}, expiry(dig(answer.body, "result.session.expires"))


def expiry(value: object) -> float | None:
    """The moment (epoch seconds) of an ISO time stamp, or an hour from now when it cannot be read."""
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return time.time() + 3600
