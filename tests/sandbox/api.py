"""A small client for the tests: JSON over HTTP to one partner."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests


class Api:
    """JSON over HTTP to one partner, with fixed headers."""

    def __init__(self, base: str, headers: dict[str, str] | None = None):
        self.base = base
        self._session = requests.Session()
        self._session.headers.update(headers or {})

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self._session.request(method, self.base + path, json=body, timeout=20, **more)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self("get", path, params=query)

    def new(self, path: str, **body: Any) -> Any:
        """Creates a record and returns it."""
        response = self("post", path, body)
        assert response.status_code == 201, f"{response.status_code} {response.text}"
        return response.json()

    def get_at_once(self, path: str, times: int) -> list[requests.Response]:
        """The same request several times, each on a connection of its own, all at the same time."""
        headers = dict(self._session.headers)
        with ThreadPoolExecutor(times) as pool:
            asked = [
                pool.submit(requests.get, self.base + path, headers=headers, timeout=20) for _ in range(times)
            ]
            return [answer.result() for answer in asked]
