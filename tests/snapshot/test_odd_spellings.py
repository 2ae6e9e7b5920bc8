"""Names, addresses, numbers and days as people oddly write them, in every column in which anything may stand.

What is looked for afterwards is told by code of its own: it knows what was planted where.
"""

import html
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote, unquote

import pyarrow.parquet as pq
import pytest

from pipelines.settings import database
from pipelines.snapshot.columns import PLACES, is_key_column
from pipelines.snapshot.take import snapshot_report
from tests.conftest import Rows, write_raw

# First and last names of nobody, of all kinds that have hurt.
FIRST = (
    "Erika",
    "Hans",
    "Max",
    "Jo",
    "Zoë",
    "Günther",
    "Anna-Lena",
    "Jürgen",
    "Özlem",
    "Michael",
    "Eva",
    "Wałęsa",
)
LAST = (
    "Petrosyan", "Müller", "O'Brien", "Li", "D’Artagnan", "Lüdenscheidt-Brückner", "von der Zwiebelsberg", "Noel",
    "Đorđević", "Szymczyk", "Großkreutz", "Koehnlein", "Ng", "Wu", "Bjørnsønn", "Kessler",
)  # fmt: skip
# A word of the language in whose middle a name may stand, for each column's kind of text.
BEFORE, BEHIND = ("kuendigung", "x", "mietvertrag", "zu"), ("abrechnung", "x", "kopie", "2")


@dataclass(frozen=True)
class Person:
    first: str
    last: str
    day: date
    email: str
    phone: str


def people(seed: int) -> list[Person]:
    chosen = random.Random(seed)
    return [
        Person(
            chosen.choice(FIRST),
            last,
            date(chosen.randint(1930, 2004), chosen.randint(1, 12), chosen.randint(13, 28)),
            f"{chosen.choice('abcdef')}.{chosen.randint(1000, 9999)}@post{number}.example",
            f"030 {chosen.randint(2000000, 9999999)}",
        )
        for number, last in enumerate(LAST)
    ]


def ascii_of(text: str) -> str:
    """As somebody writes who has only the keys of a typewriter."""
    for letter, plain in zip(
        "äöüßÄÖÜøđĐł’", ["ae", "oe", "ue", "ss", "Ae", "Oe", "Ue", "o", "d", "D", "l", "'"], strict=True
    ):
        text = text.replace(letter, plain)
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def bare_of(text: str) -> str:
    return re.sub("[^A-Za-z]", "", ascii_of(text))


def mojibake(text: str) -> str:
    return text.encode().decode("latin-1")


def dots_gone(text: str) -> str:
    return text.translate(str.maketrans("äöüÄÖÜ", "aouAOU"))


NAMES: dict[str, Callable[[Person], str]] = {
    "as it is": lambda one: one.last,
    "small": lambda one: one.last.lower(),
    "capitals": lambda one: ascii_of(one.last).upper(),
    "ascii": lambda one: ascii_of(one.last),
    "no dots": lambda one: dots_gone(one.last),
    "no apostrophe": lambda one: re.sub("['’]", "", one.last),
    "other apostrophe": lambda one: re.sub("['’]", "`", one.last),
    "glued": lambda one: (bare_of(one.first) + bare_of(one.last)).lower(),
    "glued the other way": lambda one: (bare_of(one.last) + bare_of(one.first)).lower(),
    "humps": lambda one: bare_of(one.last) + bare_of(one.first),
    "with _": lambda one: f"{one.last}_{one.first}",
    "with comma": lambda one: f"{one.last}, {one.first}",
    "with .": lambda one: f"{one.first}.{one.last}".lower(),
    "blank": lambda one: f"{one.first} {one.last}",
    "percent": lambda one: quote(f"{one.first} {one.last}"),
    "percent, twice": lambda one: quote(quote(f"{one.last} {one.first}")),
    "percent, latin": lambda one: quote(f"{one.first} {one.last}", encoding="latin-1", errors="ignore"),
    "percent, all": lambda one: "".join(f"%{byte:02x}" for byte in f"{one.first} {one.last}".encode()),
    "entities": lambda one: "".join(f"&#{ord(c)};" if ord(c) > 127 else c for c in one.last),
    "mojibake": lambda one: mojibake(one.last),
    "decomposed": lambda one: unicodedata.normalize("NFD", one.last),
    "soft hyphens": lambda one: "\u00ad".join(one.last),
    "spaced": lambda one: " ".join(re.sub("[^A-Za-zÀ-ɏ]", "", one.last)),
    "genitive": lambda one: ascii_of(one.last) + "s",
}  # fmt: skip
DAYS: dict[str, Callable[[date], str]] = {
    form: (lambda day, form=form: day.strftime(form).replace(" 0", " "))  # type: ignore[misc]
    for form in (
        "%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%Y%m%d", "%d%m%Y", "%y%m%d", "%d%m%y", "%d/%m/%Y", "%d-%m-%y", "%Y_%m_%d",
        "%m/%d/%Y",
    )
}  # fmt: skip
OTHERS: dict[str, Callable[[Person], str]] = {
    "email": lambda one: one.email,
    "email, capitals": lambda one: one.email.upper(),
    "email, percent": lambda one: quote(one.email, safe="").replace(".", "%2E"),
    "email, at": lambda one: one.email.replace("@", " (at) "),
    "phone": lambda one: one.phone,
    "phone, country": lambda one: "+49 30/" + one.phone[4:],
    "phone, percent": lambda one: quote("+4930" + one.phone[4:], safe=""),
}


BOTH_NAMES = {
    form for form, made in NAMES.items() if "Xenia" in made(Person("Xenia", "Y", date.min, "", "")).title()
}


def is_kept(form: str, person: Person, is_key: bool) -> bool:
    """What docs/snapshot.md says is not found: short names by themselves, in a number four letters within a word."""
    words = re.findall(r"[^\W\d_]+", re.sub("['’]", "", person.last))
    if is_key and form in ("genitive", "spaced", *BOTH_NAMES) and all(len(word) < 5 for word in words):
        return True
    return all(len(word) < 4 for word in words) and form not in BOTH_NAMES


@dataclass(frozen=True)
class Plant:
    table: str
    column: str
    row: int
    form: str
    person: Person
    text: str


def planted(seed: int, share: float) -> tuple[dict[str, Rows], list[Plant]]:
    """A delivery with a row for each column and form, and what stands where. `share`: of so many of the columns."""
    from pipelines.erp.delivery.schema import tables

    chosen, everybody = random.Random(seed), people(seed)
    rows: dict[str, Rows] = {
        "person": [
            {"person_nr": str(n), "person_art": "natuerlich", "vorname": one.first, "nachname": one.last,
             "geburtsdatum": one.day.isoformat()}
            for n, one in enumerate(everybody)
        ],
        "kontaktweg": [
            {"person_nr": str(n), "lfd_nr": str(line), "art": art, "wert": value}
            for n, one in enumerate(everybody)
            for line, (art, value) in enumerate((("E-Mail", one.email), ("Festnetz", one.phone)), 1)
        ],
    }  # fmt: skip
    plants: list[Plant] = []
    for table in tables().values():
        own = rows.setdefault(table.name, [])
        for column in table.described:
            if column.is_personal or (table.name, column.name) in PLACES or chosen.random() > share:
                continue
            is_key, is_text = is_key_column(column.name), column.kind == "text"
            forms: list[tuple[str, Callable[[Person], str]]] = list(NAMES.items())
            if not is_key:
                forms += OTHERS.items()
            if is_text and not is_key:
                forms += [(form, lambda one, made=made: made(one.day)) for form, made in DAYS.items()]  # type: ignore[misc]
            for form, made in forms:
                one = chosen.choice(everybody)
                if form in NAMES and is_kept(form, one, is_key):
                    continue
                text = made(one)
                before, behind = chosen.choice(BEFORE), chosen.choice(BEHIND)
                around = chosen.choice(("{}", "{}.pdf", "a {} b", "b_{}_2", "({})"))
                if form in NAMES and form not in ("spaced",) and not is_key and text.isascii():
                    around = chosen.choice((around, before + "{}", "{}" + behind, before + "{}" + behind))
                whole = around.format(text)
                own.append({column.name: whole})
                plants.append(Plant(table.name, column.name, len(own) - 1, form, one, text))
    return rows, plants


def laid_bare(text: str) -> Iterator[str]:
    """A text in all the ways in which a reader may take it, with letters alone."""
    for _ in range(3):
        for read in (text, unquote(text), unquote(text, encoding="latin-1"), html.unescape(text)):
            try:
                fixed = read.encode("latin-1").decode()
            except UnicodeError:
                fixed = read
            for one in (read, fixed):
                yield bare_of(one).lower()
                yield bare_of(dots_gone(one)).lower()
        text = unquote(text)


def found(plant: Plant, value: str) -> bool:
    """Whether somebody who has the original finds in a value what was planted there."""
    if plant.form in NAMES:
        names = [
            word for word in re.split(r"[^\w'’]+|(?<=\w)-", plant.person.last) if len(bare_of(word)) >= 4
        ]
        if not names:
            names = [plant.person.first + plant.person.last, plant.person.last + plant.person.first]
        needles = {
            made(name).lower() for name in names for made in (bare_of, lambda name: bare_of(dots_gone(name)))
        }
        return any(needle in read for read in laid_bare(value) for needle in needles)
    return plant.text.lower() in value.lower() or any(
        plant.text.lower() in read.lower() for read in (unquote(value), html.unescape(value))
    )


def attacked(folder: Path, seed: int, share: float) -> tuple[int, list[str]]:
    rows, plants = planted(seed, share)
    (folder / "home").mkdir(mode=0o700)
    write_raw(database(folder / "home"), rows)
    snapshot_report(folder / "home", str(folder / "out"), {}, None, False, lambda *_: None)
    written = {file.stem: pq.read_table(file).to_pylist() for file in (folder / "out").glob("*.parquet")}
    left = []
    for plant in plants:
        value = written[plant.table][plant.row][plant.column]
        if found(plant, value):
            left.append(
                f"{plant.form}: {plant.table}.{plant.column}: {rows[plant.table][plant.row][plant.column]} -> {value}"
            )
    return len(plants), left


def test_what_is_oddly_written_is_found_in_every_column(tmp_path: Path) -> None:
    looked_at, left = attacked(tmp_path, 1, 0.06)
    assert looked_at > 200
    assert left == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_every_spelling_is_found_in_every_column(seed: int, tmp_path: Path) -> None:
    looked_at, left = attacked(tmp_path, seed, 1)
    assert looked_at > 4000
    assert left == []


def test_what_is_looked_for_would_be_found() -> None:
    """No check that cannot fail: in the original all of it is found."""
    rows, plants = planted(5, 0.2)
    missed = [plant for plant in plants if not found(plant, rows[plant.table][plant.row][plant.column] or "")]
    assert len(missed) < len(plants) // 50


def test_a_number_made_of_the_day_of_birth_is_another_one_in_all_tables(tmp_path: Path) -> None:
    day = people(1)[0].day
    numbers = [f"P{day:%Y%m%d}-1", f"{day:%d%m%y}7", f"{day:%d%m%y}", f"X{day:%y%m%d}", f"{day:%d.%m.%Y}/2"]
    rows: dict[str, Rows] = {
        "person": [
            {"person_nr": number, "vorname": "Hans", "nachname": "Petrosyan", "geburtsdatum": f"{day:%d.%m.%Y}"}
            for number in numbers
        ],
        "mieter": [{"person_nr": number} for number in numbers],
        "dokument": [{"bezug_art": "PERSON", "bezug_key": number} for number in numbers],
    }  # fmt: skip
    (tmp_path / "home").mkdir(mode=0o700)
    write_raw(database(tmp_path / "home"), rows)
    snapshot_report(tmp_path / "home", str(tmp_path / "out"), {}, None, False, lambda *_: None)
    read = {name: pq.read_table(tmp_path / "out" / f"{name}.parquet").to_pylist() for name in rows}
    after = [row["person_nr"] for row in read["person"]]
    assert (
        after
        == [row["person_nr"] for row in read["mieter"]]
        == [row["bezug_key"] for row in read["dokument"]]
    )
    assert len(set(after)) == len(numbers)
    # Seven digits are no day.
    assert [before == now for before, now in zip(numbers, after, strict=True)] == [
        False,
        True,
        False,
        False,
        False,
    ]
