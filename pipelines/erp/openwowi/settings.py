"""The settings of the OpenWOWI door: `sources.erp.openwowi.<key>`."""

import re
from collections.abc import Mapping

from pipelines.erp.openwowi.client import SETTING, Access
from pipelines.erp.openwowi.door import ROLES, OpenWowi
from pipelines.erp.openwowi.endpoints import OPTIONAL, READ_BY_DEFAULT
from pipelines.erp.openwowi.numbers import numbers
from pipelines.errors import SettingsError
from pipelines.settings import check_credential, check_url, config_value

PREFIX = "sources.erp.openwowi."
OUR_ROLES = ("Hauptmieter", "Mitmieter", "Buerge", "Bewohner", "Rechnungsempfaenger", "Betreuer")
PLACE = "set it in the environment, .dlt/config.toml or .dlt/secrets.toml"


def openwowi_settings() -> OpenWowi:
    """The door with its settings.

    Raises `SettingsError` that names what is missing or wrong and where to set it, never a credential.
    """
    root, version = _address()
    given = {
        name: value
        for name in ("idnum_we", "idnum_gebaeude", "idnum_ve")
        if (value := _value(name)) is not None
    }
    return OpenWowi(
        access=Access(root, _needed("username"), _needed("password"), _needed("api_key"), version),
        numbers=numbers(given, SETTING),
        roles=_roles(),
        optional=_optional(),
    )


def _address() -> tuple[str, str]:
    """The address in front of `/openwowi/`, and the version of the API."""
    version = _value("version")
    given = _value("base_url")
    if given is None:
        customer = _value("customer")
        if customer is None or not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", customer):
            raise SettingsError(
                f"{SETTING}CUSTOMER: {'missing' if customer is None else 'no name of a host'}; name the customer as in "
                f"https://customer.wowiport.de, or the whole address in {SETTING}BASE_URL; {PLACE}"
            )
        given = f"https://{customer}.wowiport.de"
    address = check_url(PREFIX + "base_url", given)
    root, _, behind = address.partition("/openwowi")
    version = version or behind.strip("/") or "v1.2"
    if not re.fullmatch(r"v1\.[1-9][0-9]?", version):
        raise SettingsError(
            f"{SETTING}VERSION: {version!r} cannot be read; write it as v1.2 (v1.0 has no pages)"
        )
    return root.rstrip("/"), version


def _roles() -> Mapping[str, str]:
    """Kinds of contractor and our role: `Mieter=Hauptmieter; Ehegatte=Mitmieter`."""
    pairs = [entry.partition("=") for entry in (_value("rollen") or "").split(";") if entry.strip()]
    own = {name.strip(): role.strip() for name, _, role in pairs}
    if any(not name or role not in OUR_ROLES for name, role in own.items()):
        raise SettingsError(
            f"{SETTING}ROLLEN: write 'kind=role; kind=role' with the roles {', '.join(OUR_ROLES)}; {PLACE}"
        )
    lower = {name.lower() for name in own}
    return {**{name: role for name, role in ROLES.items() if name.lower() not in lower}, **own}


def _optional() -> tuple[str, ...]:
    given = _value("tables")
    if given is None:
        return READ_BY_DEFAULT
    names = tuple(name.strip() for name in given.split(",") if name.strip() and name.strip() != "keine")
    if not set(names) <= set(OPTIONAL):
        raise SettingsError(
            f"{SETTING}TABLES: list the optional tables to read, out of {', '.join(OPTIONAL)}, or write keine; {PLACE}"
        )
    return names


def _needed(name: str) -> str:
    value = _value(name)
    if value is None:
        raise SettingsError(f"{SETTING}{name.upper()}: missing; {PLACE}")
    return check_credential(PREFIX + name, value)


def _value(name: str) -> str | None:
    return config_value(PREFIX + name)
