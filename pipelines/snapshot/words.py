"""Words that say nothing of who somebody is, and the words of the stock: how both are told from names."""

import csv
import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from pipelines.erp.delivery.schema import tables
from pipelines.settings import project_root

# What is a letter in SQL, too (`\p{L}`): ² and ½ are none.
LETTER = r"[^\W\d_\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209f\u2150-\u218f]"
LETTERS = re.compile(f"{LETTER}+")
APOSTROPHES = "'’‘‛ʼʹ´`′＇"
APOSTROPHE = re.compile(f"[{APOSTROPHES}]")
# Behind what cannot be read any more only a part of a name is left.
UNREADABLE = re.compile(f"(?:{LETTER})*\ufffd(?:{LETTER}|\ufffd)*")
# Of the letters of such an id some are words by chance.
GUID = r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}"
# As the macro `invisible_characters`, for RE2 and in Python.
INVISIBLE = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}\x{FEFF}]"
UNSEEN = re.compile(re.sub(r"\\x\{(\w+)\}", lambda code: chr(int(code[1], 16)), INVISIBLE))
# A word of fewer letters says too little to be looked for.
LEAST = 4


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# They stay where other words of the same value are replaced: legal forms, titles, particles, kinds of streets.
NEUTRAL = _words(
    """
    hausverwaltung hausverwaltungen immobilien immobilienverwaltung wohnungsbau wohnungsgesellschaft grundbesitz
    verwaltungsgesellschaft
    ag gbr ggmbh gmbh kg kgaa mbh ohg se ug ev eg co cie inc ltd
    dr prof dipl ing med phil jur rer nat habil mag msc bsc ba ma hc
    herr herrn frau firma familie fam eheleute ehepaar erben erbengemeinschaft gemeinschaft
    und von vom zu zum zur der die das den dem des van de da di la le el al bin ibn
    bei
    nach beim hinter unter über vor
    str straße strasse weg allee platz gasse ufer ring damm chaussee postfach haus nr no am an auf im in
    tel telefon fax mobil handy privat mailto null
    jan januar feb februar mrz mär märz mar apr april mai may jun juni jul juli aug august sep sept september
    okt oktober oct nov november dez dezember dec
    """
)
# Words of papers: no names, wherever they stand.
PAPERS = _words(
    """
    abnahme abrechnung allgemein anlage antrag application archiv bericht bescheid betrieb betriebskosten brief csv
    docx heic html json pptx tiff xlsx
    datei dokument dokumente eigentum eigentümer eigentuemer einzug energieausweis foto fotos gutachten hausgeld
    hausordnung heizkosten image jahr jahres jpeg kaution kündigung mahnung miete mieten mieter mieterhöhung
    mietvertrag nachtrag nachweis nebenkosten notiz objekt ordner person pdf protokoll quittung rechnung rechnungen
    scan schreiben test sonstige sonstiges text unterlagen vermieter vertrag verträge verwaltung wohnung zähler übergabe
    übergabeprotokoll true false wahr falsch nein unbekannt
    """
)
# Words of buildings, of which some are last names, too: in columns of the stock they stay.
STOCK = _words(
    """
    altbau anbau aufgang aufzug außen balkon beirat boden büro carport dach dachboden duplex ebene eingang einheit
    energie erdgeschoss etage fenster fläche flur garage garagen garten gebäude geschoss gewerbe grund grundriss
    halle haus hausflur hausmeister heizung hinten hinterhaus hochhaus innen kammer keller küche laden lager leerstand
    leerstehend lift links loggia mandant markt mitte modernisierung neubau nord ober park plan quartier rechts
    reihenhaus reparatur sanierung schlüssel seite siedlung sofort souterrain stadt stellplatz strom süd tiefgarage
    treppe turm türe umbau unten verein verkauf verwaltungseinheit vorderhaus vorne wasser west wirtschaftseinheit
    wohnen wohnfläche wohnraum wohnungen zimmer
    """
)
# More words of letting: a name that is a part of one (`Grund` in `Grundriss`) is none there.
LETTING = _words(
    """
    abmahnung abnahmeprotokoll abschlag akten angebot anwalt auftrag badewanne bankverbindung baugenehmigung
    bescheinigung beschluss betriebskostenabrechnung bodenbelag bonität bürgschaft dachterrasse dusche eigenbedarf
    eigentümerakten eigentümerversammlung einbauküche eingangsrechnung einladung fahrradkeller fahrradraum fernwärme
    finanzdaten fliesen fußbodenheizung gäste genossenschaft grundbuch grundrisse grundsteuer guthaben halbjährlich
    handwerker hausmeister hausverwaltung heizkostenabrechnung instandhaltung jährlich kaltwasser kinderwagen klage
    korrespondenz kündigungsfrist lageplan laminat lastschrift leerstandsgrund mieterakte mieterakten modernisierungen
    monat monate monaten monatlich monats nachzahlung nebenkostenabrechnung parkett personalausweis personenbezogen
    pflegedienst quartal rauchmelder räumung schlüsselübergabe schornsteinfeger schriftverkehr selbstauskunft
    stellplätze terrasse trockenraum untermiete urteil verbrauch vermarktung vermietung versammlung versicherung
    vertraulich vierteljährlich vollmacht warmwasser wartung waschküche wirtschaftsplan wohnungsgeber wöchentlich
    zahlung zahlungserinnerung zentralheizung zählerstand
    """
)
# Tables whose texts people write about people.
WRITTEN = ("archiv", "ordner", "dokument")
# Seeds whose words decide nothing in a text that could name a person: country names are first and last names, too.
OTHER_SEEDS = ("laender", "laendernamen")


@cache
def fold(text: str) -> str:
    """A text in the one spelling in which names are compared: lower case, `ue` for `ü`, without accents."""
    return plain_letters(text)


# How people write letters that are no letter with an accent, where they cannot or would not.
PLAIN = (
    ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("ł", "l"), ("ø", "o"), ("đ", "d"), ("ð", "d"), ("ı", "i"),
    ("æ", "ae"), ("œ", "oe"), ("þ", "th"), ("ς", "σ"),
)  # fmt: skip
# And otherwise; `oe` for ø is one with o, as for ö.
OTHERWISE = (("đ", "dj"), ("ð", "dh"), ("å", "aa"))


def plain_letters(text: str) -> str:
    """As `fold`, for texts of which each comes once."""
    lower = unicodedata.normalize("NFC", UNSEEN.sub("", text)).lower()
    if lower.isascii():
        return lower
    for letter, plain in PLAIN:
        lower = lower.replace(letter, plain)
    return "".join(c for c in unicodedata.normalize("NFD", lower) if not unicodedata.combining(c))


def written_otherwise(text: str) -> str:
    """A text in small letters as some write it who have no `å`, `đ` or `ð`."""
    lower = unicodedata.normalize("NFC", text).lower()
    for letter, plain in OTHERWISE:
        lower = lower.replace(letter, plain)
    return lower


def name_words(text: str) -> Iterable[str]:
    """The folded words of a person's value (without encodings) that are looked for elsewhere, each once."""
    spellings = (text, APOSTROPHE.sub("", text), written_otherwise(text))
    words = (
        word
        for written in dict.fromkeys(spellings)
        for word in LETTERS.findall(plain_letters(UNREADABLE.sub(" ", written)))
    )
    return dict.fromkeys(word for word in words if len(word) >= LEAST and word not in neutral_words())


@cache
def particles() -> frozenset[str]:
    """Folded words that stay beside a name in a person's own columns."""
    return frozenset(fold(word) for word in NEUTRAL)


@cache
def neutral_words() -> frozenset[str]:
    """Folded words that are nobody's name, wherever they stand."""
    return frozenset(fold(word) for word in NEUTRAL | PAPERS)


@cache
def no_names(table: str) -> frozenset[str]:
    """Folded words that are not taken for names in a table's columns: in the stock those of seeds and lists, too."""
    return neutral_words() if table in WRITTEN else neutral_words() | _stock_words()


@cache
def covering_words() -> tuple[str, ...]:
    """Folded words of five letters and more, also those that rules read, in which a shorter name is none."""
    words = {fold(word) for word in NEUTRAL | PAPERS | LETTING} | _stock_words() | _words_in_sql()
    return tuple(sorted(word for word in words if len(word) > LEAST))


@cache
def _words_in_sql() -> frozenset[str]:
    """What macros and models compare texts with."""
    return frozenset(
        fold(word)
        for folder in ("macros", "models")
        for file in sorted((project_root() / folder).rglob("*.sql"))
        for quoted in re.findall(r"'([^'{}\n]+)'", file.read_text(encoding="utf-8"))
        for word in LETTERS.findall(quoted)
    )


@cache
def _stock_words() -> frozenset[str]:
    found = {fold(word) for word in STOCK}
    for file in sorted((project_root() / "seeds").glob("*.csv")):
        if file.stem not in OTHER_SEEDS:
            found.update(fold(word) for word in LETTERS.findall(file.read_text(encoding="utf-8")))
    for table in tables().values():
        for column in table.described:
            for quoted in re.findall(r"`([^`]+)`", column.meaning):
                found.update(fold(word) for word in LETTERS.findall(quoted))
    return frozenset(found)


@cache
def seed_values(name: str, column: str) -> frozenset[str]:
    """The values of a column of one of our seeds."""
    with (project_root() / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row[column] for row in csv.DictReader(file) if row[column])
