"""A home of its own, and commands in this process as a person types them."""

from pathlib import Path

import pytest


@pytest.fixture
def home(own_home: Path) -> Path:
    return own_home
