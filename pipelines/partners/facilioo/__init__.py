"""facilioo: JWT login, and parties whose external ids are a list behind a route of its own."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pipelines.push.client import Client
from pipelines.push.connector import Connector as Base
from pipelines.push.connector import Operation
from pipelines.push.journal import Outcome

LOGIN = "/api/auth/login"
EXTERNAL_IDS = "/api/parties/{id}/external-ids"


class Connector(Base):
    """Adds the login and the external ids of parties to what the contract says."""

    headers: ClassVar[Mapping[str, str]] = {"api-version": "2.0", "Accept-Language": "de"}

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A bearer token, until the `exp` in it."""
        body = {
            "email": self.settings["username"],
            "password": self.settings["password"],
            "skipMultiFactorAuthentication": True,
        }
        answer = client.send("post", LOGIN, body)
        token = answer.body.get("accessToken") if answer.ok and isinstance(answer.body, dict) else None
        if not token:
            client.stop_for_login(answer.status)
        return {"Authorization": f"Bearer {token}"}, expiry(str(token))

    def after_create(self, operation: Operation, outcome: Outcome) -> Outcome:
        """A party is only found again once its list of external ids holds ours."""
        if operation.entity.id_space != "parteien" or outcome.state != "synced":
            return outcome
        path = EXTERNAL_IDS.replace("{id}", str(outcome.remote_id))
        answer = self.client.call("put", path, [operation.external_id])
        sent = outcome.requests + answer.requests
        if answer.ok:
            return replace(outcome, requests=sent)
        return replace(self.judge(answer), remote_id=outcome.remote_id, requests=sent)


def expiry(token: str) -> float | None:
    """The moment (epoch seconds) at which a JWT runs out, or None when it does not say."""
    try:
        part = token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, ValueError, TypeError):
        return time.time() + 3600
