"""Rules of OpenImmo 1.2.7b, written down anew from the standard, to hold what we write against.

Where `OPENIMMO_XSD` names a copy of the schema, and something that can read it is installed, that is asked too.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

# The children of each element in the order in which they have to stand; what is not listed has none of an order.
ORDER = {
    "openimmo": "uebertragung anbieter",
    "anbieter": "anbieternr firma openimmo_anid lizenzkennung anhang immobilie",
    "immobilie": "objektkategorie geo kontaktperson weitere_adresse preise bieterverfahren versteigerung flaechen"
    " ausstattung zustand_angaben bewertung infrastruktur freitexte anhaenge verwaltung_objekt verwaltung_techn",
    "objektkategorie": "nutzungsart vermarktungsart objektart",
    "geo": "plz ort geokoordinaten strasse hausnummer bundesland land gemeindecode flur flurstueck gemarkung etage"
    " anzahl_etagen lage_im_bau wohnungsnr lage_gebiet regionaler_zusatz",
    "kontaktperson": "email_zentrale email_direkt tel_zentrale tel_durchw tel_fax tel_handy name vorname titel anrede",
    "preise": "nettokaltmiete kaltmiete warmmiete nebenkosten heizkosten_enthalten heizkosten zzg_mehrwertsteuer"
    " waehrung mwst_satz kaution kaution_text geschaeftsguthaben",
    "flaechen": "wohnflaeche nutzflaeche gesamtflaeche ladenflaeche lagerflaeche anzahl_zimmer anzahl_schlafzimmer",
    "ausstattung": "bad kueche boden kamin heizungsart befeuerung klimatisiert fahrstuhl stellplatzart barrierefrei"
    " unterkellert abstellraum fahrradraum rolladen gaestewc kabelkanaele seniorengerecht user_defined_simplefield",
    "zustand_angaben": "baujahr letztemodernisierung zustand alter energiepass verkaufstatus",
    "energiepass": "epart gueltig_bis energieverbrauchkennwert mitwarmwasser endenergiebedarf primaerenergietraeger"
    " stromwert waermewert wertklasse baujahr ausstelldatum jahrgang gebaeudeart",
    "freitexte": "objekttitel dreizeiler lage ausstatt_beschr objektbeschreibung sonstige_angaben",
    "verwaltung_objekt": "objektadresse_freigeben verfuegbar_ab abdatum bisdatum wbs_sozialwohnung vermietet",
    "verwaltung_techn": "objektnr_intern objektnr_extern aktion aktiv_von aktiv_bis openimmo_obid kennung_ursprung"
    " stand_vom",
}
REQUIRED = {
    "openimmo": "uebertragung anbieter",
    "anbieter": "firma openimmo_anid",
    "immobilie": "objektkategorie geo kontaktperson verwaltung_techn",
    "objektkategorie": "nutzungsart vermarktungsart objektart",
    "kontaktperson": "name",
    "verwaltung_techn": "objektnr_extern aktion openimmo_obid stand_vom",
}
DECIMALS = ["nettokaltmiete", "kaltmiete", "warmmiete", "nebenkosten", "heizkosten", "kaution"]
DECIMALS += ["wohnflaeche", "nutzflaeche", "anzahl_zimmer"]
BOOLEANS = ["heizkosten_enthalten", "fahrradraum", "gaestewc", "wbs_sozialwohnung"]
DATES = ["abdatum", "bisdatum", "stand_vom"]
FLAGS = ["WOHNEN", "GEWERBE", "KAUF", "MIETE_PACHT", "EBK", "ZENTRAL", "PERSONEN"]
# Elements that may stand there without text, attribute and child: what is to be done with a new object.
MAY_BE_EMPTY = ("aktion",)


def broken_rules(document: bytes) -> list[str]:
    """What a document breaks, in words; nothing for one that keeps the rules."""
    assert document.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    root = ET.fromstring(document)  # noqa: S314 (what we wrote ourselves)
    return [f"{element.tag}: {said}" for element in root.iter() for said in _broken(element)]


def _broken(element: ET.Element) -> Iterator[str]:
    names, text = [child.tag for child in element], element.text or ""
    order = ORDER.get(element.tag, "").split()
    if order and names != sorted(names, key=lambda name: order.index(name) if name in order else -1):
        yield f"children in the order {names}"
    yield from (f"{name} is no child" for name in names if order and name not in order)
    yield from (f"{name} is missing" for name in REQUIRED.get(element.tag, "").split() if name not in names)
    if element.tag == "geo" and not {"plz", "ort"} & set(names):
        yield "neither plz nor ort"
    if element.tag == "kontaktperson" and not any(name.startswith(("email_", "tel_")) for name in names):
        yield "no contact"
    if element.tag == "objektart" and len(names) != 1:
        yield f"{len(names)} kinds"
    if not (names or text or element.attrib or element.tag in MAY_BE_EMPTY):
        yield "is empty"
    if element.tag in DECIMALS and not re.fullmatch(r"-?\d+(\.\d+)?", text):
        yield f"{text} is no decimal"
    if element.tag in BOOLEANS and text not in ("true", "false"):
        yield f"{text} is no boolean"
    if element.tag in DATES and not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        yield f"{text} is no date"
    yield from (
        f"{name}={value}"
        for name, value in element.items()
        if name in FLAGS and value not in ("true", "false")
    )


def schema_errors(document: bytes) -> list[str] | None:
    """What the schema says against a document; None where `OPENIMMO_XSD` names no copy. Skips without a validator."""
    schema = os.environ.get("OPENIMMO_XSD")
    if not schema:
        return None
    try:
        from lxml import etree
    except ImportError:
        return _by_program(schema, document)
    checker = etree.XMLSchema(etree.parse(schema))
    checker.validate(etree.fromstring(document))
    return [str(error.message) for error in checker.error_log]


def _by_program(schema: str, document: bytes) -> list[str]:
    program = shutil.which("xmllint")
    if program is None:
        pytest.skip("OPENIMMO_XSD is set, and neither lxml nor xmllint is installed")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "openimmo.xml"
        file.write_bytes(document)
        done = subprocess.run(  # noqa: S603 (a program that was found by its name, a file of ours)
            [program, "--noout", "--schema", schema, str(file)], capture_output=True, check=False
        )
    return [] if done.returncode == 0 else done.stderr.decode().splitlines()
