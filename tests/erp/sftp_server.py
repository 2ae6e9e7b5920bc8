"""An SFTP server on loopback that serves one folder to one user, read only unless it is said to be writable."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

USER, PASSWORD = "erp", "not-to-be-seen"


@dataclass
class Server:
    """Where the server listens and its key; `before_open` is called with the name of each file that is opened.

    `transports` are the connections so far.
    """

    port: int
    key: paramiko.PKey
    before_open: Callable[[str], None] | None = None
    writable: bool = False
    transports: list[paramiko.Transport] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"sftp://127.0.0.1:{self.port}{path}"

    def known_hosts(self, path: Path, key: paramiko.PKey | None = None) -> Path:
        """A file of known hosts that trusts this server (or says it has another key)."""
        key = key or self.key
        path.write_text(f"[127.0.0.1]:{self.port} {key.get_name()} {key.get_base64()}\n", encoding="ascii")
        return path


class _Login(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        is_right = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password"


def _folder(root: Path, server: Server) -> type[paramiko.SFTPServerInterface]:
    class Folder(paramiko.SFTPServerInterface):
        def _real(self, path: str) -> Path:
            return root / path.lstrip("/")

        def canonicalize(self, path: str) -> str:
            # As OpenSSH does: where links lead.
            real = os.path.realpath(self._real(path))
            return f"/{os.path.relpath(real, root)}" if Path(real).is_relative_to(root) else real

        def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
            try:
                return [
                    paramiko.SFTPAttributes.from_stat(entry.stat(), entry.name)
                    for entry in os.scandir(self._real(path))
                ]
            except OSError as problem:
                return paramiko.SFTPServer.convert_errno(problem.errno)

        def stat(self, path: str) -> paramiko.SFTPAttributes | int:
            try:
                return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
            except OSError as problem:
                return paramiko.SFTPServer.convert_errno(problem.errno)

        lstat = stat

        def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
            if server.before_open:
                server.before_open(Path(path).name)
            handle = paramiko.SFTPHandle(flags)
            if flags & (os.O_WRONLY | os.O_RDWR):
                return self._written(path, handle)
            try:
                handle.readfile = self._real(path).open("rb")
            except OSError as problem:
                return paramiko.SFTPServer.convert_errno(problem.errno)
            return handle

        def _written(self, path: str, handle: paramiko.SFTPHandle) -> paramiko.SFTPHandle | int:
            if not server.writable:
                return int(paramiko.SFTP_PERMISSION_DENIED)
            try:
                handle.writefile = self._real(path).open("wb")
            except OSError as problem:
                return paramiko.SFTPServer.convert_errno(problem.errno)
            handle.stat = lambda: self.stat(path)
            return handle

        def posix_rename(self, oldpath: str, newpath: str) -> int:
            if not server.writable:
                return int(paramiko.SFTP_PERMISSION_DENIED)
            self._real(oldpath).replace(self._real(newpath))
            return int(paramiko.SFTP_OK)

    return Folder


@contextmanager
def serve(root: Path, writable: bool = False) -> Iterator[Server]:
    """Serves a folder until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1], paramiko.ECDSAKey.generate(), writable=writable)
    transports = server.transports

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(server.key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _folder(root, server))
            transports.append(transport)
            try:
                transport.start_server(server=_Login(), event=threading.Event())
            except (paramiko.SSHException, EOFError, OSError):
                transport.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        # Closing alone does not wake a thread that waits in accept.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for transport in transports:
            transport.close()
        thread.join(timeout=5)
