"""A small stock of documents and folders beside the houses and people of `bestand.py`: every rule has its row."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import duckdb

from tests.partners.bestand import GARAGE, Row, Tables, tenant, with_bestand
from tests.partners.conftest import STICHTAG, Marts

Build = Callable[..., duckdb.DuckDBPyConnection]
LARGEST = 50 * 2**20

FLAT, SHOP, HOUSE = "001/0007/01/0001", "001/0007/01/0002", "001/0007/01"


def folder(ordner_nr: str, above: str = "", **more: str) -> Row:
    """A released folder of the archive of tenants."""
    given = {"ordner_nr": ordner_nr, "name": f"Ordner {ordner_nr}", "api_freigabe": "J", "archiv_nr": "A1"}
    return {**given, **({"parent_ordner_nr": above} if above else {}), **more}


def document(dokument_nr: str, bezug_art: str, bezug_key: str, **more: str) -> Row:
    """A released document of 1,000 bytes in no folder."""
    return {
        "dokument_nr": dokument_nr,
        "titel": f"Titel {dokument_nr}",
        "dateiname": f"{dokument_nr}.pdf",
        "mime_typ": "application/pdf",
        "groesse_bytes": "1000",
        "erstellt_am": "2025-07-14 09:30:00",
        "bezug_art": bezug_art,
        "bezug_key": bezug_key,
        "freigegeben": "J",
        **more,
    }


DOKUMENTE: Tables = {
    "mieter": [tenant(GARAGE, "01", "")],  # nobody knows who
    "archiv": [
        {"archiv_nr": "A1", "name": "Mietakten", "suchkategorie": "Mieter"},
        {"archiv_nr": "A2", "name": "Eigentümerakten", "suchkategorie": "Eigentuemer"},
        {"archiv_nr": "A3", "name": "Objektakten"},
        {"archiv_nr": "A4", "name": "Gelöscht", "geloescht_kz": "L"},
    ],
    "ordner": [
        folder("O1"),
        folder("O2", "O1"),
        folder("O3", "O2", name=""),
        folder("O4", "O1", api_freigabe="N"),
        folder("O5", "O4"),
        folder("O6", "O7"),  # O6 and O7 lie in each other, O8 below them
        folder("O7", "O6"),
        folder("O8", "O7"),
        folder("O9", "O99"),
        folder("O10", "O1", geloescht_kz="L"),
        folder("O11", "O10"),
        folder("O12", "O1", geloescht_kz="weg"),
        folder("O13", "O12"),
        folder("O14", archiv_nr="A2"),
        folder("O15", archiv_nr="A3"),
        folder("O16", archiv_nr="A4"),
        folder("O17", api_freigabe=""),
        folder("O18"),  # no document in it
        folder("O/19"),
        folder("O20", "O/19"),
    ],
    "dokument": [
        document("D-GEB", "GEB", HOUSE, ordner_nr="O15", dokumentart="Energieausweis", pfad="a/b.pdf"),
        document("D-VE", "ve", FLAT, titel="", geaendert_am="2025-08-01 12:00:00"),
        document("D-MV", "MV", f"{FLAT}/01", ordner_nr="O3", sichtbar_fuer="Mieter"),
        document("D-EV", "EV", f"{SHOP}/E02", ordner_nr="O14"),
        document("D-EV-MIETER", "EV", "002/0001/01/0001/E01"),
        document("D-PERSON", "PERSON", "P103"),
        document("D-PERSON-EIGENTUEMER", "PERSON", "P301"),
        document("D-UTS", "VE", "002/77/0001", ordner_nr="O2", quelle_erp="uts_karthago", freigegeben=""),
        document("D-WE", "WE", "001/0007"),
        # DO1: not released, or its folder is not
        document("D-NEIN", "GEB", HOUSE, freigegeben="N"),
        document("D-LEER", "GEB", HOUSE, freigegeben=""),
        document("D-WORT", "GEB", HOUSE, freigegeben="vielleicht"),
        document("D-ORDNER-NEIN", "GEB", HOUSE, ordner_nr="O4"),
        document("D-DARUNTER", "GEB", HOUSE, ordner_nr="O5"),
        document("D-ORDNER-LEER", "GEB", HOUSE, ordner_nr="O17"),
        # DO2: the last byte that passes, and one more
        document("D-GROSS", "GEB", HOUSE, groesse_bytes=str(LARGEST)),
        document("D-ZU-GROSS", "GEB", HOUSE, groesse_bytes=str(LARGEST + 1)),
        document("D-OHNE-GROESSE", "GEB", HOUSE, groesse_bytes=""),
        # DO3
        document("D-UTS-LOSE", "VE", "002/77/0001", quelle_erp="uts_karthago"),
        document("D-UTS-PERSON", "PERSON", "P309", ordner_nr="O2", quelle_erp="uts_karthago"),
        document(
            "D-UTS-NEIN", "VE", "002/77/0001", ordner_nr="O2", quelle_erp="uts_karthago", freigegeben="N"
        ),
        document(
            "D-UTS-WORT", "VE", "002/77/0001", ordner_nr="O2", quelle_erp="uts_karthago", freigegeben="evtl"
        ),
        # DO4, L3, L1, H1 of folders
        document("D-KREIS", "GEB", HOUSE, ordner_nr="O6"),
        document("D-UNTER-KREIS", "GEB", HOUSE, ordner_nr="O8"),
        document("D-ORDNER-FEHLT", "GEB", HOUSE, ordner_nr="O98"),
        document("D-OBEN-FEHLT", "GEB", HOUSE, ordner_nr="O9"),
        document("D-OBEN-GELOESCHT", "GEB", HOUSE, ordner_nr="O11"),
        document("D-ARCHIV-GELOESCHT", "GEB", HOUSE, ordner_nr="O16"),
        document("D-OBEN-UNKLAR", "GEB", HOUSE, ordner_nr="O13"),
        document("D-GELOESCHT", "GEB", HOUSE, geloescht_kz="L"),
        document("D-UNKLAR", "GEB", HOUSE, geloescht_kz="weg"),
        # DO5
        document("D-ADRESSE", "ADRESSE", "4711"),
        document("D-OHNE-BEZUG", "", ""),
        document("D-FREMD", "VE", "001/0007/01/9999"),
        document("D-OHNE-MAIL", "MV", "001/0007/02/G-1/01"),
        document("D-NICHT-MIETER", "PERSON", "P101"),
        document("D-ANDERER-MANDANT", "GEB", "900/0001/01"),
        # DO7
        document("D-FUER-EIGENTUEMER", "MV", f"{FLAT}/01", sichtbar_fuer="Eigentuemer"),
        document("D-FUER-MIETER", "EV", f"{SHOP}/E02", sichtbar_fuer="Mieter"),
        document("D-FUER-ALLE", "VE", FLAT, sichtbar_fuer="Alle"),
        document("D-HAUS-EIGENTUEMER", "GEB", HOUSE, sichtbar_fuer=" eigentuemer "),
        # I5, V1
        document("D/1", "GEB", HOUSE),
        document("D-ORDNER-STRICH", "GEB", HOUSE, ordner_nr="O20"),
        document("D-OHNE-DATEI", "GEB", HOUSE, dateiname=""),
        document("D-LANG", "GEB", HOUSE, titel="x" * 256),
        document("D-255", "GEB", HOUSE, titel="y" * 255),
        # DO6: settings
        document("D-ALT", "VE", FLAT, erstellt_am="2023-12-31 23:59:59", bemerkung="Portal; alt"),
        document("D-NEU", "VE", FLAT, erstellt_am="2024-01-01", bemerkung="Portal-2"),
        document("D-OHNE-TAG", "VE", FLAT, erstellt_am="", bemerkung="(PORTAL)"),
        document("D-PORTALE", "VE", FLAT, bemerkung="Portale"),
    ],
}


PARTNERS = ("facilioo", "idwell", "spiribo")


def settings(**options: Any) -> Mapping[str, Any]:
    """Vars of all partners that get documents; separator /, Mandanten 001 and 002."""
    setting = {"aktiv": True, "separator": "/", "mandanten": ["001", "002"], **options}
    return {"stichtag": STICHTAG, "partners": {partner: dict(setting) for partner in PARTNERS}}


@cache
def built(build: Build) -> Marts:
    """The marts of these documents; the data tests of all three partners have passed."""
    select = [f"+{partner},resource_type:{kind}" for partner in PARTNERS for kind in ("model", "seed")]
    select += [f"{partner},resource_type:test" for partner in PARTNERS]
    given = settings(dokumente=True)
    given["partners"]["facilioo"]["dokumente_freigabe"] = True
    return Marts(build(with_bestand(DOKUMENTE), select=select, vars=given, tests=True))
