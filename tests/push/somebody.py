"""Somebody else who works at the partner, through its own API."""

from contextlib import closing
from typing import Any

from pipelines.api.connector import connector


def does(partner: str, method: str, path: str, body: Any = None) -> Any:
    """One request in somebody else's name; returns the body of the answer."""
    with closing(connector(partner).client) as client:
        answer = client.call(method, path, body)
    assert answer.ok, (method, path, answer.status, answer.body)
    return answer.body
