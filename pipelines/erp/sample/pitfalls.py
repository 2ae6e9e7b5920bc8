"""The pitfalls of real ERP exports, each with its rate and the place where the sample shows it.

Source: section 6 of the canonical ERP schema. Not shown, because a delivery in files cannot show them: JSON without
keys, objects taken from an API token (UTS KARTHAGO), fields that are documented but not delivered, fixed-width records
with implied decimals, and a second encoding (a delivery is read in one encoding; this one is UTF-8).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Pitfall:
    """One kind of trouble: `change` alters the rows that are hit, `copy` adds an altered copy of each of them.

    `rate` is the share of the rows of `table` that satisfy `among`; `at_least` of them are hit however small the
    sample is. Values are SQL expressions over the row's columns and `n`, which counts the hits from 1. A row is hit
    by one pitfall only. A table in `core` is altered before the deliverable tables are made from it, so that all of
    them agree.
    """

    name: str
    table: str
    rate: float
    change: Mapping[str, str] = field(default_factory=dict)
    copy: Mapping[str, str] | None = None
    among: str = "true"
    at_least: int = 1


# Where the files of some documents lie: `documents.py` writes none there, an empty one, one of another size.
MISSING_FOLDER, EMPTY_FOLDER, OLDER_FOLDER = "verschoben", "leer", "alt"

_RUNNING = "_phase = 'jetzt' and _ve_art = 'wohnung'"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _in_turn(*values: str) -> str:
    """The texts one after the other: the first hit gets the first of them."""
    return f"[{', '.join(map(_text, values))}][1 + (n - 1) % {len(values)}]"


def _german(column: str) -> str:
    """`1234.50` as `1.234,50`."""
    return f"translate(format('{{:,.2f}}', {column}::double), ',.', '.,')"


def _email(name: str, rate: float, wert: str, among: str = "_erste_email", at_least: int = 1) -> Pitfall:
    """Trouble with a person's first e-mail address."""
    return Pitfall(name, "erp.kontaktweg", rate, {"wert": wert}, among=among, at_least=at_least)


def _person(name: str, rate: float, among: str = "_natuerlich", at_least: int = 1, **change: str) -> Pitfall:
    """Trouble with the columns of a natural person."""
    return Pitfall(name, "erp.person", rate, change, among=among, at_least=at_least)


def _unit(name: str, rate: float, among: str = "true", at_least: int = 1, **change: str) -> Pitfall:
    """Trouble with the columns of a unit; what hangs below it does not take part."""
    return Pitfall(name, "erp.verwaltungseinheit", rate, change, among=among, at_least=at_least)


def _building(name: str, rate: float, among: str = "true", at_least: int = 1, **change: str) -> Pitfall:
    """Trouble with the columns of a building; what hangs below it does not take part."""
    return Pitfall(name, "erp.gebaeude", rate, change, among=among, at_least=at_least)


def _lease(name: str, rate: float, among: str = _RUNNING, **change: str) -> Pitfall:
    """Trouble with the columns of a running lease."""
    return Pitfall(name, "erp.mietvertrag", rate, change, among=among)


DELETED = "'L'"
MARKED = "'V'"
UNSTAMPED = {"geaendert_am": "null"}
STAMPED_LATER = {"geaendert_am": "(getvariable('stand') + interval 8 hours)::varchar"}

# First those that tell most, so that a small sample has them too.
FLOOR_TEXTS = (
    "2. UG",
    "EG links",
    "Erdgeschoss, Keller 2",
    "Dachgeschoss (4. OG)",
    "Keller, links",
    "-1",
    "links -1",
    "3-4. OG",
    "   ",
    " 2 ",
    "Erdgeschoß",
    "ERDGESCHOẞ",
    "WE 01 · Dachgeschoss links",
    "\u00a0",
    "Etage ²",
    "Erdgeschoss 2. Tür",
    "Keller zu 3. Etage",
    "ERDGESCHOSS RECHTS",
    "erdgeschoss",
    "KELLER",
    "Kellergeschoss",
    "1. Kellergeschoss",
    "EG",
    "DG",
    "Souterrain",
    "Hochparterre",
    "Untergeschoss",
    "2.OG",
    "Haus 2, 1. OG",
    "0",
    "2",
    "10. Etage",
    "001",
    "1,5",
    "1.5",
    "Maisonette",
    " Dritte Garage von links",
    "Wohnung 02 DG",
    "GE 2",
    "٣. Etage",
)

_TREMA = "\N{COMBINING DIAERESIS}"
_LET = "ve_art = 'wohnung' and zustand = 'vermietet'"
_OPEN = f"{_RUNNING} and mietende is null"
_UMLAUT = "_natuerlich and regexp_matches(nachname, '[äöü]')"
_ONE_OF_SEVERAL = "_haeuser > 1 and art <> 'Grundstueck'"
_HAS_ENDED = "phase = 'vorher' and zustand = 'vermietet'"

NUMBERS = (
    Pitfall(
        "separator_in_number",
        "core.einheit",
        0.001,
        {
            "ve_nr": "['0-' || lpad(nr::varchar, 5, '0'), ve_nr || '/1', ve_nr || '.1', ve_nr || '_1'][1 + (n - 1) % 4]"
        },
        among=_LET,
        at_least=4,
    ),
    Pitfall(
        "letters_and_blanks_in_number", "core.einheit", 0.001, {"ve_nr": "'W ' || nr || 'a'"}, among=_LET
    ),
    Pitfall(
        "colliding_concatenation_1",
        "core.einheit",
        0,
        {"ve_nr": "'1'"},
        among=f"nr = 1 and {_LET} and haus_id in (select haus_id from einheit where nr = 2 and {_LET})",
    ),
    Pitfall(
        "colliding_concatenation_12",
        "core.einheit",
        1,
        {"ve_nr": "'12'"},
        among=f"nr = 2 and {_LET} and haus_id in (select haus_id from einheit where ve_nr = '1')",
        at_least=0,
    ),
    Pitfall(
        "colliding_concatenation_1_23",
        "core.vertrag",
        1,
        {"mv_nr": "'23'"},
        among="phase = 'jetzt' and ve_id in (select ve_id from einheit where ve_nr = '1')",
        at_least=0,
    ),
    Pitfall(
        "colliding_concatenation_12_3",
        "core.vertrag",
        1,
        {"mv_nr": "'3'"},
        among="phase = 'jetzt' and ve_id in (select ve_id from einheit where ve_nr = '12')",
        at_least=0,
    ),
    Pitfall(
        "reused_lease_number",
        "core.vertrag",
        0.01,
        {"mv_nr": "lpad((mv_nr::integer + 1)::varchar, 2, '0')"},
        among=_HAS_ENDED,
    ),
    Pitfall(
        "leading_zeros_lost", "erp.mieter", 0.0005, {"ve_nr": "ltrim(ve_nr, '0')"}, among="ve_nr like '0%'"
    ),
    _unit("blank_padded_key", 0.001, ve_nr="ve_nr || '    '"),
    Pitfall("empty_key_part", "erp.verwaltungseinheit", 0.0002, copy={"ve_nr": "null"}),
)

LEASES = (
    Pitfall(
        "vacancy_as_lease",
        "core.einheit",
        0.1,
        {"leer_als": "'vertrag'"},
        among="zustand = 'leer' and ve_art = 'wohnung' and mandant = 1",
    ),
    Pitfall(
        "vacancy_as_pseudo_tenant",
        "core.einheit",
        0.05,
        {"leer_als": "'mieter'"},
        among="zustand = 'leer' and ve_art = 'wohnung' and mandant = 1",
    ),
    Pitfall(
        "lease_without_tenant",
        "core.vertrag",
        0.001,
        {"personen": "0", "hauptmieter": "null"},
        among="phase = 'jetzt' and ve_art = 'wohnung' and ve_id not in (select wohnung_ve_id from stellplatz)",
    ),
    Pitfall(
        "overlapping_leases",
        "core.vertrag",
        0.01,
        {"ende": "naechster_beginn + 30"},
        among=_HAS_ENDED,
    ),
    Pitfall(
        "two_active_leases",
        "core.vertrag",
        0.003,
        {"ende": "null", "status": "'aktiv'"},
        among=_HAS_ENDED,
    ),
    Pitfall(
        "same_day_change",
        "core.vertrag",
        0.01,
        {"ende": "naechster_beginn"},
        among=_HAS_ENDED,
    ),
    Pitfall("cancelled_by_status", "core.vertrag", 0.04, {"status": "'STORNIERT'"}, among="phase = 'danach'"),
    Pitfall(
        "cancelled_by_dates",
        "core.vertrag",
        0.0005,
        {"ende": "beginn - 1"},
        among="phase = 'jetzt' and ve_art = 'wohnung'",
    ),
    _lease(
        "use_not_in_list",
        0.004,
        nutzungsart=_in_turn("Gewerberaum", "Wohnen", "wohnraum", " Wohnraum ", "Stellplatz", "Keller", ""),
    ),
    Pitfall(
        "same_person_in_two_roles",
        "erp.mieter",
        0.003,
        copy={"rolle": "'Rechnungsempfaenger'"},
        among="_pos = 1",
    ),
    Pitfall("same_tenant_twice", "erp.mieter", 0.001, copy={"rolle": "'Mitmieter'"}, among="_pos = 1"),
    Pitfall("no_main_tenant", "erp.mieter", 0.001, {"rolle": "'Mitmieter'"}, among="_pos = 1"),
    Pitfall("two_main_tenants", "erp.mieter", 0.005, {"rolle": "'Hauptmieter'"}, among="_pos = 2"),
    Pitfall("tenant_since_unknown", "erp.mieter", 0.001, {"gueltig_von": "null"}),
)

DATES = (
    _lease("date_german", 0.002, mietbeginn="strftime(mietbeginn::date, '%d.%m.%Y')"),
    _lease("date_compact", 0.002, mietbeginn="strftime(mietbeginn::date, '%Y%m%d')"),
    _lease("date_with_time", 0.002, mietbeginn="mietbeginn || ' 00:00:00'"),
    _lease("date_two_digit_year", 0.0005, vertragsdatum="strftime(vertragsdatum::date, '%d%m%y')"),
    _lease("date_30_february", 0.0005, mietbeginn="'30.02.2019'"),
    _lease("date_open_end_iso", 0.002, _OPEN, mietende="'9999-12-31'"),
    _lease("date_open_end_german", 0.002, _OPEN, mietende="'31.12.9999'"),
    _lease("date_open_end_compact", 0.002, _OPEN, mietende="'99991231'"),
    _lease("date_zeros", 0.002, _OPEN, mietende="'00000000'"),
    _person("birthday_unreadable", 0.0005, geburtsdatum="'00.00.1957'"),
)

FIGURES = (
    _unit("decimal_comma", 0.005, "wohnflaeche is not null", wohnflaeche="replace(wohnflaeche, '.', ',')"),
    _unit("thousands_dot", 0.003, "sollmiete::double >= 1000", sollmiete=_german("sollmiete")),
    _unit("half_rooms_comma", 0.01, "zimmer in ('2', '3')", zimmer="zimmer || ',5'"),
    _unit("half_rooms_fraction", 0.005, "zimmer in ('2', '3')", zimmer="zimmer || ' 1/2'"),
    Pitfall("amount_german", "erp.mietkondition", 0.002, {"betrag_netto": _german("betrag_netto")}),
    Pitfall("rent_missing", "erp.leerstand", 0.08, {"nettokaltmiete": "null"}),
    Pitfall("available_in_words", "erp.leerstand", 0.05, {"verfuegbar_ab": "'nach Vereinbarung'"}),
    _building("boolean_letters", 0.01, at_least=3, aufzug=_in_turn("J", "N", "X", "1", "n")),
    _building("boolean_unreadable", 0.001, aufzug="'nur Hinterhaus'"),
    _building("year_in_words", 0.01, "baujahr::integer < 1915", baujahr="'um 1900'"),
)

DUPLICATES = (
    Pitfall(
        "duplicate_with_stamps",
        "erp.verwaltungseinheit",
        0.001,
        copy={"bezeichnung": "bezeichnung || ' (neu)'", **STAMPED_LATER},
    ),
    Pitfall(
        "duplicate_without_stamps",
        "erp.verwaltungseinheit",
        0.001,
        UNSTAMPED,
        copy={"bezeichnung": "bezeichnung || ' (neu)'", **UNSTAMPED},
    ),
    Pitfall(
        "duplicate_one_stamp",
        "erp.verwaltungseinheit",
        0.001,
        copy={"bezeichnung": "bezeichnung || ' (alt)'", **UNSTAMPED},
    ),
    Pitfall("duplicate_lease", "erp.mietvertrag", 0.001, copy={"status_erp": "'aktiv'"}, among=_RUNNING),
    Pitfall("duplicate_tenant", "erp.mieter", 0.001, copy={}),
    Pitfall(
        "person_under_two_numbers",
        "erp.person",
        0.002,
        copy={"person_nr": "lpad((700000000 + _pid)::varchar, 10, '0')"},
        among="_natuerlich",
    ),
    Pitfall(
        "applicant_twice_but_for_a_blank",
        "erp.interessent",
        0.01,
        copy={"interessent_nr": "'J' || substr(interessent_nr, 2)", "nachname": "nachname || ' '"},
    ),
)

GONE = (
    Pitfall(
        "estate_deleted", "erp.wirtschaftseinheit", 0.002, {"geloescht_kz": DELETED}, among="_haeuser = 1"
    ),
    Pitfall("estate_marked", "erp.wirtschaftseinheit", 0.005, {"geloescht_kz": MARKED}),
    Pitfall(
        "estate_no_longer_managed",
        "erp.wirtschaftseinheit",
        0.002,
        {"verwaltung_bis": "'2024-12-31'"},
        among="_haeuser = 1",
    ),
    _building("building_deleted", 0.001, _ONE_OF_SEVERAL, geloescht_kz=DELETED),
    _building("building_marked", 0.002, geloescht_kz=MARKED),
    _building("building_sold", 0.001, _ONE_OF_SEVERAL, abgang_am="'2025-06-30'", abgang_grund="'Verkauf'"),
    _unit("unit_deleted", 0.001, "_zustand = 'vermietet'", geloescht_kz=DELETED),
    _unit("unit_marked", 0.002, geloescht_kz=MARKED),
    _unit("unit_merged", 0.001, "_zustand = 'vermietet'", abgang_am="'2023-12-31'"),
    _unit("unit_no_longer_managed", 0.001, "_zustand = 'vermietet'", verwaltung_bis="'31.12.2024'"),
    _lease("lease_deleted", 0.001, geloescht_kz=DELETED),
    _person("person_deleted", 0.001, geloescht_kz=DELETED),
    Pitfall("contact_deleted", "erp.kontaktweg", 0.002, {"geloescht_kz": DELETED}, among="_erste_email"),
    _person(
        "anonymised",
        0.003,
        anonymisiert="'true'",
        vorname="null",
        nachname="'anonymisiert'",
        geburtsdatum="null",
    ),
    _person("anonymised_without_flag", 0.001, vorname="null", nachname="'Anonymisiert'"),
)

STRAYS = (
    Pitfall("orphan_building", "erp.gebaeude", 0.0002, copy={"we_nr": "'9998'"}),
    Pitfall("orphan_unit", "erp.verwaltungseinheit", 0.0002, copy={"gebaeude_nr": "'98'"}),
    Pitfall("orphan_lease", "erp.mietvertrag", 0.0002, copy={"ve_nr": "'9998'"}, among=_RUNNING),
    Pitfall("orphan_tenant", "erp.mieter", 0.0002, copy={"mv_nr": "'98'"}),
    Pitfall(
        "tenant_without_person",
        "erp.mieter",
        0.0002,
        {"person_nr": "'0999999998'"},
        among="_phase = 'vorher'",
    ),
    Pitfall("orphan_contact", "erp.kontaktweg", 0.0002, copy={"person_nr": "'0999999997'"}),
    Pitfall("orphan_owner_contract", "erp.eigentuemervertrag", 0.0005, copy={"ve_nr": "'9998'"}),
    Pitfall("orphan_owner", "erp.eigentuemer", 0.0005, copy={"ev_nr": "'98'"}),
    Pitfall("orphan_rent", "erp.mietkondition", 0.0002, copy={"mv_nr": "'98'"}),
    Pitfall("orphan_consent", "erp.einwilligung", 0.0005, copy={"person_nr": "'0999999996'"}),
    Pitfall(
        "test_estate",
        "erp.wirtschaftseinheit",
        0,
        copy={"we_nr": "'9990'", "bezeichnung": "'TESTOBJEKT - bitte nicht löschen'"},
        among="mandant_nr = '001'",
    ),
    Pitfall(
        "test_building",
        "erp.gebaeude",
        0,
        copy={"we_nr": "'9990'", "gebaeude_nr": "'01'", "bezeichnung": "'Testgebäude'"},
        among="mandant_nr = '001' and art = 'Gebaeude'",
    ),
    Pitfall(
        "test_unit",
        "erp.verwaltungseinheit",
        0,
        copy={"we_nr": "'9990'", "gebaeude_nr": "'01'", "ve_nr": "'0001'", "bezeichnung": "'Testwohnung'"},
        among="mandant_nr = '001' and ve_art = 'Wohnung'",
    ),
    Pitfall("negative_number", "erp.gebaeude", 0, copy={"gebaeude_nr": "'-1'", "bezeichnung": "'intern'"}),
    Pitfall(
        "condominium_as_owner", "erp.eigentuemer", 0.0005, {"person_nr": "'-1'"}, among="mandant_nr = '002'"
    ),
    Pitfall(
        "condominium_as_person",
        "erp.person",
        0,
        copy={
            "person_nr": "'-1'",
            "person_art": "'juristisch'",
            "anrede": "null",
            "vorname": "null",
            "nachname": "null",
            "firma1": "'Wohnungseigentümergemeinschaft'",
        },
    ),
    Pitfall("document_without_folder", "erp.dokument", 0.005, {"ordner_nr": "null"}),
    Pitfall(
        "document_size_at_the_limit",
        "erp.dokument",
        0.001,
        {"groesse_bytes": "(52428800 + [0, 1, -1][1 + (n - 1) % 3])::varchar"},
        at_least=3,
    ),
    Pitfall("document_path_of_windows", "erp.dokument", 0.05, {"pfad": "ordner_nr || '\\' || dateiname"}),
    Pitfall(
        "document_names_alike",
        "erp.dokument",
        0.01,
        {"dateiname": "'Scan.pdf'", "pfad": "'scans/' || dokument_nr || '/Scan.pdf'"},
        at_least=2,
    ),
    Pitfall("document_file_missing", "erp.dokument", 0.002, {"pfad": f"'{MISSING_FOLDER}/' || dateiname"}),
    Pitfall("document_file_empty", "erp.dokument", 0.002, {"pfad": f"'{EMPTY_FOLDER}/' || dateiname"}),
    Pitfall("document_file_older", "erp.dokument", 0.002, {"pfad": f"'{OLDER_FOLDER}/' || dateiname"}),
)

ADDRESSES = (
    _building("postcode_and_town_in_one", 0.003, plz="plz || ' ' || ort", ort="null"),
    _person("postcode_zero_lost", 0.1, "plz like '0%'", plz="ltrim(plz, '0')"),
    _building(
        "address_twins",
        0,
        at_least=2,
        strasse="'Hauptstraße'",
        hausnummer="'1'",
        hausnummer_zusatz="null",
        plz=_in_turn("10317", "13055"),
    ),
    _building("no_house_number", 0.0007, hausnummer="null", hausnummer_zusatz="null"),
    _building("house_number_range", 0.01, hausnummer="'12-14'", hausnummer_zusatz="null"),
    _building("house_number_as_date", 0.001, hausnummer="'01. Feb'", hausnummer_zusatz="null"),
    _building("street_encoded_twice", 0.002, "strasse like '%ß%'", strasse="replace(strasse, 'ß', 'ÃŸ')"),
    _building("quotes_and_separator_in_text", 0.002, bezeichnung="'Remise; \"Altes Kutscherhaus\"'"),
    _unit("floor_text", 0.025, "ve_art = 'Wohnung'", etage_lage=_in_turn(*FLOOR_TEXTS)),
    _unit("one_blank_for_empty", 0.002, lage="' '"),
)

NAMES = (
    _person(
        "name_nfd",
        0.05,
        _UMLAUT,
        nachname=f"replace(replace(replace(nachname, 'ä', 'a{_TREMA}'), 'ö', 'o{_TREMA}'), 'ü', 'u{_TREMA}')",
    ),
    _person("name_that_nfc_cannot_compose", 0.0005, vorname="'Ngoc' || chr(803)"),
    _person(
        "name_outside_windows_1252", 0.003, at_least=3, vorname=_in_turn("Aişe", "Akın", "Miloš Adamovič")
    ),
    _person("name_lost_in_windows_1252", 0.002, vorname=_in_turn("Ak?n", "Ay?e")),
    _person("name_case_twins", 0.001, at_least=2, vorname=_in_turn("Wolf", "wolf")),
    _person(
        "name_junk",
        0.002,
        at_least=4,
        vorname=_in_turn("ohne", "kein", "(Vorname", "Adelina,", "keinen", "Vorname", "(Eigennamen)"),
    ),
    _person(
        "name_apostrophe_particle_one_letter",
        0.003,
        at_least=4,
        nachname=_in_turn("O'Neill", "D´Angelo", "Dussen van", "Ö", "von und zu Guttenbrunn-Ley"),
    ),
    _person(
        "couple_in_one_record",
        0.01,
        person_art="'paar'",
        anrede="'Eheleute'",
        vorname="vorname || ' und ' || " + _in_turn("Erika", "Max", "Ute", "Jürgen", "Ayşe"),
        geschlecht="'u'",
    ),
    _person(
        "heirs",
        0.002,
        vorname="null",
        nachname="'Erbengemeinschaft ' || nachname",
        todesdatum="'2025-03-17'",
    ),
    _person("name_truncated", 0.002, vorname="left(vorname || ' Maximilian Alexander Konstantin', 35)"),
    _person(
        "company_truncated",
        0.02,
        "firma1 is not null",
        firma1="left('Grundstücksverwaltungsgesellschaft ' || firma1, 40)",
    ),
    _person("name_missing", 0.002, nachname="null"),
    _person("company_name_missing", 0.01, "firma1 is not null", firma1="null"),
    _person("name_placeholder", 0.0005, vorname="null", nachname=_in_turn("N.N.", "N. N.")),
    _person("blanks_around_name", 0.003, nachname="'  ' || nachname || '   '"),
    _person(
        "no_break_space", 0.002, nachname="chr(160) || nachname || chr(160)", vorname="vorname || chr(160)"
    ),
    _person("inner_blanks", 0.001, vorname="vorname || '   ' || 'Maria'"),
    _person(
        "name_encoded_twice",
        0.01,
        _UMLAUT,
        nachname="replace(replace(replace(nachname, 'ä', 'Ã¤'), 'ö', 'Ã¶'), 'ü', 'Ã¼')",
    ),
    _person(
        "replacement_character", 0.01, _UMLAUT, nachname="regexp_replace(nachname, '[äöü]', chr(65533), 'g')"
    ),
    _person("no_change_stamp", 0.02, "true", geaendert_am="null"),
)

EMAILS = (
    _email("email_keine", 0.004, "'keine'"),
    _email("email_k_a", 0.004, "'k.A.'"),
    _email("email_dash", 0.004, "'-'"),
    _email("email_blank", 0.004, "' '"),
    _email("email_without_domain", 0.003, "split_part(wert, '@', 1) || '@'"),
    _email("email_without_local_part", 0.002, "'@post.example'"),
    _email("email_with_one_label", 0.002, "'a@b'"),
    _email("email_blank_inside", 0.002, "'max ' || wert"),
    _email("email_double_dot", 0.001, "'post..' || wert"),
    _email("email_umlaut_local_part", 0.001, "'jörg.' || wert"),
    _email("email_destroyed_umlaut", 0.001, "'j' || chr(65533) || 'rg.' || wert"),
    _email("email_text_behind_brackets", 0.001, "'Privat <' || wert || '> bitte anrufen'"),
    _email("email_mailto", 0.003, "'mailto:' || wert"),
    _email("email_mailto_upper", 0.001, "'MAILTO:' || upper(wert)"),
    _email("email_name_and_brackets", 0.003, "'Privat <' || wert || '>'"),
    _email("email_two_by_semicolon", 0.003, "wert || '; zweite.' || _pid || '@example.com'"),
    _email("email_two_by_comma", 0.002, "'keine, ' || wert"),
    _email("email_two_by_slash", 0.002, "wert || '/zweite@example.org'"),
    _email("email_two_by_blank", 0.002, "wert || ' zweite@example.org'"),
    _email("email_trailing_dot", 0.003, "wert || '.'"),
    _email("email_umlaut_domain", 0.002, "split_part(wert, '@', 1) || '@müllers-post.example'"),
    _email("email_upper_case", 0.01, "upper(wert)"),
    _email("email_outer_blanks", 0.005, "chr(160) || wert || '  '"),
    _email(
        "email_first_invalid_second_valid",
        0.02,
        "'keine'",
        "_erste_email and _pid in (select _pid from erp.kontaktweg where lfd_nr = '4')",
    ),
    Pitfall(
        "email_order_by_number_not_text",
        "erp.kontaktweg",
        0.001,
        {"lfd_nr": "'9'", "ist_haupt": "'N'"},
        copy={"lfd_nr": "'10'", "ist_haupt": "''", "wert": "'zehnte.' || wert"},
        among="_erste_email",
    ),
)

CONTACTS = (
    Pitfall(
        "phone_free_form",
        "erp.kontaktweg",
        0.05,
        {
            "wert": "['+49 (0)30 ' || right(wert, 8), '030/231 25-' || right(wert, 3), 'tagsüber', '0049 30 ' || "
            "right(wert, 8), wert || ' (abends)', '4,93023E+10'][1 + (n - 1) % 6]"
        },
        among="art = 'Festnetz'",
        at_least=6,
    ),
    Pitfall(
        "line_break_in_text",
        "erp.kontaktweg",
        0.002,
        {"bemerkung": "'nur abends; \"Klingel defekt\"' || chr(10) || 'Hinterhaus, 2. Hof'"},
        among="art <> 'E-Mail'",
    ),
    Pitfall(
        "line_break_and_carriage_return_in_text",
        "erp.dokument",
        0.002,
        {"bemerkung": "'geprüft;' || chr(13) || chr(10) || '\"siehe Anlage\"'"},
    ),
)

OWNERS = (
    Pitfall(
        "owner_contract_ends_before_begin",
        "erp.eigentuemervertrag",
        0.001,
        {"ende": "(beginn::date - 1)::varchar"},
    ),
    Pitfall("owner_contract_deleted", "erp.eigentuemervertrag", 0.002, {"geloescht_kz": DELETED}),
)

_LET_OUT = "vermarktungsart = 'Miete' and freigegeben = 'true' and nettokaltmiete is not null"
_FORMER_DAY = "(leer_ab::date - 200)::varchar"


def _vacancy(name: str, rate: float, among: str = _LET_OUT, at_least: int = 1, **change: str) -> Pitfall:
    """Trouble with the columns of a vacancy that would be offered without it."""
    return Pitfall(name, "erp.leerstand", rate, change, among=among, at_least=at_least)


VACANCIES = (
    _vacancy("vacancy_rent_zero", 0.01, nettokaltmiete="'0,00'"),
    _vacancy("vacancy_rent_german", 0.01, nettokaltmiete=_german("nettokaltmiete")),
    _vacancy("vacancy_release_unreadable", 0.01, freigegeben="'nach RS'"),
    _vacancy("vacancy_release_empty", 0.01, at_least=0, freigegeben="null"),
    _vacancy("vacancy_for_sale", 0.01, at_least=0, vermarktungsart="'Kauf'"),
    _vacancy("vacancy_deleted", 0.01, at_least=0, geloescht_kz=DELETED),
    _vacancy("vacancy_end_unreadable", 0.01, at_least=0, leer_bis="'31.06.2027'"),
    _vacancy(
        "vacancy_kind_not_in_list", 0.02, at_least=0, objektart=_in_turn("Atelier", "wohnen ", "Stellplatz")
    ),
    _vacancy("vacancy_energy_class_not_in_list", 0.01, at_least=0, energieeffizienzklasse="'A++'"),
    _vacancy(
        "vacancy_energy_value_comma",
        0.02,
        f"{_LET_OUT} and energie_kennwert is not null",
        energie_kennwert="replace(energie_kennwert, '.', ',')",
    ),
    # The same unit stood empty before, and may be offered twice at once.
    Pitfall(
        "vacancy_over",
        "erp.leerstand",
        0.03,
        copy={"leer_ab": _FORMER_DAY, "leer_bis": "(leer_ab::date - 100)::varchar"},
        among=_LET_OUT,
    ),
    Pitfall("vacancy_twice_at_once", "erp.leerstand", 0.01, copy={"leer_ab": _FORMER_DAY}, among=_LET_OUT),
    Pitfall("orphan_vacancy", "erp.leerstand", 0.01, copy={"ve_nr": "'9998'"}, among=_LET_OUT),
)

_GIVEN = "zweck = 'aktivbo' and erteilt = 'true' and widerrufen_am is null"
_COMPANY = "select min(pid) from core.person where ist_firma and pid between 2 and 399999999"


def _consent(name: str, rate: float = 0.01, at_least: int = 1, **change: str) -> Pitfall:
    """Trouble with a consent that was given."""
    return Pitfall(name, "erp.einwilligung", rate, change, among=_GIVEN, at_least=at_least)


CONSENTS = (
    _consent("consent_unreadable", erteilt="'telefonisch'"),
    _consent("consent_empty", at_least=0, erteilt="null"),
    _consent("consent_in_letters", at_least=2, erteilt=_in_turn("J", "ja")),
    _consent("consent_purpose_in_capitals", zweck="'AktivBo'"),
    _consent("consent_date_unreadable", at_least=0, erteilt_am="'00.13.2024'"),
    _consent("consent_withdrawn_as_no_date", widerrufen_am="'00000000'"),
    _consent("consent_withdrawn_unreadably", widerrufen_am="'31.06.2026'"),
    _consent("consent_withdrawn_today", widerrufen_am="getvariable('stand')::varchar"),
    _consent("consent_withdrawn_later", widerrufen_am="(getvariable('stand') + 400)::varchar"),
    _consent("consent_deleted", at_least=0, geloescht_kz=DELETED),
    # The newer row takes the consent back; the file has it first or last.
    Pitfall(
        "consent_taken_back_in_a_newer_row",
        "erp.einwilligung",
        0.002,
        copy={"erteilt": "'false'", **STAMPED_LATER},
        among=_GIVEN,
    ),
    Pitfall(
        "consent_of_a_company",
        "erp.einwilligung",
        0,
        copy={"person_nr": f"person_nr(({_COMPANY}))"},
        among=_GIVEN,
    ),
)

ENDED = (
    # The last day of those that are still told of for 90 days, and the days before and after it.
    Pitfall(
        "lease_ended_about_90_days_ago",
        "core.vertrag",
        0.003,
        {"ende": "getvariable('stand') - (88 + n)::integer"},
        among="phase = 'vorher' and ve_art = 'wohnung' and ende > getvariable('stand') - 88"
        " and beginn < getvariable('stand') - 120",
        at_least=3,
    ),
)

_RELEASED = "freigegeben = 'true' and bezug_art = 'MV'"


def _document(name: str, among: str = _RELEASED, at_least: int = 1, **change: str) -> Pitfall:
    """Trouble with a document that would be sent without it."""
    return Pitfall(name, "erp.dokument", 0.001, change, among=among, at_least=at_least)


DOCUMENTS = (
    _document("document_release_unreadable", freigegeben="'nach Prüfung'"),
    _document("document_release_empty", freigegeben="null"),
    _document("document_for_the_other_side", sichtbar_fuer="'Eigentuemer'"),
    _document("document_for_nobody_known", sichtbar_fuer="'Hausmeister'"),
    _document("document_of_an_address", bezug_art="'ADRESSE'", bezug_key="'4711'"),
    _document("document_of_nothing", bezug_key="bezug_key || '9998'"),
    _document("document_deleted", geloescht_kz=DELETED),
    _document("document_without_file_name", dateiname="null"),
    _document("document_in_a_circle_of_folders", ordner_nr="'O91'"),
    _document("document_below_a_missing_folder", ordner_nr="'O92'"),
    Pitfall(
        "folder_in_itself",
        "erp.ordner",
        0,
        copy={"ordner_nr": "'O91'", "parent_ordner_nr": "'O91'"},
        among="ordner_nr = 'O01'",
    ),
    Pitfall(
        "folder_below_a_missing_one",
        "erp.ordner",
        0,
        copy={"ordner_nr": "'O92'", "parent_ordner_nr": "'O99'"},
        among="ordner_nr = 'O02'",
    ),
)

APPLICANTS = (
    Pitfall("applicant_without_unit", "erp.interessent", 0.01, {"objektnr": "null"}),
    Pitfall("applicant_for_an_unknown_unit", "erp.interessent", 0.01, {"objektnr": "'Wohnung am Park'"}),
    Pitfall("applicant_state_not_in_list", "erp.interessent", 0.01, {"status": "'Besichtigung'"}),
    Pitfall("applicant_without_email", "erp.interessent", 0.01, {"email": "'keine'"}),
)

PEOPLE = (
    # Strangers with one address, every second time in capitals; a partner that takes an address once takes one of them.
    _email(
        "email_of_two_strangers",
        0.004,
        "if(n % 2 = 0, 'HAUS' || (n // 2) || '@POST.EXAMPLE', 'haus' || (1 + n // 2) || '@post.example')",
        at_least=2,
    ),
    _person("first_name_missing", 0.002, "_natuerlich and nachname is not null", vorname="null"),
    _person(
        "company_named_in_last_name",
        0.01,
        "person_art = 'juristisch' and firma1 is not null",
        nachname="firma1",
        firma1="null",
    ),
)

# Last among units, so that they move no other pitfall to another row.
AREAS_AND_NAMES = (
    _unit(
        "two_areas",
        0.01,
        "wohnflaeche is not null and nutzflaeche is null",
        at_least=2,
        nutzflaeche="(replace(wohnflaeche, ',', '.')::decimal(10, 2) + 7.5)::varchar",
    ),
    _unit("unit_without_name", 0.003, bezeichnung="null"),
)

PITFALLS: tuple[Pitfall, ...] = (
    *NUMBERS,
    *LEASES,
    *DATES,
    *FIGURES,
    *DUPLICATES,
    *GONE,
    *STRAYS,
    *ADDRESSES,
    *NAMES,
    *EMAILS,
    *CONTACTS,
    *OWNERS,
    *VACANCIES,
    *CONSENTS,
    *ENDED,
    *DOCUMENTS,
    *APPLICANTS,
    *PEOPLE,
    *AREAS_AND_NAMES,
)

# Pitfalls that the portfolio has by the way it is made: name and where.
GROWN: dict[str, str] = {
    "past_leases_missing": "mietvertrag: leases that ended more than four years ago are not delivered",
    "separator_in_person_number": "person_nr with - and / in every table: one number in 2,503",
    "pseudo_tenant_is_a_person": "person 0000000001, last name Leerstand, with an e-mail address",
    "family_address": "kontaktweg: one e-mail address for all tenants of 8 % of the leases with several",
    "moved_within_the_estate": "mieter: tenant of an ended lease is the tenant of a running one: a tenth",
    "garage_as_second_lease": "mieter: parking spaces let to the tenant of a flat",
    "garage_on_the_flats_lease": "mietvertrag_ve: a fifth of the parking spaces has no lease of its own",
    "tenant_who_owns": "eigentuemer: 2 % of the condominiums belong to a tenant of the company",
    "tenant_who_moved_out": "mieter: 2 % of the running leases have a co-tenant whose time is over",
    "guarantors_and_others": "mieter: 3 % of the running leases have a person who is no tenant",
    "units_on_a_plot": "gebaeude of the kind Grundstueck with parking spaces",
    "company_without_last_name": "person: companies have firma1 and no last name",
    "byte_order_mark": "ordner.csv starts with one, the other files do not",
    "discount_below_zero": "mietkondition: Nachlass is negative",
}
