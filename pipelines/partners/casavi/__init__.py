"""casavi: key and secret for a token of about a month, in a header of its own."""

import time
from datetime import datetime

from pipelines.push.client import Client
from pipelines.push.connector import Connector as Base
from pipelines.push.contract import dig

LOGIN = "/v2/authenticate"


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A token, until its own `expiresAt`."""
        body = {key: self.settings[key] for key in ("key", "secret")}
        answer = client.send("post", LOGIN, body)
        token = dig(answer.body, "token")
        if not answer.ok or not token:
            client.stop_for_login(answer.status)
        return {"token": str(token)}, expiry(dig(answer.body, "expiresAt"))


def expiry(value: object) -> float:
    """The moment (epoch seconds) of an ISO time stamp, or an hour from now when it cannot be read."""
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return time.time() + 3600
