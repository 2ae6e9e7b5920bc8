"""A document of 50 MB takes hardly more memory than one of 1 MB, whatever it is read from."""

import base64
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from starlette.responses import StreamingResponse

from pipelines.settings import project_root
from tests.erp import sftp_server
from tests.erp.content.memory import MB
from tests.erp.openwowi_server import PASSWORD, USERNAME, FakeOpenWowi
from tests.erp.postgres import Server

# Pieces of 1 MiB at each end, and what the libraries keep of them.
MOST = 12 * MB


def grown(home: Path, small: str = "small.pdf", large: str = "large.pdf", **settings: object) -> int:
    """Bytes of memory that a process takes for a document of 50 MB beyond what one of 1 MB took."""
    named = {f"SOURCES__ERP__{name}": str(value) for name, value in settings.items()}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "tests.erp.content.memory", small, large],
        cwd=project_root(),
        env={**os.environ, "STAMMDATEN_HOME": str(home), **named},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.fixture
def documents(place: Path) -> Path:
    """A folder with a document of 1 MB and one of 50 MB."""
    (place / "small.pdf").write_bytes(os.urandom(MB))
    with (place / "large.pdf").open("wb") as file:
        for _ in range(50):
            file.write(os.urandom(MB))
    return place


def test_from_a_folder(documents, home):
    assert grown(home, DOKUMENTE__FOLDER=documents) < MOST


def test_from_a_zip(place, home):
    with zipfile.ZipFile(place / "dokumente.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("small.pdf", bytes(MB))
        archive.writestr("large.pdf", bytes(50 * MB))
    assert grown(home, DOKUMENTE__FOLDER=place) < MOST


def test_from_an_sftp_server(documents, home, tmp_path):
    with sftp_server.serve(documents) as server:
        settings = {
            "DOKUMENTE__FOLDER": server.url("/"),
            "DOKUMENTE__KNOWN_HOSTS": server.known_hosts(tmp_path / "known_hosts"),
            "DOKUMENTE__CREDENTIALS__SFTP_USERNAME": sftp_server.USER,
            "DOKUMENTE__CREDENTIALS__SFTP_PASSWORD": sftp_server.PASSWORD,
        }
        assert grown(home, **settings) < MOST


def test_from_an_object_store(documents, home, store):
    for name in ("small.pdf", "large.pdf"):
        store.client.upload_file(str(documents / name), "akten", f"export/{name}")
    credentials = {f"DOKUMENTE__CREDENTIALS__{name}": value for name, value in store.credentials.items()}
    # It is asked for 4 MB at a time.
    assert grown(home, DOKUMENTE__FOLDER="s3://akten/export", **credentials) < 2 * MOST


def test_from_postgresql(postgres: Server, home):
    with postgres.connect() as connection:
        connection.execute("create database large_documents")
    try:
        with postgres.connect("large_documents") as connection:
            connection.execute("create table akte (dokument_nr text, inhalt bytea storage external)")
            for name, size in (("small.pdf", MB), ("large.pdf", 50 * MB)):
                connection.execute(
                    "insert into akte values (%s, decode(repeat('25', %s), 'hex'))", [name, size]
                )
        address = postgres.url("large_documents")
        assert grown(home, DOKUMENTE__COLUMN="akte.inhalt", DOKUMENTE__CREDENTIALS=address) < MOST
    finally:
        postgres.drop("large_documents")


def test_from_openwowi(home):
    def answer(size: int) -> StreamingResponse:
        # 48 KiB are 64 KiB in Base64, without signs at its end.
        piece = base64.b64encode(os.urandom(48 << 10))
        count, rest = divmod(size, 48 << 10)
        pieces = [b'"', *[piece] * count, base64.b64encode(bytes(rest)), b'"']
        return StreamingResponse(iter(pieces), media_type="application/json")

    sizes = {"small": MB, "large": 50 * MB}
    with FakeOpenWowi({}) as fake:
        fake.api_key = "plain-key"
        for name, size in sizes.items():
            fake.files[f"DocumentRead/Person/FileContent/{name}"] = lambda size=size: answer(size)
        settings = {
            "OPENWOWI__BASE_URL": fake.url,
            "OPENWOWI__USERNAME": USERNAME,
            "OPENWOWI__PASSWORD": PASSWORD,
            "OPENWOWI__API_KEY": "plain-key",
            "DOKUMENTE__KIND": "openwowi",
        }
        assert grown(home, "Person/small", "Person/large", **settings) < MOST
