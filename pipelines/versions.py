"""Which versions work here: of the program, and of what decides how a run behaves."""

from importlib.metadata import PackageNotFoundError, version
from platform import python_version

# The rest stands in requirements.lock.
LIBRARIES = ("dbt-core", "dbt-duckdb", "duckdb", "dlt")


def stammdaten_version() -> str:
    """Version of the program, or `unknown` where it is not installed."""
    try:
        return version("stammdaten")
    except PackageNotFoundError:
        return "unknown"


def versions() -> dict[str, str]:
    """Name → version: the program, Python, and the libraries."""
    return {
        "stammdaten": stammdaten_version(),
        "Python": python_version(),
        **{name: version(name) for name in LIBRARIES},
    }
