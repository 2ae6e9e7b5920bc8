"""An FTP server on loopback that takes files from one user into one folder."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

USER, PASSWORD = "immomio", "not-to-be-seen"


class _Session(socketserver.StreamRequestHandler):
    """What FTP needs to write and to rename a file, passive transfers alone."""

    root: Path

    def handle(self) -> None:
        """Answers line by line until the client says good-bye."""
        self._say("220 ready")
        user = name = ""
        is_in = False
        with create_server(("127.0.0.1", 0)) as data:
            while line := self.rfile.readline().decode().strip():
                command, _, given = line.partition(" ")
                match command.upper():
                    case "USER":
                        user = given
                        self._say("331 and the password")
                    case "PASS":
                        is_in = (user, given) == (USER, PASSWORD)
                        self._say("230 welcome" if is_in else "530 no")
                    case "QUIT":
                        return self._say("221 bye")
                    case _ if not is_in:
                        self._say("530 log in first")
                    case "TYPE":
                        self._say("200 ok")
                    case "CWD":
                        self._say(
                            "250 ok" if (self.root / given.strip("/")).is_dir() else "550 no such folder"
                        )
                    case "EPSV":
                        self._say(f"229 here (|||{data.getsockname()[1]}|)")
                    case "PASV":
                        port = data.getsockname()[1]
                        self._say(f"227 here (127,0,0,1,{port // 256},{port % 256})")
                    case "STOR":
                        self._say("150 go on")
                        with data.accept()[0] as taken, taken.makefile("rb") as content:
                            (self.root / given).write_bytes(content.read())
                        self._say("226 done")
                    case "RNFR":
                        name = given
                        self._say("350 and to what")
                    case "RNTO":
                        (self.root / name).rename(self.root / given)
                        self._say("250 done")
                    case _:
                        self._say("502 not known")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The address of a server that writes into a folder, for the time of the `with`."""
    handler = type("Session", (_Session,), {"root": folder})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"ftp://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()
