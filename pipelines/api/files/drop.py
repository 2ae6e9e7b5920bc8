"""Drops a file into a folder of a partner's server: under a temporary name, and renamed once all of it is there.

No message holds a credential, nor anything that a server or a library said.
"""

import ftplib
import io
import posixpath
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pipelines.errors import SettingsError
from pipelines.settings import local_path

# Seconds without an answer after which a server counts as unreachable.
PATIENCE = 15.0
SCHEMES = ("sftp", "ftps", "ftp")
# What a server does not pick up yet; the same for each try, so that no halves pile up.
TEMPORARY = ".part"


class NotDropped(Exception):
    """The file is not there under its name. `is_refused`: trying again does not help (login, key, folder)."""

    def __init__(self, why: str, is_refused: bool = False):
        super().__init__(why)
        self.is_refused = is_refused


class PerhapsDropped(Exception):
    """The file may be there under its name: the answer to the renaming was lost."""


@dataclass(frozen=True)
class Address:
    """Where files go, and as whom. `known_hosts` lists the SFTP servers that may be trusted."""

    scheme: str
    host: str
    port: int
    folder: str
    username: str
    password: str = field(default="", repr=False)
    key_file: str = ""
    known_hosts: Path = Path("~/.ssh/known_hosts")


def read_address(intake: str, settings: Mapping[str, str], name: Callable[[str], str]) -> Address:
    """The address in the settings `intake_…`. `name` writes a key as its setting. Raises `SettingsError`."""
    url = settings.get("intake_url", "")
    try:
        parts = urlsplit(url)
        port = parts.port or {"sftp": 22, "ftps": 21, "ftp": 21}.get(intake, 0)
        is_address = bool(parts.hostname) and parts.scheme == intake and not (parts.query or parts.fragment)
    except ValueError:
        is_address = False
    if not is_address:
        raise SettingsError(f"{name('intake_url')}: an address such as {intake}://host/folder is needed")
    if "@" in parts.netloc:
        raise SettingsError(
            f"{name('intake_url')}: credentials do not belong into an address; set {name('intake_username')}"
        )
    if not settings.get("intake_username"):
        raise SettingsError(f"{name('intake_username')}: missing; set it in .dlt/secrets.toml")
    return Address(
        intake,
        str(parts.hostname),
        port,
        unquote(parts.path) or "/",
        settings["intake_username"],
        settings.get("intake_password", ""),
        settings.get("intake_key_file", ""),
        local_path(settings.get("intake_known_hosts", "~/.ssh/known_hosts")),
    )


def drop(address: Address, name: str, content: bytes) -> None:
    """Puts a file into the folder, whole or not at all.

    The same name with the same content may be dropped again. Raises `NotDropped` or `PerhapsDropped`.
    """
    with _connected(address) as server:
        try:
            server.write(name + TEMPORARY, content)
        except server.errors as problem:
            raise NotDropped(f"the file could not be written ({type(problem).__name__})") from None
        try:
            server.rename(name + TEMPORARY, name)
        except server.errors as problem:
            # An answer that says no is one; a connection that broke may have been told already.
            if server.says_no(problem):
                raise NotDropped(f"the file could not be renamed ({type(problem).__name__})") from None
            raise PerhapsDropped from None


@contextmanager
def _connected(address: Address) -> Iterator["_Sftp | _Ftp"]:
    server = _Sftp(address) if address.scheme == "sftp" else _Ftp(address)
    try:
        try:
            server.connect()
        except server.errors as problem:
            raise NotDropped(*server.why(problem)) from None
        yield server
    finally:
        with suppress(Exception):  # it has broken off by itself, or the server says good-bye oddly
            server.close()


class _Sftp:
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

    def write(self, name: str, content: bytes) -> None:
        """Writes a file; its size is compared with what was sent."""
        self._files.putfo(io.BytesIO(content), self._path(name), len(content), confirm=True)

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


class _Ftp:
    """FTP, encrypted (FTPS, explicit) unless the address says otherwise."""

    errors: tuple[type[Exception], ...] = ftplib.all_errors

    def __init__(self, address: Address):
        self._address = address
        self._client = (
            ftplib.FTP_TLS(context=ssl.create_default_context(), timeout=PATIENCE)  # noqa: S321
            if address.scheme == "ftps"
            else ftplib.FTP(timeout=PATIENCE)  # noqa: S321 (only where a setting asks for it)
        )
        self._is_connected = False

    def connect(self) -> None:
        """Logs in, encrypted where the address says so, and goes to the folder."""
        address = self._address
        self._client.connect(address.host, address.port)
        self._is_connected = True
        self._client.login(address.username, address.password)
        if isinstance(self._client, ftplib.FTP_TLS):
            self._client.prot_p()
        self._client.cwd(address.folder)

    def write(self, name: str, content: bytes) -> None:
        """Writes a file."""
        self._client.storbinary(f"STOR {name}", io.BytesIO(content))

    def rename(self, name: str, to: str) -> None:
        """Renames a file, over one of that name."""
        self._client.rename(name, to)

    def says_no(self, problem: Exception) -> bool:
        """Whether the server answered, with a refusal."""
        return isinstance(problem, ftplib.error_perm | ftplib.error_temp) and not str(problem).startswith(
            "421"
        )

    def why(self, problem: Exception) -> tuple[str, bool]:
        """Why there is no connection, and whether that stays so."""
        if isinstance(problem, ssl.SSLCertVerificationError):
            return "the certificate of the server is not trusted", True
        if isinstance(problem, ftplib.error_perm):
            return "the login was refused, or the folder is not there; check DESTINATION__…__INTAKE_…", True
        return "no connection, or it broke off", False

    def close(self) -> None:
        """Ends the connection."""
        if self._is_connected:
            self._client.quit()
        self._client.close()
