"""Documents in a ZIP: one member is read at a time, as far as it is wanted. Nothing is unpacked onto the disk.

A member that is packed in another way than Deflate is refused: how much memory the others take, the ZIP itself says.
"""

import contextlib
import struct
import threading
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from pipelines.erp.content.document import UNREACHABLE, UNREADABLE
from pipelines.erp.content.source import Parts, Stream, key_of, only, places, several
from pipelines.erp.files.archive import check_directory, is_encrypted, is_file, with_slashes
from pipelines.errors import ContentProblem, DeliveryError

MOST_DOCUMENTS = 100_000
UNICODE_NAME = 0x800
# How names are written where the ZIP does not say: Windows' own tool, others of Windows, and those of a Mac.
ENCODINGS = ("cp437", "cp850", "windows-1252", "utf-8")
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    IndexError,
    NotImplementedError,
    RuntimeError,
    OSError,
)

Key = tuple[str, ...]


class Packed:
    """A ZIP that is open; its members are found by path as files in a folder are. Any number of threads may read."""

    def __init__(self, path: Path, beside_tables: bool) -> None:
        """Reads the list of members. Raises `ContentProblem` (`content_unreachable`) for a ZIP that is none."""
        self._beside_tables = beside_tables
        self._lock = threading.Lock()
        self._archive = _opened(path)
        members = [member for member in self._archive.infolist() if not member.filename.endswith("/")]
        self._members = _by_key(members)
        self._tops = _tops(members)

    def find(self, parts: Parts) -> zipfile.ZipInfo | None:
        """The member of this path, also below the folders in which all of the ZIP lies.

        Raises `ContentProblem` where several fit.
        """
        for place in places(parts, self._beside_tables):
            for top in self._tops:
                fitting = self._members.get(tuple(key_of(part) for part in (*top, *place)), {})
                name = only("/".join((*top, *place)), list(fitting))
                if name is not None:
                    if len(fitting[name]) > 1:
                        raise several()
                    return fitting[name][0]
        return None

    @contextmanager
    def opened(self, member: zipfile.ZipInfo) -> Iterator[Stream]:
        """The bytes of a member. Raises `ContentProblem` for one that cannot be read, also while it is read."""
        if is_encrypted(member):
            raise ContentProblem(UNREADABLE, "it is encrypted in its ZIP; pack it without a password")
        if not is_file(member):
            raise ContentProblem(UNREADABLE, "it is a link or a device in its ZIP; pack the file itself")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ContentProblem(UNREADABLE, "it is packed in another way than Deflate; pack it so")
        with _explained():
            # The library counts its open members without a lock of its own.
            with self._lock:
                file = self._archive.open(member)
            try:
                yield Stream(file.read, member.file_size)
            finally:
                with self._lock:
                    file.close()

    def close(self) -> None:
        """Closes the ZIP."""
        self._archive.close()


def _opened(path: Path) -> zipfile.ZipFile:
    with contextlib.suppress(DeliveryError, *BROKEN):
        check_directory(path, MOST_DOCUMENTS)
        return zipfile.ZipFile(path)
    raise ContentProblem(
        UNREACHABLE,
        f"{path.name} is damaged, not complete, or has more than {MOST_DOCUMENTS:,} files; upload it again",
    )


def _by_key(members: Sequence[zipfile.ZipInfo]) -> Mapping[Key, Mapping[str, list[zipfile.ZipInfo]]]:
    """Members by the keys of their paths, and by each spelling of such a path."""
    found: dict[Key, dict[str, list[zipfile.ZipInfo]]] = defaultdict(lambda: defaultdict(list))
    for member in members:
        for name in _names(member):
            parts = PurePosixPath(name).parts
            found[tuple(key_of(part) for part in parts)]["/".join(parts)].append(member)
    return found


def _names(member: zipfile.ZipInfo) -> set[str]:
    """What a member may be called: one name where the ZIP says how it is written, else one for each way."""
    name = with_slashes(member.filename)
    if member.flag_bits & UNICODE_NAME or name.isascii():
        return {name}
    found = {name}
    for encoding in ENCODINGS:
        with contextlib.suppress(UnicodeError):
            found.add(with_slashes(member.filename.encode("cp437").decode(encoding)))
    return found


def _tops(members: Sequence[zipfile.ZipInfo]) -> tuple[Parts, ...]:
    """The folders in which everything lies, from none at all to the innermost one."""
    paths = [PurePosixPath(with_slashes(member.filename)).parts[:-1] for member in members]
    paths = [path for path in paths if path[:1] != ("__MACOSX",)]
    common: Parts = ()
    for level in zip(*paths, strict=False):
        if len(set(level)) > 1:
            break
        common = (*common, level[0])
    return tuple(common[:depth] for depth in range(len(common) + 1))


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
        return
    except BROKEN:
        pass
    raise ContentProblem(UNREADABLE, "it is damaged in its ZIP; pack and upload it again")
