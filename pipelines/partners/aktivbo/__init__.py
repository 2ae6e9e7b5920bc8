"""AktivBo Analytics: one API token, issued on request, in every request; there is no login call."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """The token; it does not run out."""
        return {"Authorization": f"Bearer {self.settings['api_token']}"}, None
