"""The door `openwowi`: reads every list as a whole, then makes the canonical tables of them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pipelines.erp.delivery.delivery import Delivery, Progress, Wanted
from pipelines.erp.openwowi.client import SETTING, Access, EndpointAbsentError, OpenWowiClient, connected
from pipelines.erp.openwowi.endpoints import READ_BY_DEFAULT, wanted_endpoints
from pipelines.erp.openwowi.mapping import canonical_tables
from pipelines.erp.openwowi.numbers import Numbers, numbers
from pipelines.erp.openwowi.reading import read_list

# Kinds of contractor that are our roles already; others come from the settings.
ROLES: Mapping[str, str] = {
    "Hauptmieter": "Hauptmieter",
    "Mitmieter": "Mitmieter",
    "Bürge": "Buerge",
    "Buerge": "Buerge",
    "Bewohner": "Bewohner",
    "Rechnungsempfänger": "Rechnungsempfaenger",
    "Rechnungsempfaenger": "Rechnungsempfaenger",
    "Betreuer": "Betreuer",
}


@dataclass(frozen=True)
class OpenWowi:
    """The settings of the door. `optional` lists the tables that are read beyond the required ones."""

    access: Access
    numbers: Numbers = field(default_factory=lambda: numbers({}, SETTING))
    roles: Mapping[str, str] = field(default_factory=lambda: ROLES)
    optional: tuple[str, ...] = READ_BY_DEFAULT
    backoff_seconds: float = 1.0

    @contextmanager
    def opened(self, wanted: Wanted) -> Iterator[Delivery]:
        """A full snapshot: OpenWOWI tells no changes since a date.

        Raises `DeliveryError` for everything that keeps any list from being read as a whole.
        """
        with connected(self.access, self.backoff_seconds) as client:
            lists = self._read(client, wanted.scratch, wanted.progress)
        data, notes = canonical_tables(lists, self.numbers, self.roles, self.optional, wanted.scratch)
        yield Delivery(origin=f"openwowi: {self.access.address}", tables=data, notes=notes)

    def _read(self, client: OpenWowiClient, folder: Path, progress: Progress) -> dict[str, Path]:
        lists = {}
        endpoints = wanted_endpoints(self.optional)
        for place, endpoint in enumerate(endpoints):
            read = partial(read_list, client, endpoint, folder, _reading(progress, place / len(endpoints)))
            if endpoint.table is None:
                lists[endpoint.name] = read()
                continue
            # An older version may lack it. The table is then empty, and the loader refuses that if it had rows before.
            with suppress(EndpointAbsentError):
                lists[endpoint.name] = read()
        return lists


def _reading(progress: Progress, share: float) -> Callable[[str], None]:
    return lambda what: progress(what, share)
