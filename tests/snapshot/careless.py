"""A delivery as a careless ERP writes it: one flat, one lease and one person for each oddity. Everybody is invented."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from tests.conftest import Rows

LAST_NAMES: Sequence[str | None] = (
    "Müller", "MÜLLER", "müller", "Mu\u0308ller", "  Müller  ", "Mül\u200bler", "GÃ¼nther", "M\ufffdller",
    "M&uuml;ller",
    "Mei_x000D_er", "von der Heide", "Li", "Wu", "Ng", "N.N.", "N. N.", "Leerstand", "leer stand", "anonymisiert",
    "Anonymisiert Kessler", "NULL", "null", "-", "   ", None, "O'Brien", "Lüdenscheidt-Brückner", "Đorđević", "Иванов",
    "Langenscheidt" * 7, "Köch 2", "Eheleute Max und Erika Muster", "李伟", "'Krause", '="Krause"', "Keller", "Koch",
    "Straße", "Frau", "x", "Conceição", "Jörg", "Björk", "Szymczyk", "Krk", "Hrvst", "Frau Dr. Quast",
    "Meyer\tzu\nBentrup",
    "Rosa", "Lange", "Mai", "Ömer", "Şahin", "Γεωργίου", "Ngoc\u0323", "Zoë", "d'Artagnan", "Müller & Söhne",
    "kein", "unbekannt", "Test", "Müller²",
)  # fmt: skip
FIRST_NAMES: Sequence[str | None] = (
    "Erika", "Max", "Anna Lena", "A.", "Hans-Jürgen", "Rosa", "Ayşe", None, "", "Jo", "Wolf", "wolf",
    "Vorname", "Karl 3",
)  # fmt: skip
EMAILS: Sequence[str | None] = (
    "Max.Muster@Web.de", "max.muster@web.de ", "MAX.MUSTER@WEB.DE", "mailto:erika@beispiel.de",
    "Erika <erika@beispiel.de>",
    "erika@beispiel.de", "a@b.de; c@d.de", "keine", "k.A.", "-", "name@", "@x.de", "a@b", "max muster@x.de",
    "müller@x.de",
    "info@müller.de", "l" * 64 + "@lang.de", "l" * 65 + "@lang.de", "a..b@x.de", "x@ypsilon.de.",
    "x@ypsilon.de..", None, "",
    "kurz@o2.pl", "famile@gmx.de/opa@gmx.de", "o'neil+miete@example.org", "\u200bunsichtbar@web.de",
    "zwei@a.de drei@a.de",
    "info@conrad-6401.example", "MailTo: Gross@Web.De", "1234567@nummer.de", "a-b@c-d.de", "x@sub.domain.example.org",
)  # fmt: skip
PHONES: Sequence[str | None] = (
    "030/1234567", "+49 (0)30 1234567", "0049 30 1234567", "(030) 123 45-67", "0171-1234567", "tagsüber 0171 1234567",
    "4,917E+11", "+43 664 1234567", "110", "00", "12345", "+1 (212) 555-0100", "030 1234567 / 0171 7654321",
    "030–1234567", None, "", "keines", "+49 171 1234567", "01711234567", "0 30 / 9 87 65 43", "+49",
    "9" * 20, "030 1234568",
)  # fmt: skip
BIRTHDAYS: Sequence[str | None] = (
    "1950-02-01", "01.02.1950", "1.2.1950", "19500201", "1950-02-01T00:00:00", "1950-01-31T23:00:00Z",
    "1985-07-11T22:00:00Z", "1985-07-12T00:00:00+02:00", "31.02.1950", "00000000", "1900-01-01", "01.01.50", "45321",
    "unbekannt", "Test", "Müller²", "1753-01-01", "9999-12-31", " 1950-02-01 ", "1950-02-01 14:30:00", "29.02.2000",
    "31.12.1999", None, "",
    "1964-12-31T23:00:00Z", "2010-11-30", "1931", "ca. 1950",
)  # fmt: skip
HOUSE_NUMBERS = (
    "12",
    "12A",
    "12-14",
    "01. Mrz",
    "5 Maria",
    "1.5.2024",
    "007",
    None,
    "12 a-c",
    "2024-03-01 00:00:00",
)
POSTCODES = ("10115", "01067", "1067", "D-10115", "10115 Berlin", None, "SW1A 1AA", "00000")
STREETS = (
    "Rosa-Luxemburg-Straße",
    "Lange Straße",
    "Elbchaussee",
    "Am Markt",
    "c/o Müller, Hauptstr. 5",
    None,
    "Kochstraße",
)
TEXTS = (
    "Wohnung Müller", "Wohnung 2. OG links", "Keller", "bei Frau QUAST", "Langenscheidt" * 7, "Kochstraße 5", None,
    "Szymczyk/Krause", "Lange Straße 3 (Lange)", "Tel. 030 1234567", "Rosa-Luxemburg-Straße 1: Rosa",
)  # fmt: skip
TITLES = (
    "Mietvertrag Müller", "MietvertragMueller_Erika.pdf", "Müller, Erika/vertrag.pdf", "Abrechnung 2024",
    "geb. 01.02.1950",
    "an max.muster@web.de", "IBAN DE12 5001 0517 5407 3249 31", "Schreiben Иванов",
    "Rosa-Luxemburg-Straße 1", "030/1234567",
    "Nachtrag GÜNTHER und o'brien", "Keller", "20240131_Uebergabe_KESSLER.PDF",
)  # fmt: skip
REMARKS = (
    "Portal: Frau Quast ist krank",
    "geheim",
    None,
    "IBAN DE12500105175407324931, Portal",
    "Portalseite",
)
KEY = ("mandant_nr", "we_nr", "gebaeude_nr", "ve_nr")


def careless() -> dict[str, Rows]:
    """The tables; a person for each oddity of whatever column has most."""
    odd = list(_people())
    units = [{**dict(zip(KEY, ("1", "1", "1", f"{n:03d}"), strict=True))} for n in range(len(odd))]
    return {
        "mandant": [{"mandant_nr": "1", "name": "Wohnbau Muster eG"}],
        "wirtschaftseinheit": [{"mandant_nr": "1", "we_nr": "1", "bezeichnung": "Lange Straße (Müller)"}],
        "gebaeude": [
            {
                **dict(zip(KEY[:3], ("1", "1", "1"), strict=True)),
                "strasse": "Rosa-Luxemburg-Straße", "hausnummer": "1", "plz": "10115", "ort": "Berlin",
                "ortsteil": "Lange Straße", "art": "Gebaeude", "bezeichnung": "Haus Szymczyk",
            }
        ],
        "verwaltungseinheit": [
            {
                **unit, "bezeichnung": TEXTS[n % len(TEXTS)], "ve_art": "Wohnung", "zimmer": "2",
                "etage_lage": ("Keller", "2. OG", "2. OG Krause", "Erdgeschoss")[n % 4],
                "ausstattung": "Balkon, Keller", "wohnflaeche": "50,5",
            }
            for n, unit in enumerate(units)
        ],
        "mietvertrag": [
            {**unit, "mv_nr": f"MV-{n}", "vertragsart": "Miete", "nutzungsart": "Wohnung", "mietbeginn": "01.01.2020"}
            for n, unit in enumerate(units)
        ],
        "mieter": [
            {**unit, "mv_nr": f"MV-{n}", "person_nr": person["person_nr"], "rolle": "Hauptmieter"}
            for n, (unit, person) in enumerate(zip(units, odd, strict=True))
        ],
        "person": odd,
        "kontaktweg": [
            {"person_nr": person["person_nr"], "lfd_nr": str(line), "art": art, "wert": values[n % len(values)],
             "bemerkung": TITLES[n % len(TITLES)], "ist_haupt": "ja"}
            for n, person in enumerate(odd)
            for line, (art, values) in enumerate(
                (("E-Mail", EMAILS), ("Festnetz", PHONES), ("Handynummer", PHONES[7:]), ("Fax", PHONES[3:])), 1
            )
        ],
        "eigentuemervertrag": [
            {**unit, "ev_nr": "1", "art": "WEG-Eigentum", "beginn": "2019-01-01"} for unit in units[:20]
        ],
        "eigentuemer": [
            {**unit, "ev_nr": "1", "person_nr": odd[n]["person_nr"]} for n, unit in enumerate(units[:20])
        ],
        "interessent": [
            {"interessent_nr": str(n), "vorname": "Erika", "nachname": name, "email": EMAILS[n % len(EMAILS)],
             "telefon": PHONES[n % len(PHONES)], "geburtsdatum": BIRTHDAYS[n % len(BIRTHDAYS)], "status": "neu"}
            for n, name in enumerate(LAST_NAMES)
        ],
        "einwilligung": [
            {"person_nr": person["person_nr"], "zweck": "AktivBo", "erteilt": "ja", "erteilt_am": "2024-01-01"}
            for person in odd
        ],
        "archiv": [{"archiv_nr": "1", "name": "Archiv Quast", "suchkategorie": "Mieter"}],
        "ordner": [
            {"ordner_nr": str(n), "name": title, "archiv_nr": "1", "api_freigabe": "ja"}
            for n, title in enumerate(TITLES)
        ],
        "dokument": [
            {"dokument_nr": f"D{n}", "ordner_nr": str(n % len(TITLES)), "titel": title, "dateiname": title,
             "pfad": title, "mime_typ": "application/pdf", "groesse_bytes": "2345", "erstellt_am": "2024-02-01",
             "bezug_art": art, "bezug_key": key, "bemerkung": REMARKS[n % len(REMARKS)], "freigegeben": "ja",
             "sichtbar_fuer": "Mieter"}
            for n, (title, (art, key)) in enumerate(
                (title, bezug)
                for title in TITLES
                for bezug in (("PERSON", "P001"), ("MV", "1/1/1/000/MV-0"), ("VE", "1/1/1/001"))
            )
        ],
    }  # fmt: skip


def _people() -> Iterator[dict[str, str | None]]:
    columns = zip_longest(LAST_NAMES, EMAILS, PHONES, BIRTHDAYS)
    for n, _ in enumerate(columns):
        is_company = n % 11 == 10
        yield {
            "person_nr": f"P{n:03d}" if n % 3 else f"{n:04d}",
            "person_art": "juristisch" if is_company else "natuerlich",
            "anrede": ("Herr", "Frau", "Eheleute", "Herr Quast", None, " ")[n % 6],
            "titel": ("Dr.", "Prof. Dr.", None, "Graf von Quast")[n % 4],
            "vorname": FIRST_NAMES[n % len(FIRST_NAMES)],
            "nachname": LAST_NAMES[n],
            "firma1": ("Müller GmbH", "Quast & Partner KG", "Leerstand", None)[n % 4] if is_company else None,
            "geburtsdatum": BIRTHDAYS[n % len(BIRTHDAYS)],
            "todesdatum": ("1900-01-01", None, "2024-05-05", "Mai")[n % 4],
            "geschlecht": ("m", "w", "d", "Mann")[n % 4],
            "co_zusatz": ("c/o Krause", None, "z. Hd. Frau Quast")[n % 3],
            "strasse": STREETS[n % len(STREETS)],
            "hausnummer": HOUSE_NUMBERS[n % len(HOUSE_NUMBERS)],
            "plz": POSTCODES[n % len(POSTCODES)],
            "ort": ("Berlin", "Hamburg-Ohlsdorf", None)[n % 3],
            "land": ("DE", "D", None)[n % 3],
            "anonymisiert": ("nein", "nein", "ja", None)[n % 4] if n % 5 == 0 else None,
        }
