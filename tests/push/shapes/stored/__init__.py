"""A partner with a token header of its own."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """The token; it never runs out."""
        return {"token": self.settings["token"]}, None
