"""Files that are dropped by FTPS, and by plain FTP where that is asked for: whole, protected, or not at all."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.api.files.address import Address, read_address
from pipelines.api.files.drop import NotDropped, PerhapsDropped, drop
from pipelines.api.files.inbox import read_files
from pipelines.api.files.server import connected
from pipelines.errors import SettingsError
from tests.api.ftp_server import PASSWORD, USER, Server, certificate, serve

NAME, HALF, CONTENT = "a.zip", "a.zip.part", bytes(range(256)) * 3000


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    made = tmp_path / "inbox"
    made.mkdir()
    return made


@pytest.fixture(params=["ftps", "ftp"])
def server(request: Any, inbox: Path, tmp_path: Path) -> Iterator[Server]:
    with serve(inbox, certificate(tmp_path), request.param) as made:
        yield made


@pytest.fixture
def ftps(inbox: Path, tmp_path: Path) -> Iterator[Server]:
    with serve(inbox, certificate(tmp_path)) as made:
        yield made


def address(server: Server, folder: str = "/") -> Address:
    return Address(
        server.scheme, "127.0.0.1", server.port, folder, USER, PASSWORD, ca_file=server.certificate
    )


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def refused(server: Server, **changes: Any) -> NotDropped:
    """Why a file is not dropped; nothing of a credential is in it."""
    with pytest.raises(NotDropped) as problem:
        drop(replace(address(server), **changes), NAME, CONTENT)
    assert PASSWORD not in str(problem.value)
    assert USER not in str(problem.value)
    return problem.value


def test_a_file_has_its_name_only_once_all_of_it_is_there(server: Server, inbox: Path) -> None:
    drop(address(server), NAME, CONTENT)
    assert (inbox / NAME).read_bytes() == CONTENT
    assert names(inbox) == [NAME]
    assert not any(NAME in there for there in server.seen[:-1])
    assert [arg for word, arg in server.commands if word == "STOR"] == [HALF]


def test_login_and_data_are_encrypted_and_go_on_with_one_session(ftps: Server, inbox: Path) -> None:
    drop(address(ftps), NAME, CONTENT)
    words = ftps.words()
    assert words.index("AUTH") < words.index("USER")
    assert ("PROT", "P") in ftps.commands
    assert words.index("PROT") < words.index("STOR")
    assert ftps.resumed == [True]
    assert names(inbox) == [NAME]


def test_plain_ftp_goes_only_where_the_address_says_ftp(inbox: Path, tmp_path: Path) -> None:
    with serve(inbox, certificate(tmp_path), "ftp") as plain:
        problem = refused(plain, scheme="ftps")
        assert "does not encrypt" in str(problem)
        assert problem.is_refused
        assert plain.words()[:1] == ["AUTH"]
        assert "USER" not in plain.words()


def test_a_server_that_protects_no_data_gets_none(ftps: Server, inbox: Path) -> None:
    ftps.refuses["PROT"] = "536 no protection here"
    problem = refused(ftps)
    assert "does not encrypt files" in str(problem)
    assert problem.is_refused
    assert "STOR" not in ftps.words()


def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    ftps: Server, inbox: Path, tmp_path: Path
) -> None:
    for file in (None, certificate(tmp_path)):
        problem = refused(ftps, ca_file=file)
        assert "certificate of the server is not trusted" in str(problem)
        assert problem.is_refused
    assert set(ftps.words()) == {"AUTH"}


def test_a_certificate_of_another_server_gets_nothing(inbox: Path, tmp_path: Path) -> None:
    with serve(inbox, certificate(tmp_path, "127.0.0.9")) as other:
        assert "certificate" in str(refused(other))
        assert set(other.words()) == {"AUTH"}


def test_a_wrong_password_is_told_without_it_and_not_tried_again(
    server: Server, inbox: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    problem = refused(server, password="wrong-Ü")
    assert "login was refused" in str(problem)
    assert problem.is_refused
    assert "wrong-Ü" not in str(problem) + repr(problem) + caplog.text
    assert server.words().count("PASS") == 1
    assert PASSWORD not in repr(address(server))


def test_a_folder_that_is_not_there_is_told(server: Server, inbox: Path) -> None:
    problem = refused(server, folder="/nowhere")
    assert "folder of the address is not there" in str(problem)
    assert problem.is_refused


def test_a_refusal_in_any_encoding_is_one(server: Server, inbox: Path) -> None:
    server.refuses["PASS"], server.encoding = "530 Passwort ungültig", "latin-1"
    assert "login was refused" in str(refused(server))


def test_a_folder_may_have_an_umlaut(server: Server, inbox: Path) -> None:
    (inbox / "Müll").mkdir()
    drop(replace(address(server), folder="/Müll"), NAME, CONTENT)
    assert names(inbox / "Müll") == [NAME]


@pytest.mark.parametrize("reply", ["452 disk full", "552 quota", "550 no"])
def test_a_full_disk_or_a_refusal_leaves_nothing_under_the_name(
    server: Server, inbox: Path, reply: str
) -> None:
    server.refuses["STOR"] = reply
    problem = refused(server)
    assert "could not be written" in str(problem)
    assert not problem.is_refused
    assert names(inbox) == []


def test_a_server_that_dies_in_the_middle_leaves_no_file_and_the_next_try_ends_it(
    server: Server, inbox: Path
) -> None:
    server.dies, server.times = "STOR", 1
    assert "could not be written" in str(refused(server))
    assert NAME not in names(inbox)
    drop(address(server), NAME, CONTENT)
    assert names(inbox) == [NAME]


def test_a_file_that_arrived_shorter_is_not_renamed(server: Server, inbox: Path) -> None:
    server.refuses["SIZE"] = "213 7"
    assert "could not be written" in str(refused(server))
    assert NAME not in names(inbox)


def test_a_refused_renaming_leaves_no_half(server: Server, inbox: Path) -> None:
    server.refuses["RNTO"] = "550 no"
    problem = refused(server)
    assert "could not be renamed" in str(problem)
    assert not problem.is_refused
    assert names(inbox) == []


@pytest.mark.parametrize(("dies", "is_taken"), [("RNTO", False), ("RNTO+", False), ("RNTO+", True)])
def test_a_connection_that_breaks_at_the_renaming_drops_once(
    server: Server, inbox: Path, dies: str, is_taken: bool
) -> None:
    server.dies, server.times = dies, 1
    with pytest.raises(PerhapsDropped) as perhaps:
        drop(address(server), NAME, CONTENT)
    assert perhaps.value.can_be_seen
    if is_taken:
        (inbox / NAME).unlink()
    drop(address(server), NAME, CONTENT, may_be_there=True)
    assert names(inbox) == ([] if is_taken else [NAME])
    assert server.words().count("STOR") == (1 if dies == "RNTO+" else 2)


def test_a_server_that_shows_no_files_cannot_tell_what_was_dropped(server: Server, inbox: Path) -> None:
    server.refuses["SIZE"] = "550 no"
    server.dies = "RNTO+"
    with pytest.raises(PerhapsDropped) as perhaps:
        drop(address(server), NAME, CONTENT)
    assert not perhaps.value.can_be_seen


def test_data_goes_to_no_other_address_than_the_servers(inbox: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.2", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        port = elsewhere.getsockname()[1]
        with serve(inbox, certificate(tmp_path), announces="127.0.0.2", passive_port=port) as behind_nat:
            drop(address(behind_nat), NAME, CONTENT)
        with pytest.raises(TimeoutError):
            elsewhere.accept()
    assert names(inbox) == [NAME]


@pytest.mark.parametrize("scheme", ["ftps", "ftp"])
def test_nobody_there_is_told(tmp_path: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = Server(scheme, certificate(tmp_path), port)
    problem = refused(nobody)
    assert "no connection" in str(problem)
    assert not problem.is_refused


@pytest.mark.parametrize("missing", [(), ("MLSD",)])
def test_files_are_listed_and_read_with_their_sizes_and_times(
    inbox: Path, tmp_path: Path, missing: tuple[str, ...]
) -> None:
    (inbox / "Müller.xml").write_bytes(CONTENT)
    (inbox / "folder").mkdir()
    with serve(inbox, certificate(tmp_path), commands=missing) as made, connected(address(made)) as folder:
        [one] = folder.listing()
        assert (one.name, one.size) == ("Müller.xml", len(CONTENT))
        assert one.modified is not None
        assert int(one.modified.timestamp()) == int((inbox / "Müller.xml").stat().st_mtime)
        assert len(folder.read(one.name, 100)) > 100
        assert folder.read(one.name, len(CONTENT)) == CONTENT


def test_a_file_that_cannot_be_read_costs_no_other(server: Server, inbox: Path) -> None:
    for name in ("a.xml", "b.xml"):
        (inbox / name).write_bytes(CONTENT)
    server.refuses["RETR"] = "550 no"
    read = list(read_files(address(server), lambda _: True))
    assert [(one.listed.name, one.content, one.listed.modified) for one in read] == [
        ("a.xml", None, None),
        ("b.xml", None, None),
    ]
    assert "could not be read" in read[0].why
    server.refuses.clear()
    assert [one.content for one in read_files(address(server), lambda _: True)] == [CONTENT, CONTENT]


SETTINGS = {"intake_url": "ftps://host/in", "intake_username": "me"}


def _read(settings: dict[str, str]) -> Address:
    return read_address("intake_url", ("ftps",), {**SETTINGS, **settings}, str.upper)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"intake_url": "ftps://host/a%0d%0aDELE%20b"}, "INTAKE_URL: an address such as"),
        ({"intake_url": "ftps://host:99999/"}, "INTAKE_URL: an address such as"),
        ({"intake_url": "ftp://host/"}, "INTAKE_URL: an address such as ftps://"),
        ({"intake_username": ""}, "INTAKE_USERNAME: missing"),
        ({"intake_ca_file": "/nowhere.pem"}, "INTAKE_CA_FILE: /nowhere.pem is no file"),
    ],
)
def test_a_wrong_address_is_refused(settings: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said.replace("/", "[/]")):
        _read(settings)


def test_a_file_without_certificates_is_told(ftps: Server, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("none")
    with pytest.raises(SettingsError, match="has no certificates"):
        drop(replace(address(ftps), ca_file=tmp_path / "empty.pem"), NAME, CONTENT)


@contextmanager
def sending(part: bytes, pause: float = 0.0) -> Iterator[int]:
    """The port of a server that sends the same again and again, from the first moment and without end."""
    ended = threading.Event()

    def send(taken: socket.socket) -> None:
        with taken, suppress(OSError):
            while not ended.is_set():
                taken.sendall(part)
                ended.wait(pause)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=send, args=(listener.accept()[0],)).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
@pytest.mark.parametrize(
    ("part", "pause"), [(b"220-welcome\r\n", 0.0), (b"220-welcome\r\n", 0.01), (b"2", 0.01)]
)
def test_a_greeting_without_end_is_no_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str, part: bytes, pause: float
) -> None:
    monkeypatch.setattr("pipelines.api.files.server.ANSWER_WITHIN", 0.5)
    monkeypatch.setattr("pipelines.api.files.server.PATIENCE", 0.5)
    with sending(part, pause) as port:
        there = Address(scheme, "127.0.0.1", port, "/", USER, PASSWORD, known_hosts=tmp_path / "none")
        with pytest.raises(NotDropped, match="no connection, or it broke off"):
            drop(there, NAME, CONTENT)
