"""Which database to read and how its views are called: dlt's configuration and the mapping file."""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import dlt
import sqlalchemy as sa
from dlt.common.configuration.specs import ConnectionStringCredentials

from pipelines.erp.database.dialects import dialect_of
from pipelines.erp.database.door import SqlSettings
from pipelines.erp.delivery.encrypted import demanded, is_lifted
from pipelines.erp.delivery.mapping import DATABASE_KEYS, TableMapping, read_mapping
from pipelines.errors import SettingsError
from pipelines.settings import config_value, local_path, setting_name, working_folder

CREDENTIALS_KEY = "sources.erp.sql.credentials"
MAPPING = "SOURCES__ERP__SQL__MAPPING"
FORM = "postgresql://user:password@host:5432/database"


def sql_settings() -> SqlSettings:
    """The door to the database that the settings name.

    Raises `SettingsError` naming the setting or the entry of the mapping file; never with a part of the credentials.
    """
    url = database_url()
    path = _mapping_path()
    mapping = read_mapping(path, DATABASE_KEYS)
    _check_mapping(path.name, mapping)
    lifted = is_lifted()
    demanded(url, lifted)
    return SqlSettings(url, mapping, path.name, lifted)


def database_url(key: str = CREDENTIALS_KEY) -> sa.URL:
    """The address that a setting holds, with the driver that this project knows unless it names one; it is installed.

    Raises `SettingsError` naming the setting, never with a part of the address.
    """
    url, name = _given_url(key), setting_name(key)
    if url is None:
        raise SettingsError(f"{name}: missing; set it in the environment or in .dlt/secrets.toml as {FORM}")
    if "@" in f"{url.host or ''}{url.database or ''}":
        raise SettingsError(
            f"{name}: no address; write it as {FORM}, "
            "and signs such as @ / : in user and password as %40 %2F %3A"
        )
    if url.get_backend_name() == "postgres":
        url = url.set(drivername="postgresql")
    dialect = dialect_of(url)
    if "+" not in url.drivername and dialect.driver:
        url = url.set(drivername=f"{url.drivername}+{dialect.driver}")
    _check_driver(url, name)
    return url


def check_select(place: str, statement: str) -> None:
    """Raises `SettingsError`, beginning with `place`, for a statement that is not one SELECT."""
    if not re.match(r"\s*select\s", statement, re.IGNORECASE):
        raise SettingsError(f"{place}: begins with select; everything else belongs into a view")
    if ";" in statement:
        raise SettingsError(f"{place}: has a semicolon; one statement is read, without one")


def _given_url(key: str) -> sa.URL | None:
    if config_value(key) is None:
        return None
    with suppress(Exception):
        credentials = dlt.secrets.get(key, ConnectionStringCredentials)
        return sa.make_url(credentials.to_url())
    # Said here: dlt's own errors hold the address.
    raise SettingsError(f"{setting_name(key)}: no address; write it as {FORM}")


def _check_driver(url: sa.URL, setting: str) -> None:
    name = url.get_backend_name()
    try:
        url.get_dialect().import_dbapi()
        return
    except sa.exc.NoSuchModuleError:
        problem = f"unknown database {url.drivername}; it may be postgresql, mssql+pyodbc, oracle+oracledb"
    except ImportError:
        dialect = dialect_of(url)
        driver = url.get_driver_name()
        package = dialect.package if driver == dialect.driver and dialect.package else driver
        problem = f"the driver for {name} is missing; install it: pip install {package}"
    raise SettingsError(f"{setting}: {problem}")


def _mapping_path() -> Path:
    given = config_value("sources.erp.sql.mapping")
    if given is None:
        raise SettingsError(
            f"{MAPPING}: missing; name the YAML file that says which view is which table (docs/erp-database.md)"
        )
    return working_folder() / local_path(given)


def _check_mapping(file: str, mapping: Mapping[str, TableMapping]) -> None:
    for name, table in mapping.items():
        place = f"{file}: tables.{name}"
        if table.select is not None and table.source is not None:
            raise SettingsError(f"{place}: has both from and select; leave one of them")
        if table.select is not None:
            check_select(f"{place}.select", table.select)
