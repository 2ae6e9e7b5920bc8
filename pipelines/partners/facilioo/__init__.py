"""facilioo: JWT login, and parties whose external ids are a list behind a route of its own."""

import base64
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pipelines.api.connector import Connector as Base
from pipelines.api.connector import Operation
from pipelines.api.http.client import Client
from pipelines.api.logins import expires_at, token_of
from pipelines.contract.contract import Contract, dig

LOGIN = "/api/auth/login"


class Connector(Base):
    """Everything is in the contract but the login, and where a Gebäude without a WE goes."""

    headers: ClassVar[Mapping[str, str]] = {"api-version": "2.0", "Accept-Language": "de"}

    def __init__(self, contract: Contract, settings: Mapping[str, str]):
        super().__init__(contract, settings)
        given = settings.get("projekt_id")
        self._projekt = {"tenantId": int(given)} if given else {}

    def create_body(self, operation: Operation) -> dict[str, Any]:
        """A Gebäude without a WE goes into the Projekt that the settings name (rule I3, UTS KARTHAGO)."""
        body = super().create_body(operation)
        if operation.entity.name != "gebaeude":
            return body
        return {**self._projekt, **{name: v for name, v in body.items() if (name, v) != ("tenantId", None)}}

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """A bearer token, until the `exp` in it."""
        body = {
            "email": self.settings["username"],
            "password": self.settings["password"],
            "skipMultiFactorAuthentication": True,
        }
        answer = client.send("post", LOGIN, body)
        token = token_of(client, answer, "accessToken")
        return {"Authorization": f"Bearer {token}"}, expiry(token)


def expiry(token: str) -> float:
    """The moment (epoch seconds) at which a JWT runs out, or an hour from now when it does not say."""
    try:
        part = token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, RecursionError):
        claims = None
    return expires_at(dig(claims, "exp"))
