"""A partner whose contract says everything, the login too."""

from pipelines.api.connector import Connector as Base


class Connector(Base):
    """Everything is in the contract."""
