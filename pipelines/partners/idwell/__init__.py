"""iDWELL: everything, the login too, is in the contract."""

from pipelines.api.connector import Connector as Base


class Connector(Base):
    """Nothing of its own."""
