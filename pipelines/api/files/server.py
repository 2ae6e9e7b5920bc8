"""A folder for files, on a partner's server by SFTP, FTPS or FTP, or on this machine: entered, written to, read.

No message holds a credential, nor anything that a server or a library said.
"""

import ftplib
import io
import os
import posixpath
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines.api.files.address import Address
from pipelines.errors import SettingsError

# Seconds without an answer after which a server counts as unreachable.
PATIENCE = 15.0
# Seconds in which an answer of a server must be there as a whole, and so many lines of it at most.
ANSWER_WITHIN, MOST_LINES = 60.0, 1_000
# So many entries of a folder are looked at.
MOST_LISTED = 100_000
BLOCK = 1 << 16


class NotReached(Exception):
    """The folder cannot be entered. `is_refused`: trying again does not help (login, key, folder)."""

    def __init__(self, why: str, is_refused: bool = False):
        super().__init__(why)
        self.is_refused = is_refused


@dataclass(frozen=True)
class Listed:
    """A file of a folder; what its server does not tell of it is None."""

    name: str
    size: int | None
    modified: datetime | None


@contextmanager
def connected(address: Address) -> Iterator["Sftp | Ftp"]:
    """The folder of a server. Raises `NotReached`; what breaks later is one of its `errors`."""
    server = Sftp(address) if address.scheme == "sftp" else Ftp(address)
    try:
        try:
            server.connect()
        except server.errors as problem:
            raise NotReached(*server.why(problem)) from None
        yield server
    finally:
        with suppress(Exception):  # it has broken off by itself, or the server says good-bye oddly
            server.close()


class Sftp:
    """SFTP, by paramiko; a server whose key is not known is refused."""

    def __init__(self, address: Address):
        try:
            import paramiko
        except ImportError:
            raise SettingsError(
                "sftp needs the package paramiko; install it: pip install 'stammdaten[sftp]'"
            ) from None
        self._paramiko: Any = paramiko
        self._address = address
        self._client: Any = paramiko.SSHClient()
        self.errors: tuple[type[Exception], ...] = (paramiko.SSHException, OSError, EOFError)
        self._files: Any = None

    def connect(self) -> None:
        """Logs in and goes to the folder."""
        address = self._address
        if address.known_hosts.is_file():
            self._client.load_host_keys(str(address.known_hosts))
        self._client.set_missing_host_key_policy(self._paramiko.RejectPolicy())
        self._client.connect(
            address.host,
            address.port,
            address.username,
            address.password or None,
            key_filename=address.key_file or None,
            timeout=PATIENCE,
            banner_timeout=PATIENCE,
            auth_timeout=PATIENCE,
            channel_timeout=PATIENCE,
            allow_agent=False,
            look_for_keys=False,
        )
        self._files = self._client.open_sftp()
        self._files.get_channel().settimeout(PATIENCE)
        self._files.stat(address.folder)

    def write(self, name: str, content: bytes) -> bool:
        """Writes a file; its size is compared with what was sent. True: the server shows its files."""
        self._files.putfo(io.BytesIO(content), self._path(name), len(content), confirm=True)
        return True

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        try:
            self._files.stat(self._path(name))
        except FileNotFoundError:
            return False
        return True

    def remove(self, name: str) -> None:
        """Deletes a file."""
        self._files.remove(self._path(name))

    def listing(self) -> list[Listed]:
        """The files of the folder."""
        found = islice(self._files.listdir_iter(self._address.folder), MOST_LISTED)
        return [
            Listed(one.filename, one.st_size, _moment(one.st_mtime))
            for one in found
            if one.st_mode is None or stat.S_ISREG(one.st_mode)
        ]

    def read(self, name: str, most: int) -> bytes:
        """A file; of a larger one than `most` one byte more than that."""
        with self._files.open(self._path(name), "rb") as file:
            content: bytes = file.read(most + 1)
        return content

    def rename(self, name: str, to: str) -> None:
        """Renames a file, over one of that name; a server that cannot do so at once does it in two steps."""
        try:
            self._files.posix_rename(self._path(name), self._path(to))
        except OSError as problem:
            if isinstance(problem, ConnectionError | TimeoutError) or not self.says_no(problem):
                raise
            with suppress(FileNotFoundError):
                self._files.remove(self._path(to))
            self._files.rename(self._path(name), self._path(to))

    def says_no(self, problem: Exception) -> bool:
        """Whether the server answered, with a refusal."""
        is_broken = isinstance(
            problem, ConnectionError | TimeoutError | EOFError | self._paramiko.SSHException
        )
        return isinstance(problem, OSError) and not is_broken and str(problem) != "Socket is closed"

    def why(self, problem: Exception) -> tuple[str, bool]:
        """Why there is no connection, and whether that stays so."""
        if isinstance(problem, self._paramiko.AuthenticationException):
            return (
                "the login was refused; check DESTINATION__…__INTAKE_USERNAME and its password or key",
                True,
            )
        if isinstance(problem, self._paramiko.BadHostKeyException) or "not found in known_hosts" in str(
            problem
        ):
            return f"the key of the server is not the one in {self._address.known_hosts}", True
        if isinstance(problem, FileNotFoundError | PermissionError) and self._files is not None:
            return "the folder of the address is not there, or may not be used", True
        return "no connection, or it broke off", False

    def close(self) -> None:
        """Ends the connection."""
        self._client.close()

    def _path(self, name: str) -> str:
        return posixpath.join(self._address.folder, name)


@contextmanager
def _ends_within(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Breaks a connection off that is not done by then: a server that goes on sending would never be too slow."""
    # A descriptor of its own: encryption begins anew with the other one.
    own = socket.socket(fileno=os.dup(connection.fileno()))

    def break_off() -> None:
        with suppress(OSError):
            own.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, break_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        own.close()


class _Ftp(ftplib.FTP):
    """FTP whose answers have an end."""

    _lines = 0

    def getmultiline(self) -> str:
        """One answer."""
        assert self.sock  # noqa: S101
        self._lines = 0
        with _ends_within(ANSWER_WITHIN, self.sock):
            return super().getmultiline()

    def getline(self) -> str:
        """One line of an answer."""
        self._lines += 1
        if self._lines > MOST_LINES:
            raise ftplib.error_proto("an answer without end")  # noqa: S321
        return super().getline()


class _Ftps(_Ftp, ftplib.FTP_TLS):
    """FTPS whose data connections resume the session of the control connection: many servers take no others."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """A data connection, encrypted."""
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 (encrypted below)
        assert isinstance(self.sock, ssl.SSLSocket)  # noqa: S101
        try:
            return self.context.wrap_socket(data, server_hostname=self.host, session=self.sock.session), size
        except BaseException:
            data.close()
            raise


class Ftp:
    """FTP, encrypted (FTPS, explicit) unless the address says otherwise."""

    errors: tuple[type[Exception], ...] = ftplib.all_errors

    def __init__(self, address: Address):
        self._address = address
        # Names go out as UTF-8 (`_wire`), and an answer in whatever encoding can be read.
        self._client = (
            _Ftps(context=_trusting(address), timeout=PATIENCE, encoding="latin-1")
            if address.scheme == "ftps"
            else _Ftp(timeout=PATIENCE, encoding="latin-1")  # only where a setting asks for it
        )
        self._is_connected = False
        # What a refusal now is one of.
        self._refused = ""

    def connect(self) -> None:
        """Logs in, encrypted where the address says so, and goes to the folder."""
        address = self._address
        self._client.connect(address.host, address.port)
        self._is_connected = True
        if isinstance(self._client, _Ftps):
            self._refused = "the server does not encrypt, so that nothing was sent"
            assert self._client.sock  # noqa: S101
            with _ends_within(ANSWER_WITHIN, self._client.sock):
                self._client.auth()
        self._refused = "the login was refused; check DESTINATION__…__INTAKE_USERNAME and its password"
        self._client.login(_wire(address.username), _wire(address.password))
        if isinstance(self._client, _Ftps):
            self._refused = "the server does not encrypt files, so that none was sent"
            self._client.prot_p()
        self._refused = "the folder of the address is not there, or may not be used"
        self._client.cwd(_wire(address.folder))

    def write(self, name: str, content: bytes) -> bool:
        """Writes a file; its size is compared with what was sent. False: the server does not show its files."""
        self._client.storbinary(f"STOR {_wire(name)}", io.BytesIO(content))
        size = self._size(name)
        if size not in (None, len(content)):
            raise OSError("the file has another size")
        return size is not None

    def has(self, name: str) -> bool:
        """Whether a file is there, of a server that shows its files."""
        return self._size(name) is not None

    def rename(self, name: str, to: str) -> None:
        """Renames a file."""
        self._client.rename(_wire(name), _wire(to))

    def remove(self, name: str) -> None:
        """Deletes a file."""
        self._client.delete(_wire(name))

    def listing(self) -> list[Listed]:
        """The files of the folder; of a server without MLSD, the XML files as far as it tells."""
        try:
            found = list(islice(self._client.mlsd(facts=["type", "size", "modify"]), MOST_LISTED))
        except ftplib.error_perm:
            return self._listing_by_name()
        return [
            Listed(_read(name), _number(facts.get("size")), _ftp_time(facts.get("modify", "")))
            for name, facts in found
            if facts.get("type", "file").lower() == "file"
        ]

    def read(self, name: str, most: int) -> bytes:
        """A file; of a larger one than `most` a little more than that."""
        content = bytearray()
        self._client.voidcmd("TYPE I")
        with self._client.transfercmd(f"RETR {_wire(name)}") as data:
            while len(content) <= most and (block := data.recv(BLOCK)):
                content += block
        try:
            self._client.voidresp()
        except (ftplib.error_temp, ftplib.error_perm):
            if len(content) <= most:  # else it is told that the transfer was broken off
                raise
        return bytes(content)

    def says_no(self, problem: Exception) -> bool:
        """Whether the server answered, with a refusal."""
        return isinstance(problem, ftplib.error_perm | ftplib.error_temp) and not str(problem).startswith(
            "421"
        )

    def why(self, problem: Exception) -> tuple[str, bool]:
        """Why there is no connection, and whether that stays so."""
        if isinstance(problem, ssl.SSLCertVerificationError):
            return (
                "the certificate of the server is not trusted; if it is the right server, name who vouches for it in"
                " DESTINATION__…__INTAKE_CA_FILE",
                True,
            )
        if isinstance(problem, ftplib.error_perm):
            return self._refused, True
        return "no connection, or it broke off", False

    def close(self) -> None:
        """Ends the connection."""
        if self._is_connected:
            self._client.quit()
        self._client.close()

    def _size(self, name: str) -> int | None:
        """The size of a file; None where it is not there, or the server does not tell."""
        try:
            self._client.voidcmd("TYPE I")  # in text mode many do not tell
            return self._client.size(_wire(name))
        except ftplib.error_perm:
            return None

    def _listing_by_name(self) -> list[Listed]:
        try:
            names = [_read(posixpath.basename(name)) for name in self._client.nlst()[:MOST_LISTED]]
        except ftplib.error_perm as problem:
            if str(problem).startswith("550"):  # how many say that a folder is empty
                return []
            raise
        return [
            Listed(name, self._size(name), self._time(name))
            for name in names
            if name.lower().endswith(".xml")
        ]

    def _time(self, name: str) -> datetime | None:
        try:
            return _ftp_time(self._client.voidcmd(f"MDTM {_wire(name)}")[4:])
        except ftplib.error_perm:
            return None


class Local:
    """A folder of this machine, to be read."""

    errors: tuple[type[Exception], ...] = (OSError,)

    def __init__(self, folder: Path):
        self._folder = folder

    def listing(self) -> list[Listed]:
        """The files of the folder."""
        with os.scandir(self._folder) as entries:
            files = [(entry.name, entry.stat()) for entry in islice(entries, MOST_LISTED) if entry.is_file()]
        return [Listed(name, there.st_size, _moment(there.st_mtime)) for name, there in files]

    def read(self, name: str, most: int) -> bytes:
        """A file; of a larger one than `most` one byte more than that."""
        with (self._folder / name).open("rb") as file:
            return file.read(most + 1)

    def says_no(self, problem: Exception) -> bool:
        """Whether it is about one file: it always is."""
        return isinstance(problem, OSError)


def _trusting(address: Address) -> ssl.SSLContext:
    """Verifies the certificate of a server and its name."""
    try:
        return ssl.create_default_context(cafile=address.ca_file)
    except (OSError, ssl.SSLError):
        raise SettingsError(
            f"DESTINATION__…__INTAKE_CA_FILE: {address.ca_file} has no certificates (PEM)"
        ) from None


def _wire(text: str) -> str:
    """A text that ftplib, which writes Latin-1, sends as UTF-8."""
    return text.encode().decode("latin-1")


def _read(name: str) -> str:
    """The name that a server wrote as UTF-8."""
    return name.encode("latin-1").decode("utf-8", "replace")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() else None


def _moment(seconds: float | None) -> datetime | None:
    """A time of a file; None where that is no time."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _ftp_time(text: str) -> datetime | None:
    """A time as FTP writes it, in UTC: 20260131120000, or with a fraction."""
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
