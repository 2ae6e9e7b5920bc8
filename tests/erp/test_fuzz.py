"""Good files, broken in a thousand ways: whatever comes of it, nobody sees a stack trace. The seeds are fixed."""

import io
import random
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.erp.delivery.mapping import read_mapping
from pipelines.erp.files.door import FilesSettings
from pipelines.errors import StammdatenError
from tests.erp.delivery import DELIVERY, read
from tests.erp.hostile import workbook

MAPPING = (
    "tables:\n  person:\n    from: contacts\n    columns: {person_nr: Contact No., nachname: Last Name}\n"
)


def parquet() -> bytes:
    made = io.BytesIO()
    columns = {"person_nr": ["1", "2"], "nachname": ["Ey", None], "geburtsdatum": [10_000, None]}
    table = pa.table(columns).set_column(2, "geburtsdatum", pa.array([10_000, None], pa.date32()))
    pq.write_table(table, made, compression="snappy")
    return made.getvalue()


def packed() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in DELIVERY.items():
            archive.writestr(f"export/{name}", text)
    return made.getvalue()


GOOD: dict[str, bytes] = {
    "person.csv": DELIVERY["person.csv"].encode() + 'sep;"a\n""b";ü;\x1a'.encode(),
    "person_1252.csv": DELIVERY["person.csv"].encode("windows-1252"),
    "person.xlsx": workbook(strings="<si><t>Ey</t></si>"),
    "person.parquet": parquet(),
    "lieferung.zip": packed(),
    "mapping.yaml": MAPPING.encode(),
}
# What files are made of, and what programs stumble over.
PIECES = [
    *(bytes([byte]) for byte in b'\0\x1a\xff\xfe";,\t|\r\n\\/\x80\xe1\xc3'),
    *(
        b"\xef\xbb\xbf",
        b"\r\n\r\n",
        b"sep=;\n",
        b"person_nr",
        b"8,15E+09",
        b"PK\x01\x02",
        b"PK\x05\x06",
        b"PAR1",
    ),
    *(
        b"99999999999",
        b"-1",
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        b"<!DOCTYPE x>",
        b"&a;",
        b"]]>",
        b"&a [*a]",
    ),
    *(
        b'r="99999999"',
        b't="s"',
        b"<v>9999999</v>",
        b"{" * 60,
        b"[" * 3000,
        b"../",
        b"\\..\\",
        b"1e999",
        b"nan",
    ),
]


def cut(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def flip(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 2, 8, 64))):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def insert(chance: random.Random, content: bytes) -> bytes:
    place = chance.randrange(len(content) + 1)
    return content[:place] + chance.choice(PIECES) * chance.choice((1, 1, 1, 50)) + content[place:]


def double(chance: random.Random, content: bytes) -> bytes:
    begin = chance.randrange(len(content) + 1)
    end = chance.randrange(begin, len(content) + 1)
    return content[:end] + content[begin:end] * chance.choice((1, 2, 20)) + content[end:]


def remove(chance: random.Random, content: bytes) -> bytes:
    begin = chance.randrange(len(content) + 1)
    return content[:begin] + content[chance.randrange(begin, len(content) + 1) :]


def inside(chance: random.Random, content: bytes) -> bytes:
    """A change in a member of a ZIP or workbook, which is packed again."""
    if not content.startswith(b"PK"):
        return flip(chance, content)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = chance.choice(old.namelist())
        for name in old.namelist():
            member = old.read(name)
            new.writestr(name, chance.choice(WAYS[:-1])(chance, member) if name == chosen else member)
    return made.getvalue()


WAYS: list[Callable[[random.Random, bytes], bytes]] = [cut, flip, insert, double, remove, inside]


def broken(chance: random.Random, content: bytes) -> bytes:
    """A good file changed in one to three ways; only the first may look inside of it."""
    content = chance.choice(WAYS)(chance, content)
    for _ in range(chance.randrange(3)):
        content = chance.choice(WAYS[:-1])(chance, content)
    return content


def try_one(seed: int) -> None:
    """Reads one broken file in a good delivery. Everything but our own errors fails, with the seed in its notes."""
    chance = random.Random(seed)
    name = chance.choice(list(GOOD))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for good, text in DELIVERY.items():
            (folder / good).write_text(text, encoding="utf-8")
        content = broken(chance, GOOD[name])
        message = ""
        try:
            open_as(name, folder, content)
        except StammdatenError as problem:
            message = str(problem)
        except Exception as problem:
            problem.add_note(f"seed {seed}, {name}")
            raise
        assert "\n" not in message, f"seed {seed}"
        assert len(message) < 1000, f"seed {seed}"


def open_as(name: str, folder: Path, content: bytes) -> None:
    """Reads a file under a name, in a delivery that is good beside it."""
    if name == "mapping.yaml":
        (folder / name).write_bytes(content)
        read_mapping(folder / name)
        return
    for good in DELIVERY if name.endswith(".zip") else ("person.csv",):
        (folder / good).unlink()
    (folder / name.replace("_1252", "")).write_bytes(content)
    read(FilesSettings(folder))


def test_a_broken_file_is_an_error_of_ours_or_none():
    for seed in range(400):
        try_one(seed)


@pytest.mark.slow
def test_broken_files_are_errors_of_ours_for_five_minutes():
    end, seed = time.monotonic() + 300, 1_000_000
    while time.monotonic() < end:
        try_one(seed)
        seed += 1
