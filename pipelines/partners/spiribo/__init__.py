"""Spiri.Bo: an API key that never runs out, in a header of its own or as a bearer token."""

from collections.abc import Mapping

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client
from pipelines.contract.contract import Contract
from pipelines.errors import SettingsError

HEADERS = ("x-api-key", "bearer")


class Connector(Base):
    """Everything but the login is in the contract."""

    def __init__(self, contract: Contract, settings: Mapping[str, str]):
        self.header = settings["header"].strip().lower()
        if self.header not in HEADERS:
            raise SettingsError(
                f"DESTINATION__SPIRIBO__HEADER is {self.header!r}; allowed: {', '.join(HEADERS)}"
            )
        super().__init__(contract, settings)

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """The key; it never runs out."""
        key = self.settings["api_key"]
        return ({"Authorization": f"Bearer {key}"} if self.header == "bearer" else {"X-API-Key": key}), None
