"""How the process of a customer asks for leave to send: limits of a partner are those of all customers together."""

from multiprocessing.connection import Connection


def ask(customer: str, pipe: Connection) -> None:
    """From now on connectors of this process ask there."""
