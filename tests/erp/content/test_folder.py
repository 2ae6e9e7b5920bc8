"""Documents in a folder: found by their path however it is spelled, and never outside of the folder."""

import hashlib
import io
import os
import socket
import tempfile
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.api.reasons import REASONS
from pipelines.api.uploads import ReadsContent
from pipelines.erp.content import Content, ContentProblem, Document
from pipelines.erp.content.document import (
    EMPTY,
    MISSING,
    OUTSIDE,
    PIECE,
    SIZE,
    TOO_LARGE,
    UNREACHABLE,
    UNREADABLE,
)
from pipelines.erp.content.folder import FolderSource
from pipelines.erp.content.reader import IN_MEMORY
from pipelines.erp.content.source import parts_of
from tests.erp.content.reading import LIMIT, NUMBER, document, problem, read, reason


def put(folder: Path, path: str, content: bytes = b"%PDF") -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


# Where a file lies


@pytest.mark.parametrize("folder", ["", "dokumente/"])
def test_a_document_is_found_below_dokumente_and_in_the_folder_itself(place, reader, folder):
    put(place, f"{folder}Mietvertrag.pdf", b"%PDF one")
    put(place, f"{folder}O1/Mietvertrag.pdf", b"%PDF two")
    assert read(reader, document()) == b"%PDF one"
    assert read(reader, document(pfad="O1/Mietvertrag.pdf")) == b"%PDF two"


def test_dokumente_comes_before_the_folder_itself(place, reader):
    put(place, "Mietvertrag.pdf", b"beside")
    put(place, "dokumente/Mietvertrag.pdf", b"below")
    assert read(reader, document()) == b"below"


def test_the_path_counts_and_not_the_name_where_both_are_given(place, reader):
    put(place, "Mietvertrag.pdf", b"by name")
    put(place, "a/1.pdf", b"by path")
    assert read(reader, document("Mietvertrag.pdf", "a/1.pdf")) == b"by path"


def test_equal_names_in_different_folders_are_different_documents(place, reader):
    for number in range(3):
        put(place, f"dokumente/{number}/Scan.pdf", b"%d" % number)
    assert [read(reader, document("Scan.pdf", f"{number}/Scan.pdf")) for number in range(3)] == [
        b"0",
        b"1",
        b"2",
    ]
    assert reason(reader, document("Scan.pdf")) == MISSING


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ("O1/Vertrag.pdf", "O1\\Vertrag.pdf"),
        ("O1/Vertrag.pdf", "./O1//Vertrag.pdf"),
        ("O1/Vertrag.PDF", "o1/vertrag.pdf"),
        (unicodedata.normalize("NFD", "Übergabe Größe.pdf"), "Übergabe Größe.pdf"),
        (unicodedata.normalize("NFC", "Übergabe Größe.pdf"), unicodedata.normalize("NFD", "Übergabe Größe.pdf")),
        (unicodedata.normalize("NFD", "Ordnér/Übergabe.pdf"), "ordnér\\ÜBERGABE.pdf"),
        (" Vertrag mit Leerzeichen .pdf", "Vertrag mit Leerzeichen .pdf"),
        ("Vertrag\u00adsache.pdf", "Vertragsache.pdf"),
        ("x" * 251 + ".pdf", "x" * 251 + ".pdf"),
        ("Nebenkosten 50%;'\"&.pdf", "Nebenkosten 50%;'\"&.pdf"),
    ],
)  # fmt: skip
def test_a_name_is_found_however_it_is_spelled(place, reader, there, told):
    put(place, f"dokumente/{there}", b"found")
    assert read(reader, document(told)) == b"found"
    assert read(reader, document("other.pdf", told)) == b"found"


def test_the_right_spelling_wins_and_two_wrong_ones_are_nobodys(place, reader):
    put(place, "Vertrag.pdf", b"exact")
    put(place, "VERTRAG.pdf", b"other")
    assert read(reader, document("Vertrag.pdf")) == b"exact"
    told, message = problem(reader, document("vertrag.pdf"))
    assert told == MISSING
    assert "several files fit its path" in message


def test_a_file_that_came_later_is_found_in_any_spelling(place, reader):
    assert reason(reader, document("a.pdf")) == MISSING
    put(place, "A.PDF", b"late")
    os.utime(place, ns=(1, 1))
    assert read(reader, document("a.pdf")) == b"late"


def test_a_name_that_no_file_can_have_is_missing(reader):
    assert reason(reader, document("ü" * 255)) == MISSING
    assert reason(reader, document("Mietvertrag.pdf", "Mietvertrag.pdf/below.pdf")) == MISSING


def test_a_document_without_any_name_is_missing(reader):
    for name in ("", " / ", "./."):
        assert reason(reader, document(name)) == MISSING


# What is no document


@pytest.mark.parametrize(
    "path",
    [
        "../geheim.pdf",
        "dokumente/../../geheim.pdf",
        "..\\geheim.pdf",
        ". ./x/ .. /geheim.pdf",
        "/etc/passwd",
        "\\\\server\\share\\geheim.pdf",
        "C:\\geheim.pdf",
        "c:geheim.pdf",
        ".dlt/secrets.toml",
        "dokumente/.geheim.pdf",
        "geheim.pdf\x00.png",
        "geheim\n.pdf",
    ],
)
def test_a_path_that_leaves_the_folder_is_never_opened(tmp_path, place, reader, path):
    for folder in (tmp_path, place, place / "dokumente", place / ".dlt"):
        put(folder, "geheim.pdf", b"secret")
    put(place, ".dlt/secrets.toml", b"secret")
    put(place, "dokumente/.geheim.pdf", b"secret")
    assert reason(reader, document("x.pdf", path)) == OUTSIDE
    assert reason(reader, document(path)) == OUTSIDE


def test_links_out_of_the_folder_are_not_followed_and_links_inside_are(tmp_path, place, reader):
    secret = put(tmp_path, "other/geheim.pdf", b"secret")
    put(place, "archiv/2024/Vertrag.pdf", b"inside")
    (place / "link.pdf").symlink_to(secret)
    (place / "folder").symlink_to(secret.parent)
    (place / "same").symlink_to("archiv/2024")
    (place / "round").symlink_to("round")
    assert reason(reader, document("link.pdf")) == OUTSIDE
    assert reason(reader, document(pfad="folder/geheim.pdf")) == OUTSIDE
    assert read(reader, document(pfad="same/Vertrag.pdf")) == b"inside"
    assert reason(reader, document("round")) == UNREADABLE


def test_the_folder_itself_may_be_a_link(tmp_path, place, reading):
    put(place, "Mietvertrag.pdf", b"found")
    (tmp_path / "current").symlink_to(place)
    assert read(reading(FolderSource(tmp_path / "current", False)), document()) == b"found"


@pytest.mark.parametrize(
    "path", ["person.csv", "Person.CSV", "0001/person.xlsx", "a/b/person.csv", "export.zip", " person.csv "]
)
def test_a_table_of_the_delivery_is_no_document(place, reader, reading, path):
    put(place, path.strip(), b"PK\x05\x06" + bytes(18))
    told, message = problem(reader, document("x.pdf", path))
    assert told == OUTSIDE
    assert "table of the delivery" in message
    # In a folder for documents alone it is one.
    assert read(reading(FolderSource(place, beside_tables=False)), document("x.pdf", path))


def test_a_table_below_dokumente_is_a_document(place, reader):
    put(place, "dokumente/Nebenkosten.xlsx", b"a workbook")
    assert read(reader, document("Nebenkosten.xlsx")) == b"a workbook"
    assert read(reader, document(pfad="dokumente/Nebenkosten.xlsx")) == b"a workbook"


def test_what_is_no_file_is_not_waited_for(place, reader, monkeypatch):
    os.mkfifo(place / "pipe.pdf")
    (place / "folder.pdf").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(place)
        listener.bind("socket.pdf")
        for name in ("pipe.pdf", "folder.pdf", "socket.pdf"):
            assert reason(reader, document(name)) == UNREADABLE
    (place / "null.pdf").symlink_to("/dev/zero")
    assert reason(reader, document("null.pdf")) == OUTSIDE


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_that_may_not_be_read_is_told(place, reader):
    put(place, "Mietvertrag.pdf").chmod(0)
    assert reason(reader, document()) == UNREADABLE


# Sizes


def test_an_empty_file_is_no_document(place, reader):
    put(place, "Mietvertrag.pdf", b"")
    assert reason(reader, document()) == EMPTY
    assert reason(reader, document(groesse_bytes=0)) == EMPTY


def test_a_file_of_another_size_than_the_erp_says_is_told_with_both(place, reader):
    put(place, "Mietvertrag.pdf", b"x" * 1240)
    told, message = problem(reader, document(groesse_bytes=1234))
    assert told == SIZE
    assert "1,240 bytes, but groesse_bytes is 1,234" in message
    assert len(read(reader, document(groesse_bytes=1240))) == 1240


@pytest.mark.parametrize("limit", [10, IN_MEMORY, IN_MEMORY + 1, LIMIT])
def test_the_limit_itself_passes_and_one_byte_more_does_not(place, reader, limit):
    put(place, "at.pdf", b"x" * limit)
    put(place, "above.pdf", b"x" * (limit + 1))
    assert len(read(reader, document("at.pdf"), limit)) == limit
    told, message = problem(reader, document("above.pdf"), limit)
    assert told == TOO_LARGE
    assert f"larger than {limit:,} bytes" in message


def test_a_file_of_this_machine_is_read_where_it_lies(tmp_path, place, reader):
    file = put(place, "Mietvertrag.pdf", b"x" * (IN_MEMORY + 1))
    with reader.read(document(), LIMIT) as content:
        assert os.fstat(content.file.fileno()).st_ino == file.stat().st_ino
        assert list((tmp_path / "tmp").iterdir()) == []
    assert content.file.closed


def test_a_file_that_changes_while_it_is_read_is_tried_another_time(place, reader):
    file = put(place, "Mietvertrag.pdf", b"x" * (PIECE + 1))
    with reader.read(document(), LIMIT) as content:
        pieces = content.pieces()
        assert next(pieces) == b"x" * PIECE
        with file.open("ab") as more:
            more.write(b"y")
        with pytest.raises(ContentProblem, match="changed while it was read") as caught:
            next(pieces)
    assert caught.value.reason == UNREACHABLE


def test_a_file_that_is_cut_while_it_is_read_is_tried_another_time(place, reader):
    file = put(place, "Mietvertrag.pdf", b"x" * (2 * PIECE + 1))
    with reader.read(document(), LIMIT) as content:
        pieces = content.pieces()
        assert next(pieces) == b"x" * PIECE
        os.truncate(file, PIECE)
        with pytest.raises(ContentProblem, match="changed while it was read"):
            next(pieces)


def test_a_file_is_hashed_on_its_way_and_not_read_again(place, reader):
    put(place, "Mietvertrag.pdf", b"x" * (PIECE + 1))
    with reader.read(document(), LIMIT) as content:
        first = content.pieces()
        # A pass that was broken off says nothing of the whole.
        assert next(first) == b"x" * PIECE
        assert b"".join(content.pieces()) == b"x" * (PIECE + 1)
    assert content.file.closed
    assert content.sha256 == hashlib.sha256(b"x" * (PIECE + 1)).hexdigest()


def test_what_the_system_says_of_a_file_that_cannot_be_read_is_a_reason(tmp_path):
    file = put(tmp_path, "Mietvertrag.pdf")
    # Opened for writing alone.
    with os.fdopen(os.open(file, os.O_WRONLY), "wb", buffering=0) as opened:
        content = Content(cast(BinaryIO, io.FileIO(os.dup(opened.fileno()), "rb")), 4)
        with pytest.raises(ContentProblem, match="cannot be read now") as caught:
            content.sha256  # noqa: B018
        content.file.close()
    assert caught.value.reason == UNREACHABLE


# The source


def test_a_folder_that_is_gone_is_no_fault_of_the_document(place, reader):
    place.rename(place.with_name("elsewhere"))
    assert problem(reader, document()) == (
        UNREACHABLE,
        f"document {NUMBER}: the folder of documents is not there",
    )


def test_a_folder_that_is_there_again_is_read(place, reader):
    put(place, "Mietvertrag.pdf")
    gone = place.with_name("elsewhere")
    place.rename(gone)
    assert reason(reader, document()) == UNREACHABLE
    gone.rename(place)
    assert read(reader, document()) == b"%PDF"


def test_a_document_is_asked_for_as_a_mart_describes_it(place, reader):
    put(place, "dokumente/O1/Vertrag.pdf", b"%PDF of 20 bytes ....")
    described = {
        "dokument_nr": NUMBER,
        "pfad": "O1/Vertrag.pdf",
        "dateiname": "Vertrag.pdf",
        "mime_typ": "application/pdf",
        "groesse_bytes": 21,
        "geaendert_am": "2026-11-01T08:00:00",
    }
    as_a_push_asks: ReadsContent = reader
    with as_a_push_asks(described, LIMIT) as content:
        assert content.file.read() == b"%PDF of 20 bytes ...."
        assert content.size == 21
    nameless = {**dict.fromkeys(described), "dokument_nr": NUMBER}
    assert reason(reader, Document.of(nameless)) == MISSING


def test_what_somebody_may_mend_without_a_change_of_the_row_is_looked_at_again_in_each_run():
    again = (MISSING, EMPTY, UNREADABLE, SIZE, OUTSIDE, UNREACHABLE)
    assert {REASONS[code].state for code in again} == {"pending"}
    assert REASONS[TOO_LARGE].state == "rejected"


def test_many_threads_read_side_by_side(place, reader):
    wanted = {}
    for number in range(60):
        content = os.urandom(IN_MEMORY // 2 + number * 5_000)
        put(place, f"dokumente/{number % 7}/Brief {number}.pdf", content)
        wanted[f"{number % 7}/brief {number}.PDF"] = content
    with ThreadPoolExecutor(8) as threads:
        found = threads.map(lambda path: read(reader, document("x.pdf", path)), list(wanted))
        assert list(found) == list(wanted.values())


def path_problem(wanted: Document) -> str | None:
    try:
        parts_of(wanted)
    except ContentProblem as found:
        return found.reason
    return None


NAMES = st.text(st.characters(exclude_characters="/\\"), min_size=1, max_size=60)
PATHS = st.lists(
    NAMES | st.sampled_from(("..", ".", "", "dokumente", "c:", "~")), min_size=1, max_size=4
).map("/".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS)
def test_any_path_is_a_file_below_the_folder_or_a_reason(tmp_path, reading, path):
    wanted = Document(NUMBER, path, None, None, None)
    place = Path(tempfile.mkdtemp(dir=tmp_path))
    reader = reading(FolderSource(place, beside_tables=True))
    expected = path_problem(wanted)
    if expected is not None:
        assert reason(reader, wanted) == expected
        assert expected in (OUTSIDE, MISSING)
        return
    parts = parts_of(wanted)
    assert ".." not in parts
    assert place.joinpath(*parts).is_relative_to(place)
    try:
        put(place, "/".join(("dokumente", *parts)), b"here")
    except OSError:
        # A name that is longer than the disk takes.
        assert reason(reader, wanted) in (MISSING, OUTSIDE)
        return
    assert read(reader, wanted) == b"here"


def test_a_file_that_changes_after_it_was_hashed_is_told_before_its_last_byte_goes(place, reader):
    file = put(place, "Mietvertrag.pdf", b"%PDF one")
    with reader.read(document(), LIMIT) as content:
        assert content.sha256 == hashlib.sha256(b"%PDF one").hexdigest()
        file.write_bytes(b"%PDF another")
        with pytest.raises(ContentProblem) as caught:
            list(content.pieces())
    assert caught.value.reason == UNREACHABLE
