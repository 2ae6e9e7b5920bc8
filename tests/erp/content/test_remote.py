"""Documents on an SFTP server and in an object store, over real connections on loopback."""

import os
import threading
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko
import pytest

from pipelines.erp.content import ContentProblem, content_reader
from pipelines.erp.content.document import EMPTY, MISSING, OUTSIDE, SIZE, TOO_LARGE, UNREACHABLE, UNREADABLE
from pipelines.erp.content.remote import RemoteSource
from pipelines.erp.files.remote import Remote
from tests.erp import sftp_server
from tests.erp.content.reading import document, problem, read, reason

SECTION = "sources.erp.dokumente"
CREDENTIALS = "SOURCES__ERP__DOKUMENTE__CREDENTIALS__"


# SFTP


@pytest.fixture
def sftp(place, monkeypatch) -> Iterator[sftp_server.Server]:
    monkeypatch.setenv(CREDENTIALS + "SFTP_USERNAME", sftp_server.USER)
    monkeypatch.setenv(CREDENTIALS + "SFTP_PASSWORD", sftp_server.PASSWORD)
    with sftp_server.serve(place.parent) as server:
        yield server


@pytest.fixture
def known(sftp, tmp_path) -> Path:
    return sftp.known_hosts(tmp_path / "known_hosts")


@pytest.fixture
def on_server(sftp, known, reading):
    """The reader of the delivery's folder on the server."""
    return reading(RemoteSource(Remote(sftp.url("/delivery"), known, section=SECTION), beside_tables=True))


def put(folder: Path, path: str, content: bytes = b"%PDF") -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)


def test_documents_on_an_sftp_server_are_found_as_in_a_folder(place, on_server):
    nfd = unicodedata.normalize("NFD", "Übergabe.pdf")
    large = os.urandom(900_000)
    put(place, f"dokumente/O1/{nfd}", large)
    put(place, "Mietvertrag 1.PDF")
    put(place, "person.csv")
    assert read(on_server, document(pfad="O1\\übergabe.pdf", groesse_bytes=900_000)) == large
    assert read(on_server, document("Mietvertrag 1.pdf")) == b"%PDF"
    assert reason(on_server, document("nowhere.pdf")) == MISSING
    assert reason(on_server, document("../secret.pdf")) == OUTSIDE
    assert reason(on_server, document("person.csv")) == OUTSIDE


def test_sizes_on_an_sftp_server_are_judged(place, on_server):
    put(place, "a.pdf", b"x" * 100)
    put(place, "empty.pdf", b"")
    assert reason(on_server, document("a.pdf", groesse_bytes=99)) == SIZE
    assert reason(on_server, document("a.pdf"), 99) == TOO_LARGE
    assert reason(on_server, document("empty.pdf")) == EMPTY


def test_what_is_no_file_on_the_server_is_not_opened(tmp_path, place, on_server):
    put(tmp_path, "elsewhere/geheim.pdf", b"secret")
    os.mkfifo(place / "pipe.pdf")
    (place / "folder.pdf").mkdir()
    (place / "link.pdf").symlink_to(tmp_path / "elsewhere/geheim.pdf")
    assert reason(on_server, document("pipe.pdf")) == UNREADABLE
    assert reason(on_server, document("folder.pdf")) == UNREADABLE
    assert reason(on_server, document("link.pdf")) == OUTSIDE


def test_each_thread_has_one_connection_and_all_end_with_the_reader(place, sftp, on_server):
    wanted = {f"{number}.pdf": os.urandom(40_000 + number) for number in range(24)}
    for name, content in wanted.items():
        put(place, name, content)
    waiting = threading.Barrier(4)
    with ThreadPoolExecutor(4, initializer=waiting.wait) as threads:
        found = threads.map(lambda name: read(on_server, document(name)), list(wanted))
        assert list(found) == list(wanted.values())
    assert 1 <= len(sftp.transports) <= 4
    on_server.close()
    for transport in sftp.transports:
        transport.join(5)
        assert not transport.is_active()


def test_a_connection_that_broke_is_made_anew_once(place, sftp, on_server):
    put(place, "a.pdf")
    assert read(on_server, document("a.pdf"))
    sftp.transports[0].close()
    assert read(on_server, document("a.pdf"))
    assert len(sftp.transports) == 2

    def broken(name: str) -> None:
        sftp.transports[-1].close()

    sftp.before_open = broken
    told, message = problem(on_server, document("a.pdf"))
    assert told == UNREACHABLE
    assert "no connection, or it broke off" in message
    assert len(sftp.transports) == 3


def test_a_file_that_changes_on_the_server_is_tried_another_time(place, sftp, known):
    put(place, "a.pdf", b"x" * 100)
    source = RemoteSource(Remote(sftp.url("/delivery"), known, section=SECTION), False)

    def growing() -> None:
        with source.opened(document("a.pdf")) as stream:
            assert len(stream.read(1000)) == 100
            put(place, "a.pdf", b"x" * 101)

    with pytest.raises(ContentProblem, match="changed while it was read"):
        growing()
    source.close()


def test_a_server_that_may_not_be_trusted_gets_no_login(sftp, tmp_path, reading):
    other = sftp.known_hosts(tmp_path / "known_hosts", paramiko.ECDSAKey.generate())
    reader = reading(RemoteSource(Remote(sftp.url("/delivery"), other, section=SECTION), True))
    told, message = problem(reader, document())
    assert told == UNREACHABLE
    assert "is not the one that is known" in message
    assert "SOURCES__ERP__DOKUMENTE__KNOWN_HOSTS" in message


def test_a_wrong_password_and_a_folder_that_is_not_there_are_named(sftp, known, reading, monkeypatch):
    gone = reading(RemoteSource(Remote(sftp.url("/gone"), known, section=SECTION), False))
    assert (
        "there is no such folder or file; mend SOURCES__ERP__DOKUMENTE__FOLDER"
        in problem(gone, document())[1]
    )
    monkeypatch.setenv(CREDENTIALS + "SFTP_PASSWORD", "wrong-one")
    reader = reading(RemoteSource(Remote(sftp.url("/delivery"), known, section=SECTION), False))
    told, message = problem(reader, document())
    assert told == UNREACHABLE
    assert f"the login was refused; check {CREDENTIALS}…" in message
    assert "wrong-one" not in message


def test_a_folder_that_goes_away_meanwhile_is_no_fault_of_the_document(place, on_server):
    put(place, "a.pdf")
    assert read(on_server, document("a.pdf"))
    place.rename(place.with_name("moved"))
    assert reason(on_server, document("a.pdf")) == UNREACHABLE


def test_the_settings_lead_to_the_server(place, sftp, known, home, monkeypatch):
    put(place, "dokumente/a.pdf")
    monkeypatch.setenv("STAMMDATEN_HOME", str(home))
    monkeypatch.setenv("SOURCES__ERP__DOKUMENTE__FOLDER", sftp.url("/delivery/dokumente"))
    monkeypatch.setenv("SOURCES__ERP__DOKUMENTE__KNOWN_HOSTS", str(known))
    with content_reader() as reader:
        assert read(reader, document("a.pdf")) == b"%PDF"


# Object store


@pytest.fixture
def bucket(store, monkeypatch):
    for name, value in store.credentials.items():
        monkeypatch.setenv(CREDENTIALS + name, value)
    return store.client


@pytest.fixture
def in_store(bucket, reading):
    bucket.put_object(Bucket="akten", Key="export/person.csv", Body=b"person_nr")
    return reading(RemoteSource(Remote("s3://akten/export", section=SECTION), beside_tables=True))


def test_documents_in_an_object_store_are_found_as_in_a_folder(bucket, in_store):
    large = os.urandom(5 << 20)
    nfd = unicodedata.normalize("NFD", "Übergabe größer.pdf")
    for key, content in {
        f"export/dokumente/O1/{nfd}": large,
        "export/Mietvertrag 1.PDF": b"%PDF",
        "export/leer.pdf": b"",
        "geheim.pdf": b"secret",
    }.items():
        bucket.put_object(Bucket="akten", Key=key, Body=content)
    assert read(in_store, document(pfad="O1\\übergabe größer.pdf", groesse_bytes=5 << 20), 5 << 20) == large
    assert read(in_store, document("Mietvertrag 1.pdf")) == b"%PDF"
    assert reason(in_store, document("leer.pdf")) == EMPTY
    assert reason(in_store, document(pfad="O1\\übergabe größer.pdf")) == TOO_LARGE
    assert reason(in_store, document("nowhere.pdf")) == MISSING
    assert reason(in_store, document("dokumente")) == MISSING
    assert reason(in_store, document("../geheim.pdf")) == OUTSIDE
    assert reason(in_store, document("person.csv")) == OUTSIDE


def test_threads_read_the_store_side_by_side(bucket, in_store):
    wanted = {f"{number}.pdf": os.urandom(30_000 + number) for number in range(12)}
    for name, content in wanted.items():
        bucket.put_object(Bucket="akten", Key=f"export/{name}", Body=content)
    with ThreadPoolExecutor(3) as threads:
        found = threads.map(lambda name: read(in_store, document(name)), list(wanted))
        assert list(found) == list(wanted.values())


@pytest.mark.parametrize("url", ["s3://akten/nowhere", "s3://nobucket/export"])
def test_a_folder_that_the_store_does_not_have_is_no_fault_of_the_document(bucket, reading, url):
    told, message = problem(reading(RemoteSource(Remote(url, section=SECTION), False)), document())
    assert told == UNREACHABLE
    assert "mend SOURCES__ERP__DOKUMENTE__FOLDER" in message


def test_a_store_beyond_this_machine_is_reached_encrypted_only(bucket, reading, monkeypatch):
    monkeypatch.setenv(CREDENTIALS + "ENDPOINT_URL", "http://store.example.org")
    told, message = problem(
        reading(RemoteSource(Remote("s3://b/export", section=SECTION), False)), document()
    )
    assert told == UNREACHABLE
    assert (
        f"{CREDENTIALS}ENDPOINT_URL: http://store.example.org would carry personal data unencrypted"
        in message
    )
