"""Deliveries that want to hurt. Run as a program, it makes them, or loads each on top of a good one.

`python -m tests.erp.hostile make FOLDER`, then `… load FOLDER`. The second one prints one JSON object: the message of
each case by its name, the seconds it took, the raw layer afterwards, and the most memory the process ever had, in MB.
"""

import io
import json
import os
import re
import resource
import struct
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import load
from pipelines.errors import StammdatenError
from tests.erp.delivery import DELIVERY

MB = 1 << 20
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHARED_STRINGS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def person(folder: Path, content: bytes, ending: str = ".csv") -> None:
    (folder / "person.csv").unlink()
    (folder / f"person{ending}").write_bytes(content)


def long_line(folder: Path) -> None:
    person(folder, b"person_nr;nachname\n1;")
    with (folder / "person.csv").open("ab") as file:
        for _ in range(300):
            file.write(b"x" * MB)


def sparse(folder: Path) -> None:
    with (folder / "person.csv").open("ab") as file:
        file.truncate(2 << 30)


def pipe(folder: Path) -> None:
    (folder / "person.csv").unlink()
    os.mkfifo(folder / "person.csv")


def folder_as_file(folder: Path) -> None:
    (folder / "person.csv").unlink()
    (folder / "person.csv").mkdir()


def link_to_nothing(folder: Path) -> None:
    (folder / "person.csv").unlink()
    (folder / "person.csv").symlink_to("nowhere.csv")


def device(folder: Path) -> None:
    (folder / "person.csv").unlink()
    (folder / "person.csv").symlink_to("/dev/zero")


def workbook(sheet: str = "", strings: str = "", begin: str = "", encoding: str = "utf-8") -> bytes:
    """A workbook with parts replaced; `begin` stands in front of `workbook.xml`, which has the encoding."""
    made = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["person_nr", "nachname"])
    book.active.append(["1", "Ey"])
    book.save(made)
    changed = io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if sheet and name.endswith("sheet1.xml"):
                text = text.replace("</sheetData>", f"{sheet}</sheetData>")
            if strings and name == "[Content_Types].xml":
                part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED_STRINGS}"/>'
                text = text.replace("</Types>", f"{part}</Types>")
            if begin and name.endswith("workbook.xml"):
                text = begin + text
            new.writestr(name, text.encode(encoding if name.endswith("workbook.xml") else "utf-8"))
        if strings:
            new.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{strings}</sst>')
    return changed.getvalue()


def row_number(folder: Path) -> None:
    sheet = '<row r="99999999999"><c r="A99999999999" t="n"><v>1</v></c></row>'
    person(folder, workbook(sheet=sheet), ".xlsx")


def column_number(folder: Path) -> None:
    person(folder, workbook(sheet='<row r="3"><c r="ZZZ3" t="n"><v>1</v></c></row>'), ".xlsx")


def laughs(encoding: str = "utf-8", in_front: str = "") -> str:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0" encoding="{encoding}"?>{in_front}<!DOCTYPE x [<!ENTITY l0 "lol">{levels}]>'


def entities(folder: Path) -> None:
    person(folder, workbook(begin=laughs()), ".xlsx")


def entities_far_behind(folder: Path) -> None:
    person(folder, workbook(begin=laughs(in_front="<!-- - -->" + " " * 3 * MB)), ".xlsx")


def entities_in_utf16(folder: Path) -> None:
    person(folder, workbook(begin=laughs("utf-16"), encoding="utf-16"), ".xlsx")


def many_strings(folder: Path) -> None:
    strings = "".join(f"<si><t>{number:040}</t></si>" for number in range(1_600_000))
    person(folder, workbook(strings=strings), ".xlsx")


def damaged_workbook(folder: Path) -> None:
    content = workbook()
    person(folder, content[:1000] + bytes(100) + content[1100:], ".xlsx")


def parquet() -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table({"person_nr": ["1", "2"], "nachname": ["Ey", "Oz"]}), made)
    return made.getvalue()


def cut_parquet(folder: Path) -> None:
    person(folder, parquet()[:-9], ".parquet")


def damaged_parquet(folder: Path) -> None:
    content = parquet()
    person(folder, b"PAR1" + b"\xff" * 60 + content[64:], ".parquet")


def packed(folder: Path, members: dict[str, bytes]) -> Path:
    for name in DELIVERY:
        (folder / name).unlink()
    path = folder / "lieferung.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def overlapping(folder: Path) -> None:
    """Every entry of the list points to the one member that is there."""
    good = {name: text.encode() for name, text in DELIVERY.items()}
    path = packed(folder, {**good, "leerstand.csv": b"leer_ab\n" + os.urandom(MB).hex().encode()})
    content = path.read_bytes()
    begin = content.index(b"PK\x01\x02", content.rindex(b"leerstand.csv") - 60)
    entry = content[begin : content.index(b"PK\x05\x06")]
    more = b"".join(entry.replace(b"leerstand.csv", f"leer_{n:04}.csv".encode()) for n in range(500))
    end = bytearray(content[content.index(b"PK\x05\x06") :])
    count = len(good) + 1 + 500
    size = struct.unpack_from("<L", end, 12)[0] + len(more)
    struct.pack_into("<HHL", end, 8, count, count, size)
    path.write_bytes(content[: content.index(b"PK\x05\x06")] + more + end)


def many_members(folder: Path) -> None:
    path = packed(folder, {})
    entry = struct.pack("<4s42s", b"PK\x01\x02", bytes(42))
    entries = entry * (12 * MB // len(entry))
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(entries), 0, 0)
    path.write_bytes(entries + end)


CASES: dict[str, Callable[[Path], None]] = {
    "13,000 columns": lambda folder: person(
        folder, ";".join(f"c{n}" for n in range(13_000)).encode() + b"\n1\n"
    ),
    "one field of a header": lambda folder: person(folder, b"x" * 900_000 + b"\n1\n"),
    "no end of the header": lambda folder: person(folder, b"x;" * MB),
    "a long line": long_line,
    "nothing but NUL": sparse,
    "a pipe": pipe,
    "a device": device,
    "a folder": folder_as_file,
    "a link to nothing": link_to_nothing,
    "an open quote": lambda folder: person(
        folder, b'person_nr;nachname\n1;"Ey\n' + b"2;Oz aus Musterstadt\n" * 1_500_000
    ),
    "nothing but quotes": lambda folder: person(folder, b"person_nr;nachname\n1;" + b'"' * (20 * MB + 1)),
    "a workbook as CSV": lambda folder: person(folder, workbook()),
    "a row number": row_number,
    "a column number": column_number,
    "entities": entities,
    "entities_far_behind": entities_far_behind,
    "entities_in_utf16": entities_in_utf16,
    "many strings": many_strings,
    "a damaged workbook": damaged_workbook,
    "no workbook": lambda folder: person(folder, b"PK\x03\x04" + os.urandom(5000), ".xlsx"),
    "a workbook with a password": lambda folder: person(
        folder, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000), ".xlsx"
    ),
    "a cut Parquet file": cut_parquet,
    "a damaged Parquet file": damaged_parquet,
    "no Parquet file": lambda folder: person(folder, b"PAR1" + os.urandom(5000) + b"PAR1", ".parquet"),
    "ZIP members over each other": overlapping,
    "many ZIP members": many_members,
}


def fresh(folder: Path) -> Path:
    folder.mkdir()
    for name, text in DELIVERY.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def make(root: Path) -> None:
    fresh(root / "good")
    for number, spoil in enumerate(CASES.values()):
        spoil(fresh(root / str(number)))


def load_all(root: Path) -> dict[str, object]:
    home = root / "home"
    load(FilesSettings(root / "good"), home)
    messages, seconds = {}, {}
    for number, name in enumerate(CASES):
        began = time.monotonic()
        try:
            load(FilesSettings(root / str(number)), home)
            messages[name] = ""
        except StammdatenError as problem:
            messages[name] = str(problem)
        seconds[name] = round(time.monotonic() - began, 2)
    with duckdb.connect(str(home / "stammdaten.duckdb"), read_only=True) as connection:
        raw = connection.execute("select person_nr, nachname from erp_raw.person order by 1").fetchall()
    return {"messages": messages, "seconds": seconds, "raw": raw, "mb": _peak_mb()}


def _peak_mb() -> int:
    """The most memory of this process; `getrusage` would tell that of the process which started it, if it had more."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
    return int(peak) // 1024


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        print(json.dumps(load_all(Path(sys.argv[2]))))
