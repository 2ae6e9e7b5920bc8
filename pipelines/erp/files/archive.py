"""ZIP files: checked before a byte is unpacked, unpacked into a private folder. Nothing in them is trusted."""

import lzma
import shutil
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.erp.delivery.delivery import holds_documents
from pipelines.erp.delivery.words import shown
from pipelines.errors import DeliveryError

GB = 1 << 30
MOST_MEMBERS = 10_000

# Below this a ratio says nothing: nobody fills a disk with it.
HARMLESS = 10 << 20
BLOCK = 1 << 20

# Lengths of the parts of a ZIP. An entry of the list has 46 bytes, its name, and what tools add.
LOCAL_HEADER, LONGEST_ENTRY, LONGEST_END = 30, 1_024, 22 + 65_535
END_OF_DIRECTORY, ZIP64, ZIP64_RECORDS = b"PK\x05\x06", 0xFFFFFFFF, 56 + 20
# Folders in folders in a path.
DEEPEST = 20


@dataclass(frozen=True)
class ArchiveLimits:
    """What a packed delivery may grow to: bytes in all, and how many times its packed size.

    `max_workbook_mb` bounds the sheets of a workbook, and all that has to be in memory at once by a sixteenth of it.
    """

    max_gb: float = 50
    max_ratio: float = 200
    max_workbook_mb: float = 512


def unpack(path: Path, target: Path, limits: ArchiveLimits) -> None:
    """Unpacks a ZIP into the empty folder `target`; hidden files and documents stay packed.

    Raises `DeliveryError` for a ZIP that is damaged, encrypted or a bomb, and for members that leave the folder, are
    links, lie over each other or come twice.
    """
    with opened(path, limits) as archive:
        for member in archive.infolist():
            name = with_slashes(member.filename)
            parts = PurePosixPath(name).parts
            if name.endswith("/") or any(
                part.startswith((".", "__MACOSX")) or holds_documents(part) for part in parts
            ):
                continue
            file = target.joinpath(*parts)
            file.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as packed, file.open("xb") as plain:
                shutil.copyfileobj(packed, plain, BLOCK)


@contextmanager
def opened(path: Path, limits: ArchiveLimits) -> Iterator[zipfile.ZipFile]:
    """A ZIP whose list of members is harmless; what turns out broken while it is read is a `DeliveryError`, too."""
    try:
        check_directory(path, MOST_MEMBERS)
        with zipfile.ZipFile(path) as archive:
            _check(path, archive.infolist(), limits)
            yield archive
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        EOFError,
        ValueError,
        OverflowError,
        IndexError,
        RecursionError,
    ):
        raise DeliveryError(
            f"{path.name}: the ZIP file is damaged or not complete; export or upload it again"
        ) from None
    except NotImplementedError:
        raise DeliveryError(
            f"{path.name}: the ZIP file is packed in a way that cannot be read; pack it again with Deflate"
        ) from None
    except OSError as problem:
        raise DeliveryError(
            f"{path.name}: the ZIP file cannot be unpacked ({problem.strerror or 'damaged'}); "
            "export it again, or make room under STAMMDATEN_HOME"
        ) from None


def check_directory(path: Path, most: int) -> None:
    """Looks at the size of the list of members: the library would read any, and make an object of each entry.

    Raises `DeliveryError` for a list that is too long for `most` members.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - LONGEST_END))
        end = file.read()
    found = end.rfind(END_OF_DIRECTORY)
    if found >= 0 and len(end) >= found + 16:
        (length,) = struct.unpack_from("<L", end, found + 12)
        # A large ZIP says it in another record, right in front of this one.
        long = found - ZIP64_RECORDS
        if length == ZIP64 and long >= 0:
            (length,) = struct.unpack_from("<Q", end, long + 40)
        if min(length, size) > most * LONGEST_ENTRY:
            raise DeliveryError(
                f"{path.name}: more files inside than the {most:,} that are allowed; pack the tables only"
            )


def _check(path: Path, members: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(members) > MOST_MEMBERS:
        raise DeliveryError(
            f"{path.name}: {len(members):,} files inside, {MOST_MEMBERS:,} are allowed; pack the tables only"
        )
    for member in members:
        _check_member(path, member, limits.max_ratio)
    _check_places(path, members)
    total = sum(member.file_size for member in members)
    packed = min(sum(member.compress_size for member in members), path.stat().st_size)
    if total > limits.max_gb * GB:
        raise DeliveryError(
            f"{path.name}: {total / GB:,.1f} GB unpacked, {limits.max_gb:g} GB are allowed; "
            "is it the right file? else raise SOURCES__ERP__FILES__MAX_GB"
        )
    _check_ratio(path.name, total, packed, limits.max_ratio)
    spelled = [with_slashes(member.filename) for member in members]
    names = Counter(name.casefold() for name in spelled)
    twice = next((name for name in spelled if names[name.casefold()] > 1), None)
    if twice is not None:
        raise DeliveryError(f"{path.name}: {shown(twice)} is inside more than once; pack each file once")


def with_slashes(name: str) -> str:
    """A member's path; Windows PowerShell 5 writes backslashes."""
    return name.replace("\\", "/")


def is_file(member: zipfile.ZipInfo) -> bool:
    """Whether a member is a file or a folder, and no link or device."""
    return stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG, stat.S_IFDIR)


def is_encrypted(member: zipfile.ZipInfo) -> bool:
    """Whether a member needs a password."""
    return bool(member.flag_bits & 0x1)


def _check_places(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Raises `DeliveryError` if members lie over each other: so a small ZIP holds the same bytes a thousand times."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise DeliveryError(
                f"{path.name}: {shown(member.filename)} lies over another file in it, so it may be a ZIP bomb; "
                "do not trust this file, and have it packed again"
            )
        end = member.header_offset + LOCAL_HEADER + member.compress_size
    if end > path.stat().st_size:
        raise zipfile.BadZipFile


def _check_member(path: Path, member: zipfile.ZipInfo, max_ratio: float) -> None:
    # `orig_filename` is the name before Python cut it at a NUL.
    raw = member.orig_filename
    name = with_slashes(raw)
    if "\0" in raw or ":" in name or name.startswith("/") or ".." in PurePosixPath(name).parts:
        raise DeliveryError(
            f"{path.name}: {shown(raw)} leaves the folder; do not trust this file, and pack it again without paths"
        )
    if len(PurePosixPath(name).parts) > DEEPEST:
        raise DeliveryError(
            f"{path.name}: {shown(raw)} lies more than {DEEPEST} folders deep; pack the files alone"
        )
    if not is_file(member):
        raise DeliveryError(f"{path.name}: {shown(name)} is a link or a device; pack the files themselves")
    if is_encrypted(member):
        raise DeliveryError(f"{path.name}: {shown(name)} is encrypted; pack the files without a password")
    _check_ratio(f"{path.name}: {shown(name)}", member.file_size, member.compress_size, max_ratio)


def _check_ratio(what: str, size: int, packed: int, max_ratio: float) -> None:
    if size > HARMLESS and size > packed * max_ratio:
        raise DeliveryError(
            f"{what}: grows to {size / max(packed, 1):,.0f} times its packed size, {max_ratio:g} times are allowed; "
            "it may be a ZIP bomb; if it is right, raise SOURCES__ERP__FILES__MAX_RATIO"
        )
