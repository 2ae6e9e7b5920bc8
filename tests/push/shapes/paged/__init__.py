"""A partner with a key in a header."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """The key; it never runs out."""
        return {"X-Key": self.settings["api_key"]}, None
