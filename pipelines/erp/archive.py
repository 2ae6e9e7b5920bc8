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

from pipelines.erp.words import shown
from pipelines.errors import DeliveryError

GB = 1 << 30
MOST_MEMBERS = 10_000

# Below this a ratio says nothing: nobody fills a disk with it.
HARMLESS = 10 << 20
BLOCK = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a packed delivery may grow to: bytes in all, and how many times its packed size."""

    max_gb: float = 50
    max_ratio: float = 200


def unpack(path: Path, target: Path, limits: Limits) -> Path:
    """Unpacks a ZIP into the empty folder `target` and returns the folder in which the delivery lies.

    That is `target`, or the one folder in it where the ZIP holds nothing else. Hidden files stay packed. Raises
    `DeliveryError` for a ZIP that is damaged, encrypted or a bomb, and for members that leave the folder, are links
    or come twice.
    """
    with opened(path, limits) as archive:
        for member in archive.infolist():
            parts = PurePosixPath(member.filename).parts
            if member.is_dir() or any(part.startswith((".", "__MACOSX")) for part in parts):
                continue
            file = target.joinpath(*parts)
            file.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as packed, file.open("xb") as plain:
                shutil.copyfileobj(packed, plain, BLOCK)
    inside = list(target.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else target


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """A ZIP whose list of members is harmless; what turns out broken while it is read is a `DeliveryError`, too."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check(path, archive.infolist(), limits)
            yield archive
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, UnicodeDecodeError):
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


def _check(path: Path, members: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(members) > MOST_MEMBERS:
        raise DeliveryError(
            f"{path.name}: {len(members):,} files inside, {MOST_MEMBERS:,} are allowed; pack the tables only"
        )
    for member in members:
        _check_member(path, member, limits.max_ratio)
    total, packed = (
        sum(member.file_size for member in members),
        sum(member.compress_size for member in members),
    )
    if total > limits.max_gb * GB:
        raise DeliveryError(
            f"{path.name}: {total / GB:,.1f} GB unpacked, {limits.max_gb:g} GB are allowed; "
            "is it the right file? else raise SOURCES__ERP__FILES__MAX_GB"
        )
    _check_ratio(path.name, total, packed, limits.max_ratio)
    names = Counter(member.filename.casefold() for member in members)
    twice = next((member.filename for member in members if names[member.filename.casefold()] > 1), None)
    if twice is not None:
        raise DeliveryError(f"{path.name}: {shown(twice)} is inside more than once; pack each file once")


def _check_member(path: Path, member: zipfile.ZipInfo, max_ratio: float) -> None:
    name = member.filename
    # `orig_filename` is the name before Python cut it at a NUL.
    raw = member.orig_filename
    if "\\" in raw or "\0" in raw or ":" in name or name.startswith("/") or ".." in PurePosixPath(name).parts:
        raise DeliveryError(
            f"{path.name}: {shown(raw)} leaves the folder; do not trust this file, and pack it again without paths"
        )
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DeliveryError(f"{path.name}: {shown(name)} is a link or a device; pack the files themselves")
    if member.flag_bits & 0x1:
        raise DeliveryError(f"{path.name}: {shown(name)} is encrypted; pack the files without a password")
    _check_ratio(f"{path.name}: {shown(name)}", member.file_size, member.compress_size, max_ratio)


def _check_ratio(what: str, size: int, packed: int, max_ratio: float) -> None:
    if size > HARMLESS and size > packed * max_ratio:
        raise DeliveryError(
            f"{what}: grows to {size / max(packed, 1):,.0f} times its packed size, {max_ratio:g} times are allowed; "
            "it may be a ZIP bomb; if it is right, raise SOURCES__ERP__FILES__MAX_RATIO"
        )

