"""Where backups lie: a folder of this machine, or one on another (SFTP, object store)."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from pipelines.erp.files.remote import Remote, connected, errors_of_users, folder_of
from pipelines.errors import DeliveryError, SettingsError, StammdatenError
from pipelines.settings import setting_name
from pipelines.unexpected import FULL

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

PART = ".part"


class Store(Protocol):
    """A folder of files. A file is there as a whole or not at all, as far as the place can do that."""

    @property
    def where(self) -> str:
        """How a person calls it; no credential is in it."""

    def names(self) -> list[str]:
        """The files in it, in the order of their names; none where it is not there yet."""

    def write(self, name: str, fill: Callable[[BinaryIO], None]) -> None:
        """A file of what `fill` writes, readable by its owner only; nothing stays where that fails."""

    def read(self, name: str, target: "SupportsWrite[bytes]") -> None:
        """Copies a file into `target`. Raises `StammdatenError` where it is not there."""

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""


@dataclass(frozen=True)
class Folder:
    """A folder of this machine, or one that is mounted there."""

    path: Path

    @property
    def where(self) -> str:
        """Its path."""
        return str(self.path)

    def names(self) -> list[str]:
        """The files in it; none where it is not there yet."""
        try:
            return sorted(file.name for file in self.path.iterdir() if file.is_file())
        except FileNotFoundError:
            return []
        except OSError as problem:
            raise StammdatenError(f"{self.path}: cannot be read ({problem.strerror})") from None

    def write(self, name: str, fill: Callable[[BinaryIO], None]) -> None:
        """Writes beside, and renames when all is on the disk. Raises `StammdatenError` where it cannot."""
        half = self.path / f"{name}{PART}"
        try:
            with suppress(FileNotFoundError):
                half.unlink()
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            half.replace(self.path / name)
            self._sync()
        except BaseException as problem:
            with suppress(OSError):
                half.unlink()
            # One with another name in it is of a file that was to be read.
            if isinstance(problem, OSError) and problem.filename in (None, str(half)):
                raise self._refused(problem) from None
            raise

    def read(self, name: str, target: "SupportsWrite[bytes]") -> None:
        """Copies a file into `target`."""
        try:
            with (self.path / name).open("rb") as file:
                shutil.copyfileobj(file, target, 1 << 20)
        except FileNotFoundError:
            raise StammdatenError(f"{self.path / name}: is not there") from None

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as problem:
            raise self._refused(problem) from None

    def _refused(self, problem: OSError) -> StammdatenError:
        why = "no room is left on the disk" if problem.errno in FULL else problem.strerror or problem
        return StammdatenError(
            f"{self.path}: no backup can be written there ({why}); mend that, or name another place"
        )

    def _sync(self) -> None:
        with suppress(OSError):  # not every file system can
            folder = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


@dataclass(frozen=True)
class Bucket:
    """A folder on another machine, through fsspec; `setting` is what named it."""

    remote: Remote
    setting: str

    @property
    def where(self) -> str:
        """Its address."""
        return self.remote.url

    def names(self) -> list[str]:
        """The files in it; none where it is not there yet."""
        with self._at() as (system, folder):
            system.invalidate_cache()
            if not system.exists(folder):
                return []
            found = system.ls(folder, detail=True)
            return sorted(str(one["name"]).rpartition("/")[2] for one in found if one["type"] == "file")

    def write(self, name: str, fill: Callable[[BinaryIO], None]) -> None:
        """An object is there once it is whole; elsewhere it is written beside, and renamed."""
        with self._at() as (system, folder):
            is_object = self.remote.scheme != "sftp"
            with suppress(Exception):  # object stores have no folders, and some folders are there
                system.makedirs(folder, exist_ok=True)
            target = f"{folder.rstrip('/')}/{name}"
            half = target if is_object else f"{target}{PART}"
            file = system.open(half, "wb")
            try:
                fill(file)
            except BaseException:
                with suppress(Exception):
                    # What was begun is given up: an object that is closed would be there.
                    file.discard() if is_object else file.close()
                with suppress(Exception):
                    system.rm_file(half)
                raise
            file.close()
            if not is_object:
                with suppress(Exception):
                    system.chmod(half, 0o600)
                    system.rm_file(target)
                system.mv(half, target)

    def read(self, name: str, target: "SupportsWrite[bytes]") -> None:
        """Copies a file into `target`."""
        with self._at() as (system, folder):
            try:
                with system.open(f"{folder.rstrip('/')}/{name}", "rb") as file:
                    shutil.copyfileobj(file, target, 1 << 20)
            except FileNotFoundError:
                raise StammdatenError(f"{self.where}/{name}: is not there") from None

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        with self._at() as (system, folder), suppress(FileNotFoundError):
            system.rm_file(f"{folder.rstrip('/')}/{name}")

    @contextmanager
    def _at(self) -> Iterator[tuple[Any, str]]:
        """The filesystem and the folder in it; whatever libraries raise becomes one sentence with our setting."""
        try:
            with errors_of_users(self.remote), connected(self.remote) as system:
                yield system, folder_of(self.remote, system) or "/"
        except (DeliveryError, SettingsError) as problem:
            said = str(problem).replace(setting_name(f"{self.remote.section}.folder"), self.setting)
            raise type(problem)(said.replace("a copy of the delivery", "the backup")) from None
