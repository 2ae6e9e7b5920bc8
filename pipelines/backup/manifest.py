"""What says that a backup is there: a small file beside the archive, written last. What has none is no backup."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from packaging.version import InvalidVersion, Version

from pipelines.backup.encryption import ENDINGS
from pipelines.backup.store import Folder, Store
from pipelines.errors import SettingsError, StammdatenError
from pipelines.versions import versions

FORMAT = 1
NAME = re.compile(r"stammdaten-([0-9a-f]{8})-([0-9]{8}T[0-9]{6}Z)\.json")
# A file of a home, as an archive may hold it.
MEMBER = re.compile(
    r"(stammdaten\.duckdb|journal\.sqlite|alerts\.sqlite|runs/[0-9]{6,9}-[0-9a-f]{12}\.jsonl)"
)
LARGEST = 64 << 20


@dataclass(frozen=True)
class File:
    """A file with its size and its SHA-256 in hexadecimal."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds, of when (UTC), by which versions, and whether a key is needed for it (`age`, `gpg`)."""

    created_at: str
    versions: Mapping[str, str]
    encrypted: str | None
    archive: File
    files: tuple[File, ...]
    # What partners held by then: rows of the ledger and the last plan, by partner.
    ledger: Mapping[str, Any]
    format: int = FORMAT

    @property
    def created(self) -> datetime:
        """When it was taken."""
        return datetime.fromisoformat(self.created_at).astimezone(UTC)

    def as_text(self) -> str:
        """The file."""
        return json.dumps(asdict(self), indent=1)


def manifests(store: Store, home_mark: str | None = None) -> list[str]:
    """Names of the manifests in a place, the oldest first; of one home, where its mark is given."""
    found = [match for name in store.names() if (match := NAME.fullmatch(name))]
    return [match[0] for match in sorted(found, key=lambda m: (m[2], m[1])) if home_mark in (None, match[1])]


def read_manifest(store: Store, name: str) -> Manifest:
    """The manifest. Raises `StammdatenError` for one that is damaged, and for one of a newer version."""
    text = io.BytesIO()
    store.read(name, text)
    where = f"{store.where}/{name}"
    try:
        given = json.loads(text.getvalue()[:LARGEST])
        format_of = int(given["format"])
        if format_of <= FORMAT:
            archive, files = File(**given["archive"]), tuple(File(**one) for one in given["files"])
            read = Manifest(**{**given, "archive": archive, "files": files})
    except (ValueError, KeyError, TypeError):
        raise StammdatenError(f"{where}: is damaged, or no manifest of a backup; take another one") from None
    if format_of > FORMAT:
        raise StammdatenError(f"{where}: is of a newer version; install that, then restore (docs/upgrade.md)")
    _check_versions(where, read.versions)
    if any(not MEMBER.fullmatch(one.name) for one in read.files) or "/" in read.archive.name:
        raise StammdatenError(f"{where}: names files that no home has; take another backup")
    return read


def manifest_of(store: Store, name: str | None) -> str:
    """The manifest that is meant by the name of any file of a backup, or the newest one of a place.

    Raises `SettingsError` where there is none, and where a place has backups of several homes.
    """
    if name:
        endings = "|".join(re.escape(ending) for ending in (".json", *ENDINGS.values()))
        stem = re.sub(f"({endings})$", "", name)
        return f"{stem}.json"
    if isinstance(store, Folder) and not store.path.is_dir():
        raise SettingsError(f"{store.where}: is not there; mount it, or name another place")
    there = manifests(store)
    if not there:
        raise SettingsError(
            f"{store.where}: holds no backup (a file ….json beside each archive); name another place"
        )
    homes = {name.split("-")[1] for name in there}
    if len(homes) > 1:
        lasts = [[one for one in there if one.split("-")[1] == home][-1] for home in sorted(homes)]
        raise SettingsError(
            f"{store.where}: holds backups of {len(homes)} homes; name the one that you mean: {', '.join(lasts)}"
        )
    return there[-1]


def _check_versions(where: str, taken_with: Mapping[str, str]) -> None:
    """Raises `StammdatenError` where a newer program or database wrote the backup: this one might misread it."""
    here = versions()
    for name in ("stammdaten", "duckdb"):
        try:
            is_newer = Version(taken_with.get(name, "0")) > Version(here[name])
        except InvalidVersion:  # `unknown`, where it is not installed
            continue
        if is_newer:
            raise StammdatenError(
                f"{where}: was taken with {name} {taken_with[name]}, here is {here[name]}; install that version or a"
                " newer one, then restore (docs/upgrade.md)"
            )
