"""Deliveries on SFTP or in an object store: listed and copied through dlt's filesystem source, then read from disk.

Credentials and options are dlt configuration in the section that names the folder, `sources.erp.files` for a delivery:
`credentials` (`sftp_username`, `sftp_password`, `sftp_key_filename`, `aws_access_key_id`, …). No message holds any of
them, nor anything that a server or a library said.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pipelines.erp.delivery import encrypted
from pipelines.erp.delivery.delivery import Progress, holds_documents, no_progress
from pipelines.erp.files.archive import GB
from pipelines.erp.files.complete import Listing, check_unchanged, wait_until_quiet
from pipelines.errors import DeliveryError, SettingsError, StammdatenError
from pipelines.settings import local_path, setting_name

FILES = "sources.erp.files"

# Scheme of the address → what to install for it, and what to look at when the login fails.
SCHEMES = {
    "sftp": ("paramiko", "SFTP_USERNAME and SFTP_PASSWORD or SFTP_KEY_FILENAME"),
    "s3": ("s3fs", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    "gs": ("gcsfs", "PROJECT_ID, CLIENT_EMAIL and PRIVATE_KEY"),
    "az": ("adlfs", "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"),
}
# Seconds without an answer after which a server counts as unreachable.
PATIENCE = 15
SINGLE_FILES = (".zip", ".xlsx", ".xlsm")


@dataclass(frozen=True)
class Remote:
    """A folder, or one packed file, on another machine.

    `known_hosts` lists the SFTP servers that may be trusted; `may_be_unencrypted` lets an object store beyond this
    machine be reached by http. `section` is where its settings stand.
    """

    url: str
    known_hosts: Path = Path("~/.ssh/known_hosts")
    may_be_unencrypted: bool = False
    section: str = FILES

    @property
    def scheme(self) -> str:
        """The protocol, in lower case."""
        return urlsplit(self.url).scheme.lower()

    def setting(self, key: str) -> str:
        """The name of one of its settings."""
        return setting_name(f"{self.section}.{key}")

    @property
    def is_single_file(self) -> bool:
        """Whether it is one packed file, and no folder."""
        return PurePosixPath(urlsplit(self.url).path).name.lower().endswith(SINGLE_FILES)


def is_remote(folder: str) -> bool:
    """Whether a folder is an address of another machine."""
    return "://" in folder and not folder.lower().startswith("file://")


def check_address(url: str, section: str = FILES) -> str:
    """The address as it is. Raises `SettingsError` for an unknown protocol, and for credentials inside."""
    setting, credentials = setting_name(f"{section}.folder"), setting_name(f"{section}.credentials.")
    try:
        parts = urlsplit(url)
        is_complete = bool(parts.hostname) and (parts.port is None or parts.scheme == "sftp")
    except ValueError:
        raise SettingsError(f"{setting}: not an address; write it as sftp://host/folder") from None
    if parts.scheme.lower() not in SCHEMES:
        raise SettingsError(
            f"{setting}: {parts.scheme}:// cannot be read; it may be a local folder or {', '.join(SCHEMES)}"
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise SettingsError(
            f"{setting}: credentials do not belong into an address; set them as {credentials}…"
            f" ({SCHEMES[parts.scheme.lower()][1]})"
        )
    if not is_complete:
        raise SettingsError(f"{setting}: not an address; write it as {parts.scheme}://host/folder")
    return url


def copy(
    remote: Remote,
    target: Path,
    is_wanted: Callable[[str], bool],
    is_complete: Callable[[Listing], bool],
    quiet_seconds: float,
    max_gb: float,
    progress: Progress = no_progress,
    noticed: list[str] | None = None,
) -> Path:
    """Copies a delivery into the empty folder `target` and returns it, or the one packed file in it.

    Files of the folder and of its sub-folders, hidden ones not. It waits until none has changed for `quiet_seconds`,
    unless the listing itself says that all is there. Raises `DeliveryError` or `SettingsError` for a server that
    cannot be reached or trusted, a refused login, a folder that is not there, more than `max_gb`, and files that change
    meanwhile. `noticed` takes what a person should know.
    """
    with errors_of_users(remote), connected(remote, noticed) as system:
        files = _Files(remote, system)
        look = partial(files.look, is_wanted)
        before = look()
        if not is_complete(before):
            before = wait_until_quiet(look, quiet_seconds)
        total = sum(size for size, _ in before.values())
        if total > max_gb * GB:
            raise DeliveryError(
                f"{remote.url}: {total / GB:,.1f} GB, {max_gb:g} GB are allowed; "
                "is it the right folder? else raise SOURCES__ERP__FILES__MAX_GB"
            )
        copied = 0
        for name in before:
            progress(f"copying {name}", copied / max(total, 1))
            local = target.joinpath(*PurePosixPath(name).parts)
            local.parent.mkdir(parents=True, exist_ok=True)
            files.get(name, local)
            if local.stat().st_size != before[name][0]:
                raise DeliveryError(f"{name}: only a part of the file was copied; load again")
            copied += before[name][0]
        check_unchanged(before, look())
    single = PurePosixPath(urlsplit(remote.url).path).name
    return target / single if single.lower().endswith(SINGLE_FILES) else target


class _Files:
    """The files of a remote delivery, as dlt's filesystem source lists them."""

    def __init__(self, remote: Remote, system: Any) -> None:
        self._system = system
        name, is_single = PurePosixPath(urlsplit(remote.url).path).name, remote.is_single_file
        self._url = remote.url.rstrip("/").rpartition("/")[0] if is_single else remote.url.rstrip("/")
        self._globs = (name,) if is_single else ("*", "*/*")
        self._folder = system._strip_protocol(self._url)
        system.info(folder_of(remote, system))

    def look(self, is_wanted: Callable[[str], bool]) -> Listing:
        """Size and time of every file by its path below the folder."""
        from dlt.sources.filesystem import filesystem

        self._system.invalidate_cache()
        found: dict[str, tuple[int, float]] = {}
        for pattern in self._globs:
            for item in filesystem(self._url, credentials=self._system, file_glob=pattern):
                parts = PurePosixPath(item["relative_path"]).parts
                if any(part.startswith(".") or "\\" in part or holds_documents(part) for part in parts):
                    continue
                if not is_wanted(parts[-1]):
                    continue
                found["/".join(parts)] = (item["size_in_bytes"], item["modification_date"].timestamp())
        return found

    def get(self, name: str, local: Path) -> None:
        """Copies one file."""
        self._system.get_file(f"{self._folder.rstrip('/')}/{name}", str(local))


def folder_of(remote: Remote, system: Any) -> str:
    """The path of a remote place on its server."""
    return str(system._strip_protocol(remote.url.rstrip("/")))


@contextmanager
def connected(remote: Remote, noticed: list[str] | None = None) -> Iterator[Any]:
    """The filesystem of fsspec of a remote place; its connection ends with the block.

    Raises `DeliveryError` or `SettingsError` for a server that may not be trusted, else what the libraries raise.
    `noticed` takes what a person should know.
    """
    from dlt.common.configuration.resolve import resolve_configuration
    from dlt.common.storages.configuration import FilesystemConfiguration
    from dlt.common.storages.fsspec_filesystem import fsspec_from_config

    config = resolve_configuration(
        FilesystemConfiguration(remote.url), sections=tuple(remote.section.split("."))
    )
    config.kwargs = {"skip_instance_cache": True, **(config.kwargs or {}), **_options(remote, config)}
    system = fsspec_from_config(config)[0]
    endpoint = remote.setting("credentials.endpoint_url")
    notes = [encrypted.check_address(endpoint, url, remote.may_be_unencrypted) for url in _endpoints(system)]
    (noticed if noticed is not None else []).extend(note for some in notes for note in some)
    client = getattr(system, "client", None) if remote.scheme == "sftp" else None
    with closing(client) if client else nullcontext():
        yield system


def _endpoints(system: Any) -> list[str]:
    """Addresses of an object store as its library is going to use them, wherever they were set."""
    if hasattr(system, "s3"):
        return [str(system.s3.meta.endpoint_url)]
    found = (getattr(system, name, None) for name in ("_location", "_endpoint", "account_url"))
    return [url for url in found if isinstance(url, str)]


def _options(remote: Remote, config: Any) -> dict[str, Any]:
    """What the library is told beyond the credentials: whom to trust, and how long to wait."""
    if remote.scheme == "s3":
        patience = {"connect_timeout": PATIENCE, "read_timeout": PATIENCE, "retries": {"max_attempts": 2}}
        return {"config_kwargs": {**patience, **(config.config_kwargs or {})}}
    if remote.scheme != "sftp":
        return {}
    if not config.credentials.sftp_username:
        raise SettingsError(
            f"{_host(remote)}: {remote.setting('credentials.sftp_username')}: missing; set it in .dlt/secrets.toml"
        )
    config.credentials.sftp_port = urlsplit(remote.url).port or config.credentials.sftp_port
    for name in ("sftp_timeout", "sftp_banner_timeout", "sftp_auth_timeout", "sftp_channel_timeout"):
        if getattr(config.credentials, name) is None:
            setattr(config.credentials, name, PATIENCE)
    # paramiko 5 no longer knows Kerberos; dlt would tell it to do without.
    for name in ("sftp_gss_auth", "sftp_gss_kex", "sftp_gss_deleg_creds", "sftp_gss_trust_dns"):
        setattr(config.credentials, name, None)
    return {"host_key_policy": _known_hosts_only(remote)}


def _known_hosts_only(remote: Remote) -> Any:
    """Refuses every server whose key is not in the file of known hosts; the library alone would trust anybody."""
    import paramiko

    path = local_path(remote.known_hosts)

    class KnownHostsOnly(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
            known = paramiko.HostKeys(str(path)) if path.is_file() else paramiko.HostKeys()
            if known.check(hostname, key):
                return
            what = "is not the one that is known" if known.lookup(hostname) else "is not known"
            raise DeliveryError(
                f"{_host(remote)}: the key of the server {what} in {path}; ask its operator for the right one "
                f"(SHA256 fingerprint) and write it there, or set {remote.setting('known_hosts')}"
            )

    return KnownHostsOnly()


# Errors


@contextmanager
def errors_of_users(remote: Remote) -> Iterator[None]:
    """Turns whatever the libraries raise into one sentence of ours."""
    try:
        yield
        return
    except StammdatenError:
        raise
    except Exception as problem:
        mendable = _mendable(problem, remote)
    # Outside the block: what the library said is not chained to ours.
    raise mendable


def _mendable(problem: Exception, remote: Remote) -> StammdatenError:
    chain: list[BaseException] = [problem]
    while cause := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(cause)
    names = {kind.__name__ for link in chain for kind in type(link).__mro__}
    package, login = SCHEMES[remote.scheme]
    where, folder = _host(remote), remote.setting("folder")
    credentials = f"{remote.setting('credentials.')}… ({login})"
    if names & {"MissingDependencyException", "ImportError"}:
        return SettingsError(
            f"{folder}: {remote.scheme}:// needs the package {package}; "
            f"install it: pip install 'stammdaten[{remote.scheme}]'"
        )
    ours = next((link for link in chain if isinstance(link, StammdatenError)), None)
    if ours:
        return ours
    if any(isinstance(link, OSError) and link.errno == errno.ENOSPC for link in chain):
        return DeliveryError(f"{where}: no room for a copy of the delivery; make some under STAMMDATEN_HOME")
    if names & {
        "ConfigurationException",
        "ConfigFieldMissingException",
        "NoCredentialsError",
        "PartialCredentialsError",
    }:
        return SettingsError(f"{where}: credentials are missing; set {credentials}")
    # Without any login that it could try, the library says so in an exception of no kind of its own.
    if "AuthenticationException" in names or "No authentication methods" in str(problem):
        return DeliveryError(f"{where}: the login was refused; check {credentials}")
    if "FileNotFoundError" in names:
        return DeliveryError(f"{remote.url}: there is no such folder or file; mend {folder}")
    if "PermissionError" in names:
        return DeliveryError(
            f"{remote.url}: access was refused; check {credentials} and the rights on the folder"
        )
    if names & {"OSError", "EOFError", "SSHException", "BotoCoreError", "HTTPClientError", "ClientError"}:
        return DeliveryError(f"{where}: no connection, or it broke off; is the server up, is {folder} right?")
    return DeliveryError(f"{remote.url}: cannot be read ({type(problem).__name__}); mend {folder}")


def _host(remote: Remote) -> str:
    parts: SplitResult = urlsplit(remote.url)
    return f"{parts.scheme}://{parts.netloc}"
