"""QUIS: an API key in the query."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Answer, Client, Credentials

NOT_FOUND = ("address or coordinate not found", "building block not found")


class Connector(Base):
    """Everything but the key is in the contract."""

    def login(self, client: Client) -> Credentials:
        """The key itself; it never runs out."""
        return Credentials(query={"api_key": self.settings["api_key"]})

    def refused_fields(self, answer: Answer) -> tuple[str, ...]:
        """Names of the refused fields; an address that QUIS cannot find is refused in words alone."""
        _, message, _ = self.contract.error.read(answer.body)
        return ("location",) if message in NOT_FOUND else super().refused_fields(answer)
