"""Spiri.Bo: an API key that never runs out, in a header of its own or as a bearer token."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """The key; it never runs out."""
        key = self.settings["api_key"]
        is_bearer = self.settings["header"] == "bearer"
        return ({"Authorization": f"Bearer {key}"} if is_bearer else {"X-API-Key": key}), None
