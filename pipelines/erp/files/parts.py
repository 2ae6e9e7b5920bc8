"""Which file of a delivery belongs to which table, and to which Mandant where each has files of its own.

A table comes as one file for all (`gebaeude.csv`), or as one a Mandant: `gebaeude_0001.csv`, `0001_gebaeude.csv`,
`0001/gebaeude.csv`, the sheet `gebaeude` of `0001.xlsx`. Only a number that the table `mandant` has makes a file the
part of a Mandant, so that yesterday's copy beside today's file is never read along with it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.erp.delivery.mapping import TableMapping
from pipelines.erp.delivery.schema import tables
from pipelines.errors import DeliveryError

# Before a number in a name: `gebaeude_Mandant-0001`, `M0001`.
_PREFIX = r"(?:mandant|mdt|md|m)[ _.-]*"
_GAP = r"[ _.-]+"


@dataclass(frozen=True)
class FoundFile:
    """A file, or a sheet of a workbook. `shown` names it in messages, `stem` may name a table.

    `folder` is the sub-folder it lies in; `workbook` the name of its workbook, which may be that of a Mandant.
    """

    path: Path
    shown: str
    stem: str
    folder: str | None = None
    workbook: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Part:
    """A file that is read for a table; `mandant` is None where it holds the rows of all."""

    found: FoundFile
    mandant: str | None = None


@dataclass(frozen=True)
class Reading:
    """A table that a file may be for, and what else its name says."""

    table: str
    found: FoundFile
    label: str | None

    @property
    def may_be_a_part(self) -> bool:
        """Whether file, folder or workbook could be named after a Mandant."""
        return any((self.label, self.found.folder, self.found.workbook))


def readings(found: Iterable[FoundFile], mapping: Mapping[str, TableMapping]) -> list[Reading]:
    """Every table that every file may be for, by its name."""
    names: dict[str, list[str]] = {}
    for table in tables():
        source = mapping[table].source if table in mapping else None
        names.setdefault(_normal(_without_ending(source or table)), []).append(table)
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    patterns = [
        re.compile(rf"(?P<name>{longest_first})(?:{_GAP}(?P<label>.+))?"),
        re.compile(rf"(?P<label>.+?){_GAP}(?P<name>{longest_first})"),
    ]
    made = []
    for file in found:
        matches = (pattern.fullmatch(_normal(file.stem)) for pattern in patterns)
        match = next((match for match in matches if match), None)
        if match:
            made += [Reading(table, file, match["label"]) for table in names[match["name"]]]
    return made


def mandant_files(where: str, read: Sequence[Reading]) -> list[FoundFile]:
    """The files of the table `mandant`: those for all, else those that name one.

    Raises `DeliveryError` for two for all; only a workbook may turn out to be that of a Mandant.
    """
    files = [reading for reading in read if reading.table == "mandant"]
    whole = [reading.found for reading in files if reading.label is None and reading.found.folder is None]
    _check_once(where, "mandant", [Part(found) for found in whole if found.workbook is None])
    return whole or [reading.found for reading in files]


def assign(where: str, read: Sequence[Reading], numbers: Iterable[str]) -> dict[str, list[Part]]:
    """The parts of each table in the order of their names; files that are left over are no part of any.

    `numbers` are the Mandanten of the delivery. Raises `DeliveryError` naming the files for a table that comes twice
    and for a file of a Mandant that the delivery does not have.
    """
    known = list(numbers)
    parts: dict[str, list[Part]] = {}
    for table in tables():
        files = [reading for reading in read if reading.table == table]
        chosen = [
            Part(reading.found, _mandant(reading, known))
            for reading in files
            if not _is_stray(reading, known)
        ]
        strays = [reading for reading in files if _is_stray(reading, known)]
        _check_once(where, table, chosen)
        _check_strays(table, chosen, strays, known)
        if chosen:
            parts[table] = sorted(chosen, key=lambda part: (part.mandant or "", part.found.shown))
    return parts


def check_mandanten(
    parts: Mapping[str, Sequence[Part]], required: Iterable[str], numbers: Iterable[str]
) -> None:
    """Raises `DeliveryError` for a Mandant without its file of a required table that comes in one file a Mandant."""
    there = {
        name: {part.mandant for part in parts[name] if part.mandant is not None}
        for name in required
        if name in parts
    }
    split = {name: mandanten for name, mandanten in there.items() if mandanten}
    wanted = set(numbers).union(*split.values())
    for name, mandanten in split.items():
        missing = sorted(wanted - mandanten)
        if missing:
            raise DeliveryError(
                f"{name}: no file of Mandant {', '.join(missing)} (there is {parts[name][0].found.shown}); "
                "export every required table of every Mandant, with its header only where it has no rows"
            )


def _is_stray(reading: Reading, numbers: list[str]) -> bool:
    """Whether the name says something else than a Mandant of the delivery."""
    labels = (reading.label, reading.found.folder)
    return len({_match(label, numbers) for label in labels if label}) > 1 or any(
        label and _match(label, numbers) is None for label in labels
    )


def _mandant(reading: Reading, numbers: list[str]) -> str | None:
    label = reading.label or reading.found.folder or reading.found.workbook
    return _match(label, numbers) if label else None


def _match(label: str, numbers: list[str]) -> str | None:
    """The one Mandant that a label names: as it is written, else apart from zeros in front."""
    bare = re.fullmatch(rf"{_PREFIX}(?P<number>.+)", label, re.IGNORECASE)
    spellings = {_normal(label)} | ({_normal(bare["number"])} if bare else set())
    exact = [number for number in numbers if _normal(number) in spellings]
    alike = exact or [
        number for number in numbers if _normal(number).lstrip("0") in _without_zeros(spellings)
    ]
    return alike[0] if len(alike) == 1 else None


def _without_zeros(spellings: set[str]) -> set[str]:
    return {spelling.lstrip("0") for spelling in spellings} - {""}


def _check_once(where: str, table: str, parts: Sequence[Part]) -> None:
    whole = [part for part in parts if part.mandant is None]
    by_mandant: dict[str | None, list[Part]] = {}
    for part in parts:
        by_mandant.setdefault(part.mandant, []).append(part)
    twice = next((files for files in by_mandant.values() if len(files) > 1), None)
    if twice is None and whole and len(parts) > 1:
        twice = [whole[0], next(part for part in parts if part.mandant is not None)]
    if twice:
        names = " and ".join(sorted(part.found.shown for part in twice))
        raise DeliveryError(f"{where}: {names} are both the table {table}; leave one of them")


def _check_strays(table: str, parts: Sequence[Part], strays: Sequence[Reading], numbers: list[str]) -> None:
    """A stray file beside the one for all, or in a folder of its own, is only a file that nobody needs."""
    if not numbers or (parts and parts[0].mandant is None):
        return
    for stray in strays:
        if parts or stray.found.folder is None:
            raise DeliveryError(
                f"{stray.found.shown}: {stray.label or stray.found.folder} is no Mandant of this delivery "
                f"({', '.join(numbers)}); name the file {table} or {table}_<Mandant>, or take it away"
            )


def _without_ending(name: str) -> str:
    return re.sub(r"\.(csv|parquet|xlsx|xlsm)$", "", name.strip(), flags=re.IGNORECASE)


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()
