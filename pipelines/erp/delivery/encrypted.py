"""Who is beyond this machine is reached encrypted, unless a setting lifts that; then the load says so.

What databases call it is in `demanded`; addresses of object stores are judged by `check_address`.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipelines.errors import SettingsError
from pipelines.settings import config_value

if TYPE_CHECKING:
    import sqlalchemy as sa

ALLOW = "SOURCES__ERP__ALLOW_UNENCRYPTED"
CREDENTIALS = "SOURCES__ERP__SQL__CREDENTIALS"

POSTGRES_MODES = ("require", "verify-ca", "verify-full")
ODBC_ENCRYPTED = ("yes", "true", "mandatory", "strict", "require", "1")


@dataclass(frozen=True)
class Line:
    """How a database is reached: its address, what the driver is told beyond it, and what a person should know."""

    url: "sa.URL"
    connect: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def is_lifted() -> bool:
    """Whether connections beyond this machine may be unencrypted. Raises `SettingsError` for what is no boolean."""
    given = (config_value(ALLOW.lower().replace("__", ".")) or "false").lower()
    if given not in ("true", "false"):
        raise SettingsError(
            f"{ALLOW}: {given!r} is not true or false; set it in the environment or .dlt/config.toml"
        )
    return given == "true"


def is_here(host: str) -> bool:
    """Whether a host is this machine: no name, a socket in a folder, a loopback address."""
    bare = host.strip().strip("[]")
    if bare in ("", ".", "localhost", "(local)") or bare.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def check_address(setting: str, url: str, lifted: bool) -> tuple[str, ...]:
    """Notes on an address that is not https. Raises `SettingsError` for one beyond this machine, unless lifted."""
    parts = urlsplit(url)
    if parts.scheme.lower() != "http" or is_here(parts.hostname or ""):
        return ()
    where = f"{parts.scheme}://{parts.hostname}"
    if not lifted:
        raise SettingsError(
            f"{setting}: {where} would carry personal data unencrypted; use https, or set {ALLOW}=true"
        )
    return (_open_line(where),)


def demanded(
    url: "sa.URL", lifted: bool, environment: Mapping[str, str] = os.environ, setting: str = CREDENTIALS
) -> Line:
    """The way to a database, with encryption wherever the driver has a setting for it; `setting` names the address.

    Raises `SettingsError` where the address itself asks for less, unless lifted.
    """
    judge = {"postgresql": _postgres, "mssql": _sql_server, "oracle": _oracle}.get(url.get_backend_name())
    if judge is None:
        return Line(url) if is_here(url.host or "") else Line(url, notes=(_not_checked(url, setting),))
    return judge(url, lifted, environment, setting)


def _postgres(url: "sa.URL", lifted: bool, environment: Mapping[str, str], setting: str) -> Line:
    if all(is_here(host) for host in _hosts(url, environment)) and not _service(url, environment):
        return Line(url)
    if url.get_driver_name() not in ("psycopg", "psycopg2"):
        return Line(url, notes=(_not_checked(url, setting),))
    given = next(iter(_values(url, "sslmode")), None)
    if given in POSTGRES_MODES:
        return Line(url)
    if lifted:
        return Line(url, notes=(_open_line(_where(url)),))
    if given is not None or _service(url, environment):
        state = f"sslmode={given}" if given is not None else "a service without sslmode"
        raise _refused(
            url,
            f"{state} does not encrypt in any case",
            f"write one of sslmode={', '.join(POSTGRES_MODES)}",
            setting,
        )
    default = environment.get("PGSSLMODE")
    return Line(url, {"sslmode": default if default in POSTGRES_MODES else POSTGRES_MODES[0]})


def _sql_server(url: "sa.URL", lifted: bool, environment: Mapping[str, str], setting: str) -> Line:
    raw = next(iter(_values(url, "odbc_connect")), None)
    host = url.host or ""
    if raw is not None:
        server = re.search(r"(?i)\bserver\s*=\s*\{?(?:tcp:)?([^;,\\}]*)", raw)
        host = server[1] if server else host
    if is_here(re.split(r"[,\\]", host)[0]):
        return Line(url)
    if url.get_driver_name() != "pyodbc":
        return Line(url, notes=(_not_checked(url, setting),))
    key = "Encryption" if "freetds" in str(url.query).lower() else "Encrypt"
    wanted = "require" if key == "Encryption" else "yes"
    given = _odbc_value(url, raw, key)
    if given is None and not lifted:
        more = {"odbc_connect": f"{raw};{key}={wanted}"} if raw is not None else {key: wanted}
        return Line(url.update_query_dict(more))
    if given is not None and given.lower() in ODBC_ENCRYPTED:
        return Line(url)
    if lifted:
        return Line(url, notes=(_open_line(_where(url)),))
    raise _refused(url, f"{key}={given} does not encrypt", f"write {key}={wanted}", setting)


def _odbc_value(url: "sa.URL", raw: str | None, key: str) -> str | None:
    if raw is not None:
        found = re.search(rf"(?i)(?:^|;)\s*{key}\s*=\s*([^;]*)", raw)
        return found[1].strip() if found else None
    return next((str(value) for name, value in url.query.items() if name.lower() == key.lower()), None)


def _oracle(url: "sa.URL", lifted: bool, environment: Mapping[str, str], setting: str) -> Line:
    service = next(iter(_values(url, "service_name")), None)
    if is_here(url.host or ""):
        return Line(url)
    if url.get_driver_name() != "oracledb" or not (service or url.database):
        # A name out of tnsnames.ora says itself how it is reached.
        return Line(url, notes=(_not_checked(url, setting),))
    if "tcps" in _values(url, "protocol"):
        if service is None:
            raise SettingsError(f"{setting}: with protocol=tcps, name the database as ?service_name=")
        # SQLAlchemy would make an address without encryption of it.
        return Line(url, {"dsn": f"tcps://{url.host}:{url.port or 2484}/{service}"})
    if lifted:
        return Line(url, notes=(_open_line(_where(url)),))
    raise _refused(url, "the connection would not be encrypted", "write protocol=tcps", setting)


def _hosts(url: "sa.URL", environment: Mapping[str, str]) -> list[str]:
    """Every host that libpq may connect to, without ports; an empty one is a socket of this machine."""
    addresses = _values(url, "hostaddr") or environment.get("PGHOSTADDR", "").split(",")
    named = [*([url.host] if url.host else []), *_values(url, "host")]
    named = named or environment.get("PGHOST", "").split(",")
    hosts = [host for group in (addresses, named) for one in group for host in one.split(",") if host]
    return [
        re.sub(r"(?<=[^:\]]):\d*$|(?<=\]):\d*$", "", host) if host.count(":") == 1 or "]" in host else host
        for host in hosts
    ]


def _service(url: "sa.URL", environment: Mapping[str, str]) -> bool:
    """Whether libpq takes host and encryption from a file of services."""
    return bool(_values(url, "service")) or (not url.host and bool(environment.get("PGSERVICE")))


def _values(url: "sa.URL", name: str) -> list[str]:
    value = url.query.get(name)
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _where(url: "sa.URL") -> str:
    return f"{url.get_backend_name()}://{url.host or ''}"


def _refused(url: "sa.URL", what: str, remedy: str, setting: str) -> SettingsError:
    return SettingsError(f"{setting}: {_where(url)}: {what}; {remedy}, or set {ALLOW}=true")


def _open_line(where: str) -> str:
    return (
        f"{where}: the connection may be unencrypted, as {ALLOW} says; personal data can be read on its way."
    )


def _not_checked(url: "sa.URL", setting: str) -> str:
    return (
        f"{_where(url)}: whether the connection is encrypted is not checked for this driver; "
        f"see to it in {setting}."
    )
