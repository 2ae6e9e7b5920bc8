"""Which system the ledger of a partner speaks of: a ledger is never used against another one."""

from pathlib import Path
from urllib.parse import urlsplit

from pipelines.api.settings import partner_settings
from pipelines.contract.contract import Contract, load_contract
from pipelines.errors import SettingsError
from pipelines.ledger.ledger import open_database
from pipelines.settings import is_loopback


def check_systems(home: Path, partners: list[str]) -> None:
    """Notes the address of a partner that is new, and refuses another one than before.

    Test servers on this machine count as one system. Raises `SettingsError` with the remedy.
    """
    with open_database(home) as db:
        known = dict(db.execute("select partner, address from sync.systems").fetchall())
        for name in partners:
            address = system_of(load_contract(name))
            if known.get(name, address) != address:
                raise SettingsError(
                    f"DESTINATION__{name.upper()}__BASE_URL: the ledger under {home} speaks of {known[name]}, not of"
                    f" {address}; name another STAMMDATEN_HOME for another system, or, if the same system has moved,"
                    f" say so with: stammdaten partners --moved {name}"
                )
            if name not in known:
                db.execute("insert into sync.systems values (?, ?, now())", [name, address])


def moved(home: Path, partner: str) -> str:
    """Lets the ledger of a partner speak of the address that is set now; returns that address."""
    address = system_of(load_contract(partner))
    with open_database(home) as db:
        db.execute("delete from sync.systems where partner = ?", [partner])
        db.execute("insert into sync.systems values (?, ?, now())", [partner, address])
    return address


def system_of(contract: Contract) -> str:
    """Host that a ledger speaks of; `this machine` for any loopback address."""
    url = contract.base_url(partner_settings(contract))
    return "this machine" if is_loopback(url) else str(urlsplit(url).netloc)
