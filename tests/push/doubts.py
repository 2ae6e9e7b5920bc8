"""Two deliveries of one small house: all is well, and then one thing in each flat is in doubt, or really over.

Key date 2026-03-31. Flat 01 has the lease 01 of the person P01, and so on. All people are invented.
"""

from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]

WE = {"mandant_nr": "001", "we_nr": "0001"}
HOUSE = {**WE, "gebaeude_nr": "01"}
FLATS = [*(f"{number:02}" for number in range(1, 20)), "25", "26", "27", "28"]
OWNED = {"20": "P20", "21": "P20", "22": "P20", "23": "P23", "24": "P24", "29": "P29"}
SIDE_HOUSE = {**WE, "gebaeude_nr": "02"}
SIDE_FLATS = ("30", "31")
LONE_HOUSE = {**WE, "gebaeude_nr": "03"}
LONE_FLAT = "28"


def flat(number: str) -> Row:
    house = SIDE_HOUSE if number in SIDE_FLATS else LONE_HOUSE if number == LONE_FLAT else HOUSE
    return {**house, "ve_nr": number}


def good() -> Tables:
    """Everybody rents, or owns, and can be sent."""
    return {
        "mandant": [{"mandant_nr": "001", "name": "Muster Wohnen"}],
        "wirtschaftseinheit": [{**WE, "bezeichnung": "Lindenhof"}],
        "gebaeude": [
            {**house, "strasse": "Lindenweg", "hausnummer": number, "plz": "01067", "ort": "Dresden"}
            for number, house in (("1", HOUSE), ("2", SIDE_HOUSE), ("3", LONE_HOUSE))
        ],
        "verwaltungseinheit": [{**flat(n), "ve_art": "Wohnung"} for n in (*FLATS, *OWNED, *SIDE_FLATS)],
        "mietvertrag": [
            {
                **flat(n),
                "mv_nr": "1",
                "vertragsart": "Miete",
                "mietbeginn": "2027-01-01" if n == "11" else "2020-02-01",
            }
            for n in (*FLATS, *SIDE_FLATS)
        ],
        "mieter": [
            {**flat(n), "mv_nr": "1", "person_nr": f"P{n}", "rolle": "Hauptmieter"}
            for n in (*FLATS, *SIDE_FLATS)
        ],
        "person": [
            {"person_nr": f"P{n}", "person_art": "natuerlich", "nachname": f"Muster {n}", "vorname": "Erika"}
            for n in (*FLATS, *SIDE_FLATS, "20", "23", "24", "29")
        ],
        "kontaktweg": [
            {"person_nr": f"P{n}", "lfd_nr": lfd, "art": art, "wert": value}
            for n in (*FLATS, *SIDE_FLATS, "20", "23", "24", "29")
            for lfd, art, value in (
                ("1", "E-Mail", f"p{n}@example.org"),
                ("2", "Handynummer", "0152 28817386"),
            )
        ],
        "eigentuemervertrag": [{**flat(n), "ev_nr": "1", "beginn": "2015-01-01"} for n in OWNED],
        "eigentuemer": [{**flat(n), "ev_nr": "1", "person_nr": person} for n, person in OWNED.items()],
    }


def _change(tables: Tables, table: str, number: str, **values: Any) -> None:
    for row in tables[table]:
        if row.get("ve_nr") == number or (
            table in ("person", "kontaktweg") and row["person_nr"] == f"P{number}"
        ):
            row.update(values)


def doubtful() -> Tables:
    """The same, later: what became of each flat stands beside it."""
    tables = good()
    _change(tables, "mietvertrag", "01", mietende="31.06.2025")  # no such day
    _change(tables, "mietvertrag", "02", geloescht_kz="weg")  # a deletion mark that nobody knows
    _change(
        tables, "mietvertrag", "03", geloescht_kz="x", mietende="2026-02-28"
    )  # deleted, and it ended before
    _change(tables, "mietvertrag", "04", mietbeginn="")
    tables["kontaktweg"] = [row for row in tables["kontaktweg"] if row["person_nr"] not in ("P05", "P06")]
    # an address that is none, and no address at all
    tables["kontaktweg"] += [
        {"person_nr": "P05", "lfd_nr": "1", "art": "E-Mail", "wert": "p05@"},
        {"person_nr": "P05", "lfd_nr": "2", "art": "Handynummer", "wert": "0152 28817386"},
        {"person_nr": "P06", "lfd_nr": "2", "art": "Handynummer", "wert": "0152 28817386"},
    ]
    _change(tables, "verwaltungseinheit", "07", abgang_am="31.06.2025")
    _change(tables, "mieter", "08", gueltig_bis="Ende Juni")
    _change(tables, "person", "09", nachname="")
    _change(tables, "mieter", "10", person_nr="")  # C7
    _change(tables, "mietvertrag", "11", status_erp="storniert")  # cancelled before it began
    tables["mietvertrag"] = [
        row for row in tables["mietvertrag"] if row["ve_nr"] != "12"
    ]  # not delivered any more
    _change(tables, "mietvertrag", "13", mietende="2026-02-28")  # over
    # anonymised for sure, whatever the mark says
    _change(tables, "person", "14", anonymisiert="J", geloescht_kz="?")
    _change(tables, "person", "15", geloescht_kz="?")
    # over for sure, whatever else cannot be read
    _change(tables, "mietvertrag", "16", mietende="2026-02-28", kuendigung_zum="irgendwann", geloescht_kz="L")
    _change(
        tables, "verwaltungseinheit", "17", abgang_am="2026-01-31"
    )  # gone, with a lease in doubt below it
    _change(tables, "mietvertrag", "17", mietende="31.06.2025")
    _change(tables, "mietvertrag", "18", mv_nr="")  # C7: its tenant's lease is not there
    _change(tables, "mietvertrag", "25", mv_nr="")
    _change(tables, "mieter", "25", mv_nr="", person_nr="")  # C7: two numbers are missing
    _change(tables, "person", "26", person_nr="")  # C7: its tenant's person is not there
    _change(tables, "mietvertrag", "27", mandant_nr="")
    _change(tables, "mietvertrag", "28", ve_nr="", mv_nr="")  # C7: of any flat of its house
    for row in tables["kontaktweg"]:
        if row["person_nr"] == "P19":
            row["lfd_nr"] = ""  # C7: the address has no number of its own
    tables["gebaeude"][1]["gebaeude_nr"] = ""  # C7: the building of the flats 30 and 31
    _change(tables, "mietvertrag", "31", mietende="2026-02-28")  # over, wherever the flat is
    _change(tables, "eigentuemervertrag", "21", ende="bald")
    _change(tables, "eigentuemervertrag", "22", ende="2026-02-28")
    _change(tables, "eigentuemer", "23", person_nr="")  # C7: nobody knows whose the flat is
    _change(tables, "eigentuemervertrag", "29", ende="2026-02-28")  # over, whoever the owner is
    _change(tables, "eigentuemer", "29", person_nr="")
    for row in tables["kontaktweg"]:
        if row["person_nr"] == "P24" and row["art"] == "E-Mail":
            row["wert"] = "p24@"  # an owner needs no address, and had one
    return tables
