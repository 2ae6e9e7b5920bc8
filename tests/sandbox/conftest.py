"""A sandbox of its own for each test file, and a client for each partner."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from tests.sandbox.api import Api


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox") / "state.db") as running:
        yield running


@pytest.fixture
def option(sandbox: Sandbox) -> Iterator[Callable[[str, str, str], None]]:
    """Sets an option for one test."""
    before: list[tuple[str, str, str]] = []

    def set_option(partner: str, name: str, value: str) -> None:
        before.append((partner, name, sandbox.option(partner, name)))
        sandbox.set_option(partner, name, value)

    yield set_option
    for partner, name, value in reversed(before):
        sandbox.set_option(partner, name, value)


@pytest.fixture
def etg24(sandbox: Sandbox) -> Api:
    return Api(sandbox.base_url("etg24") + "/v1", {"Authorization": "Bearer sandbox-etg24"})


@pytest.fixture
def facilioo(sandbox: Sandbox) -> Api:
    base = sandbox.base_url("facilioo")
    login = {"email": "sandbox@example.org", "password": "sandbox-facilioo"}
    token = requests.post(base + "/api/auth/login", json=login, timeout=20).json()["accessToken"]
    return Api(base, {"Authorization": f"Bearer {token}"})


@pytest.fixture
def plentific(sandbox: Sandbox) -> Api:
    base = sandbox.base_url("plentific") + "/2023-02-01"
    login = {"client_id": "sandbox", "client_secret": "sandbox-plentific"}
    token = requests.post(base + "/token", json=login, timeout=20).json()["access_token"]
    return Api(base, {"Authorization": f"Bearer {token}"})


@pytest.fixture
def kiwi(sandbox: Sandbox) -> Api:
    base = sandbox.base_url("kiwi")
    login = {"username": "sandbox", "password": "sandbox-kiwi"}
    answer = requests.post(base + "/v1/session", json=login, timeout=20).json()
    return Api(base, {"session-key": answer["result"]["session_key"]})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "sandbox" / "state.db"
