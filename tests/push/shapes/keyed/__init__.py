"""A partner that takes its key in the query."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client, Credentials


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> Credentials:
        """The key; it never runs out."""
        return Credentials(query={"api_key": self.settings["api_key"]})
