"""An FTP server on loopback that serves one folder to one user, encrypted (FTPS) unless it is said not to be."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

USER, PASSWORD = "vermietung", "not-to-be-seen-either"


@dataclass
class Server:
    """Where the server listens, what it was told (command and argument), and how it fails.

    `refuses` answers a command with a reply instead of carrying it out; `dies` ends the connection at one: at STOR in
    the middle of the file, at RNTO before the renaming, at RNTO+ after it, without an answer. `times`: how often.
    """

    scheme: str
    certificate: Path
    port: int = 0
    refuses: dict[str, str] = field(default_factory=dict)
    dies: str = ""
    times: int = 1_000
    # Of the replies in `refuses`.
    encoding: str = "utf-8"
    commands: list[tuple[str, str]] = field(default_factory=list)
    # What lay in the folder whenever a command came.
    seen: list[list[str]] = field(default_factory=list)
    # Whether each encrypted data connection went on with the session of the control connection.
    resumed: list[bool] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def words(self) -> list[str]:
        """The commands alone."""
        return [word for word, _ in self.commands]

    def fails(self, how: str) -> bool:
        """Whether the connection is to end here now."""
        if self.dies != how or self.times <= 0:
            return False
        self.times -= 1
        return True


def certificate(folder: Path, name: str = "127.0.0.1") -> Path:
    """A self-signed certificate for an address, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ftp.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}-{made.serial_number}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def _handler(base: type[FTPHandler], dtp: type[DTPHandler], server: Server, root: Path) -> Any:
    class Data(dtp):  # type: ignore[misc, valid-type]
        def recv(self, buffer_size: int) -> bytes:
            chunk: bytes = super().recv(buffer_size)
            if chunk and server.fails("STOR"):
                self.cmd_channel.close()
                raise ConnectionError
            return chunk

        def handle_ssl_established(self) -> None:
            server.resumed.append(bool(SSL._lib.SSL_session_reused(self.socket._ssl)))
            super().handle_ssl_established()

    class Handler(base):  # type: ignore[misc, valid-type]
        dtp_handler = Data

        def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
            server.commands.append((cmd, arg))
            server.seen.append(sorted(file.name for file in root.iterdir()))
            if cmd in server.refuses:
                self.encoding = server.encoding
                self.respond(server.refuses[cmd])
                self.encoding = "utf-8"
            elif cmd != "STOR" and server.fails(cmd):
                self.close()
            else:
                super().pre_process_command(line, cmd, arg)

        def ftp_RNTO(self, path: str) -> Any:
            if not server.fails("RNTO+"):
                return super().ftp_RNTO(path)
            self.fs.rename(self._rnfr, path)
            self.close()
            return None

    return Handler


@contextmanager
def serve(
    root: Path,
    certificate_file: Path,
    scheme: str = "ftps",
    announces: str | None = None,
    passive_port: int | None = None,
    commands: tuple[str, ...] = (),
) -> Iterator[Server]:
    """Serves a folder until the block ends. `announces` is the address that it names for data connections."""
    server = Server(scheme, certificate_file)
    users = DummyAuthorizer()
    users.add_user(USER, PASSWORD, str(root), perm="elradfmwMT")
    bases = (TLS_FTPHandler, TLS_DTPHandler) if scheme == "ftps" else (FTPHandler, DTPHandler)
    handler = _handler(*bases, server, root)
    handler.authorizer = users
    handler.auth_failed_timeout = 0
    handler.masquerade_address = announces
    handler.passive_ports = [passive_port] if passive_port else None
    handler.proto_cmds = {k: v for k, v in handler.proto_cmds.items() if k not in commands}
    if scheme == "ftps":
        handler.certfile = str(certificate_file)
        handler.tls_control_required = handler.tls_data_required = True
    loop = IOLoop()
    served = FTPServer(("127.0.0.1", 0), handler, ioloop=loop)
    server.port = served.address[1]
    is_over = threading.Event()

    def run() -> None:
        while not is_over.is_set():
            loop.loop(timeout=0.02, blocking=False)
        served.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        is_over.set()
        thread.join(timeout=5)
