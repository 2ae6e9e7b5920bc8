"""A tiny hand-made delivery: one house, two flats, one lease, two invented people. And how the door reads it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.erp.delivery.delivery import Delivery, Door, TableData, Wanted

DELIVERY = {
    "mandant.csv": "mandant_nr;name\n001;Wohnbau Musterstadt\n",
    "wirtschaftseinheit.csv": "mandant_nr;we_nr;bezeichnung\n001;0123;Lindenhof\n",
    "gebaeude.csv": "mandant_nr;we_nr;gebaeude_nr;strasse;plz\n001;0123;01;Lindenallee;01067\n",
    "verwaltungseinheit.csv": (
        "mandant_nr;we_nr;gebaeude_nr;ve_nr;etage_lage\n001;0123;01;0004;2. Etage\n001;0123;01;0007;\n"
    ),
    "mietvertrag.csv": (
        "mandant_nr;we_nr;gebaeude_nr;ve_nr;mv_nr;mietbeginn\n001;0123;01;0004;02;01.02.2019\n"
    ),
    "mieter.csv": (
        "mandant_nr;we_nr;gebaeude_nr;ve_nr;mv_nr;person_nr;rolle;gueltig_von\n"
        "001;0123;01;0004;02;0000000815;Hauptmieter;2019-02-01\n"
    ),
    "person.csv": (
        "person_nr;person_art;vorname;nachname\n"
        "0000000815;natuerlich;Änne;Böttcher-Groß\n"
        "0000004711;natuerlich;Jörg;Wiesel\n"
    ),
    "kontaktweg.csv": "person_nr;lfd_nr;art;wert\n0000000815;1;E-Mail;aenne@example.org\n",
}


@contextmanager
def opened(door: Door, quelle_erp: str = "wodis_sigma") -> Iterator[Delivery]:
    """The delivery behind a door, with a scratch folder of its own."""
    with tempfile.TemporaryDirectory() as scratch, door.opened(Wanted(quelle_erp, Path(scratch))) as delivery:
        yield delivery


def rows_of(data: TableData) -> list[dict]:
    return [row for batch in data.read() for row in batch.to_pylist()]


def read(door: Door, quelle_erp: str = "wodis_sigma") -> dict[str, list[dict]]:
    """All rows of all tables, as the loader would get them."""
    with opened(door, quelle_erp) as delivery:
        return {name: rows_of(data) for name, data in delivery.tables.items()}
