"""How one value of a person becomes another: what is kept, what is not, and that nothing leads back."""

import random
import re
import unicodedata
from datetime import date
from zoneinfo import ZoneInfo

import duckdb
import pytest

from pipelines.snapshot.cells import mask_value
from pipelines.snapshot.dates import Days
from pipelines.snapshot.key import Key
from pipelines.snapshot.names import Names
from pipelines.snapshot.needles import folded
from pipelines.snapshot.permutation import permuted
from pipelines.snapshot.text import Known, Masker, phone_number
from pipelines.snapshot.words import name_words, neutral_words, no_names, plain_letters
from tests.snapshot.careless import EMAILS, FIRST_NAMES, HOUSE_NUMBERS, LAST_NAMES, PHONES, POSTCODES, STREETS

KEY, OTHER = Key(b"k" * 32), Key(b"l" * 32)
VALUES = sorted(
    {v for v in (*LAST_NAMES, *FIRST_NAMES, *EMAILS, *PHONES, *POSTCODES, *STREETS, *HOUSE_NUMBERS) if v}
)
MASKER = Masker(KEY, Known(frozenset({"mueller", "muster", "erika"}), frozenset({"301234567"})), ("Portal",))
DAYS = Days(MASKER, ZoneInfo("Europe/Berlin"))


def masked(text: str) -> str:
    return MASKER.text(text)


@pytest.mark.parametrize("value", VALUES)
def test_a_value_keeps_its_length_its_bytes_and_everything_but_letters_and_digits(value: str) -> None:
    other = masked(value)
    assert len(other) == len(value)
    if "@" not in value:
        assert len(other.encode()) == len(value.encode())
        assert [c for c in other if not c.isalnum()] == [c for c in value if not c.isalnum()]
        assert [(c.isupper(), c.isdigit()) for c in other] == [(c.isupper(), c.isdigit()) for c in value]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Wałęsiński", "walesinski"), ("Bjørnsønn", "bjornsonn"), ("Großmann", "grossmann"), ("Đặng", "dang"),
        ("Ægirsdóttir", "aegirsdottir"), ("Œuvrard", "oeuvrard"), ("Þórsson", "thorsson"), ("Yılmaz", "yilmaz"),
        ("Παπαδόπουλος", "παπαδοπουλοσ"),
    ],
)  # fmt: skip
def test_a_name_is_found_as_people_write_it_where_they_have_not_its_letters(name: str, plain: str) -> None:
    assert plain_letters(name) == plain
    with duckdb.connect() as db:
        assert db.execute(f"select {folded('?')}", [name]).fetchone() == (plain,)


def test_no_letter_of_a_name_is_a_vowel_afterwards_so_that_it_is_nobody_else() -> None:
    rest = masked("Langenscheidt Quast Aumühle-Öztürk Ilse").lower()
    assert not set(rest) & set("aeiouyn")
    assert sum(letter in "äöü" for letter in rest) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "Mu\u0308ller"),
        ("Müller", "Mül\u200bler"),
        ("Müller", "MÜLLER"),
        ("max@web.de", "mailto:MAX@Web.de."),
        ("max@web.de", "\u200bmax@web.de "),
        ("030/1234567", "+49 (0)30 123 45 67"),
        ("030/1234567", "0049301234567"),
    ],
)
def test_what_the_rules_read_as_equal_stays_equal(one: str, other: str) -> None:
    if "@" in one:
        assert masked(other).replace("mailto:", "").strip(" .\u200b").lower() == masked(one).lower()
    elif one[0].isdigit():
        assert phone_number(masked(other)) == phone_number(masked(one)) != phone_number(one)
    else:
        seen = unicodedata.normalize("NFC", masked(other).replace("\u200b", ""))
        assert seen.lower() == masked(one).lower()


@pytest.mark.parametrize(
    "value", ["anonymisiert", "NULL ", "GmbH & Co. KG x"[:-2], "Eheleute", "von der", "Dr."]
)
def test_what_stays_beside_a_name_does_not_stay_where_it_is_the_name(value: str) -> None:
    if value.startswith("anonym"):
        assert masked(value) == value
    else:
        assert masked(value) != value
        assert masked(f"{value} Quast").startswith(value)


def test_damaged_text_stays_as_damaged_as_it_was() -> None:
    assert masked("GÃ¼nther")[1:3] == "Ã¼"
    assert masked("M&uuml;ller")[1:7] == "&uuml;"
    assert "_x000D_" in masked("Mei_x000D_er")
    assert masked("4,917E+11")[5:7] == "E+"


@pytest.mark.parametrize(
    "address", ["max@web.de", "a@b.de", "x@y.com", "info@müller.de", "a-b@sub.domain.example.org"]
)
def test_nothing_can_be_sent_to_an_address(address: str) -> None:
    top = masked(address).rpartition(".")[2]
    assert top == "test" or set(top) == {"z"}


def test_a_phrase_of_a_setting_stays_in_a_remark_and_nothing_else_does() -> None:
    assert masked("portal: Quast, geheim").startswith("portal: ")
    assert masked("Portalseite")[:6] != "Portal"


def test_a_month_in_a_house_number_stays_one() -> None:
    assert [mask_value(MASKER, DAYS, "hausnummer", text, None)[-3:] for text in ("01. Mrz", "1 Mai")] == [
        "Mrz",
        "Mai",
    ]
    assert mask_value(MASKER, DAYS, "hausnummer", "5 Maria", None)[2:5] == "Mar"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1950-02-01", date(1950, 2, 1)),
        ("01.02.1950", date(1950, 2, 1)),
        ("19500201", date(1950, 2, 1)),
        (" 1950-02-01 14:30:00", date(1950, 2, 1)),
        ("1950-01-31T23:00:00Z", date(1950, 2, 1)),
        ("1964-12-31T23:00:00Z", date(1965, 1, 1)),
    ],
)
def test_a_day_becomes_another_of_the_same_year_in_the_same_spelling(text: str, day: date) -> None:
    other = DAYS.day(day)
    assert (other.year, other) != (day.year, day)
    assert other.year == day.year
    written = DAYS.text(text, day)
    assert len(written) == len(text)
    if not text.endswith("Z"):
        assert any(f"{other:{form}}" in written for form in ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d"))


def test_a_moment_in_summer_stays_midnight_when_its_day_moves_into_winter() -> None:
    days = [date(1985, 7, 1 + n) for n in range(20)]
    for day in days:
        before = f"1985-{day.month:02d}-{day.day:02d}T00:00:00+02:00"
        in_utc = f"1985-{(day.month if day.day > 1 else 6):02d}-{(day.day - 1) or 30:02d}T22:00:00Z"
        assert DAYS.text(in_utc, day)[11:13] in ("22", "23")
        assert DAYS.text(before, day)[11:13] in ("00", "01")


def test_every_day_of_a_year_has_a_day_of_its_own_and_none_is_itself() -> None:
    for year, count in ((1999, 365), (2000, 366)):
        days = [date.fromordinal(date(year, 1, 1).toordinal() + n) for n in range(count)]
        others = [DAYS.day(day) for day in days]
        assert sorted(others) == days
        assert all(day != other for day, other in zip(days, others, strict=True))


def test_short_numbers_have_a_partner_each() -> None:
    houses = [masked(str(number)) for number in range(1, 1000)]
    assert len(set(houses)) == 999
    assert all(house != str(number) for number, house in enumerate(houses, 1))
    postcodes = {masked(f"{number:05d}") for number in range(1000, 99999, 7)}
    assert len(postcodes) == len(range(1000, 99999, 7))
    assert masked("01067")[0] == "0"
    assert masked("0000")[0] == "0"
    assert permuted(KEY, "x", 50) != permuted(OTHER, "x", 50)


def test_a_name_becomes_nobody_elses_name() -> None:
    names = {"".join(random.Random(n).choices("bcdfghjklmpqrstvwxz", k=4)) for n in range(60_000)}
    crowded = Masker(KEY, Known(frozenset(names)))
    assert not {crowded.word(name) for name in list(names)[:3000]} & names


def test_another_key_says_other_things_and_the_same_key_the_same() -> None:
    again, other = Masker(Key(b"k" * 32), MASKER.known, ("Portal",)), Masker(OTHER, MASKER.known, ("Portal",))
    changed = [value for value in VALUES if masked(value) != value]
    assert [again.text(value) for value in changed] == [masked(value) for value in changed]
    assert sum(other.text(value) == masked(value) for value in changed) <= len(changed) // 20


def test_one_known_pair_does_not_tell_another_value() -> None:
    """No letter stands for a letter: a name that shares all its letters with a known one shares no others."""
    known = dict(zip("regal", masked("regal"), strict=True))
    guessed = "".join(known[letter] for letter in "lager")
    assert guessed != masked("lager")


def test_known_names_are_found_in_texts_and_streets_are_left_alone() -> None:
    names = Names(MASKER.known.words, (), no_names("dokument"), ("erika-muster-strasse",))

    def scanned(text: str) -> str:
        return MASKER.scanned(text, names)

    name = masked("Müller")
    assert scanned("Mietvertrag Müller") == f"Mietvertrag {name}"
    assert scanned("MietvertragMueller_2.pdf").startswith("Mietvertrag")
    assert "ueller" not in scanned("xMueller")
    assert scanned("Erika-Muster-Straße 5") == "Erika-Muster-Straße 5"
    assert scanned("Erika-Muster-Straße, Muster").startswith("Erika-Muster-Straße, ")
    assert not scanned("Erika-Muster-Straße, Muster").endswith("Muster")
    assert scanned("Nr. 0301234567") != "Nr. 0301234567"
    assert scanned("Nr. 4711") == "Nr. 4711"
    assert "web.de" not in scanned("an max@web.de")
    assert "5407" not in scanned("DE12 5001 0517 5407 3249 31")
    assert scanned("f220bbe2-0a26-b3ec-bebe-6169e735cef9") == "f220bbe2-0a26-b3ec-bebe-6169e735cef9"


def test_in_papers_a_name_is_found_that_is_glued_to_a_word_or_addressed() -> None:
    def scanned(text: str) -> str:
        return MASKER.scanned(text, Names(MASKER.known.words, (), no_names("dokument"), ()))

    name = masked("mueller")
    assert scanned("mietvertragmueller.pdf") == f"mietvertrag{name}.pdf"
    assert scanned("muellerabrechnung") == f"{name}abrechnung"
    assert scanned("Muellers Vertrag") == f"{masked('Mueller')}s Vertrag"
    # Nobody knows these.
    assert scanned("Frau Li, Wohnung 3") == f"Frau {masked('Li')}, Wohnung 3"
    assert scanned("an_Herrn_Dr._Neumann.pdf") == f"an_Herrn_Dr._{masked('Neumann')}.pdf"
    assert not {"Max", "Neumann", "Groß"} & set(
        scanned("Eheleute Max Neumann-Groß").replace("-", " ").split()
    )
    for text in ("frau ist krank", "Herrenhaus Park", "Familie und Wohnung", "Neumann"):
        assert scanned(text) == text


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Đorđević", "Djordjevic"), ("Đorđević", "Dorđevic"), ("Guðmundsson", "Gudhmundsson"),
        ("Åkerström", "Aakerstroem"),
        ("Øllgård", "oellgaard"), ("Παπαδόπουλος", "ΠΑΠΑΔΟΠΟΥΛΟΣ"), ("Przybylski", "ＰＲＺＹＢＹＬＳＫＩ"),
        ("Przybylski", "Ｐｒｚｙｂｙｌｓｋｉ"),
    ],
)  # fmt: skip
def test_a_name_is_replaced_in_every_alphabet_in_which_it_is_written(name: str, written: str) -> None:
    names = Names(frozenset(name_words(name)), (), no_names("dokument"), ())
    other = MASKER.scanned(f"Vertrag {written}.pdf", names)
    assert other.startswith("Vertrag ")
    assert other.endswith(".pdf")
    assert len(other) == len(f"Vertrag {written}.pdf")
    rest = other.removeprefix("Vertrag ")
    assert not any(written[place : place + 3] in rest for place in range(len(written) - 2))
    # Nobody is told what they were by the width of the letters either.
    assert (max(rest) > "ｆ") == (max(written) > "ｆ")


@pytest.mark.parametrize(
    "iban",
    [
        "DE89 3704 0044 0532 0130 00", "de89 3704 0044 0532 0130 00", "DE89-3704-0044-0532-0130-00",
        "De89370400440532013000", "DE 89 3704 0044 0532 0130 00", "DE89.3704.0044.0532.0130.00",
        "gb29 nwbk 6016 1331 9268 19", "ch9300762011623852957",
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["IBAN: {}", "konto_{}.pdf", "{}"])
def test_an_iban_is_replaced_in_every_spelling(iban: str, text: str) -> None:
    other = MASKER.scanned(text.format(iban), Names(frozenset(), (), no_names("dokument"), ()))
    groups = re.findall("[0-9]{3,}", iban)
    assert groups
    assert not any(group in other for group in groups)
    assert len(other) == len(text.format(iban))


@pytest.mark.parametrize(
    "text", ["WE 01 0001 0002", "Nr. 12 3456 7890", "ab 01 2024 bis 12 2025", "Zi 12 Haus 3"]
)
def test_numbers_of_the_stock_are_no_iban(text: str) -> None:
    assert MASKER.scanned(text, Names(frozenset(), (), no_names("dokument"), ())) == text


@pytest.mark.parametrize(
    "word", ["Hr.", "Fr.", "Mr.", "Mrs.", "c/o", "z. Hd.", "z.H.", "Frau", "HERRN", "Fam."]
)
def test_whoever_is_addressed_is_a_person_though_nobody_knows_the_name(word: str) -> None:
    other = MASKER.scanned(f"{word} Quatschinski", Names(frozenset(), (), no_names("dokument"), ()))
    assert other == f"{word} {masked('Quatschinski')}"


def test_what_was_damaged_and_has_a_name_stays_damaged_so_that_its_finding_stays() -> None:
    names = Names(frozenset(name_words("Schönbächler")), (), no_names("dokument"), ())
    for encoding in ("latin-1", "cp1252", "mac_roman", "cp850"):
        damaged = "Schönbächler".encode().decode(encoding)
        other = MASKER.scanned(damaged, names)
        assert len(other) == len(damaged)
        assert [c for c in other if c in "Ã├√"] == [c for c in damaged if c in "Ã├√"]
        assert other.encode(encoding).decode() != "Schönbächler"


def test_words_of_papers_and_of_buildings_are_no_names() -> None:
    assert list(name_words("Eheleute Mieter und Dr. Quast-Keller GmbH")) == ["quast", "keller"]
    assert "keller" in no_names("verwaltungseinheit")
    assert "keller" not in no_names("dokument")
    assert "mietvertrag" in neutral_words()
