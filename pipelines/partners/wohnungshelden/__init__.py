"""Wohnungshelden: a token that does not run out, as a bearer or in a header of its own."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client

HEADERS = {"bearer": ("Authorization", "Bearer {}"), "api_key": ("X-API-Key", "{}")}


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """The token of the company, in the header that the setting `auth` names."""
        name, form = HEADERS[self.settings["auth"]]
        return {name: form.format(self.settings["api_token"])}, None
