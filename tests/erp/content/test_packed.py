"""Documents in ZIPs: beside the tables, with them, or alone; a member's trouble is its document's own."""

import io
import os
import stat
import struct
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.erp.content import ContentProblem
from pipelines.erp.content.document import EMPTY, MISSING, OUTSIDE, SIZE, TOO_LARGE, UNREACHABLE, UNREADABLE
from pipelines.erp.content.folder import FolderSource
from pipelines.erp.content.reader import IN_MEMORY
from tests.erp.content.reading import LIMIT, document, problem, read, reason


def pack(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def named(path: Path, name: bytes, content: bytes) -> None:
    """A ZIP with one member whose name is these bytes, of which it does not say how they are written."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("x" * len(name), content)
    path.write_bytes(made.getvalue().replace(b"x" * len(name), name))


@pytest.mark.parametrize(
    ("file", "member"),
    [
        ("dokumente.zip", "O1/Vertrag.pdf"),
        ("dokumente.zip", "dokumente/O1/Vertrag.pdf"),
        ("Dokumente_2026.ZIP", "export/O1/Vertrag.pdf"),
        ("dokumente/alles.zip", "O1/Vertrag.pdf"),
        ("lieferung.zip", "dokumente/O1/Vertrag.pdf"),
        ("lieferung.zip", "export/2026/dokumente/O1/Vertrag.pdf"),
        ("lieferung.zip", "O1\\Vertrag.pdf"),
    ],
)
def test_a_document_is_found_in_a_zip_beside_the_tables(place, reader, file, member):
    other = member.replace("O1", "O2").replace("Vertrag", "Plan")
    pack(place / file, {member: b"%PDF", other: b"plan", "__MACOSX/._Vertrag.pdf": b"mac"})
    assert read(reader, document(pfad="O1\\Vertrag.pdf")) == b"%PDF"
    assert read(reader, document(pfad="o1/vertrag.PDF")) == b"%PDF"
    assert reason(reader, document("Vertrag.pdf")) == MISSING


def test_the_place_may_be_the_zip_itself(tmp_path, reading):
    path = pack(tmp_path / "lieferung.zip", {"e/person.csv": b"person_nr", "e/dokumente/a.pdf": b"%PDF"})
    reader = reading(FolderSource(path, beside_tables=True))
    assert read(reader, document("a.pdf")) == b"%PDF"
    assert reason(reader, document("person.csv")) == OUTSIDE
    path.unlink()
    assert reason(reader, document("b.pdf")) in (MISSING, UNREACHABLE)


def test_a_file_comes_before_a_zip_and_two_zips_are_nobodys(place, reader):
    pack(place / "dokumente_1.zip", {"a.pdf": b"zip", "b.pdf": b"one"})
    pack(place / "dokumente_2.zip", {"b.pdf": b"two", "c.pdf": b"three"})
    (place / "a.pdf").write_bytes(b"file")
    assert read(reader, document("a.pdf")) == b"file"
    assert read(reader, document("c.pdf")) == b"three"
    assert "several files fit" in problem(reader, document("b.pdf"))[1]


def test_a_table_in_the_zip_of_the_delivery_is_no_document_and_in_one_of_documents_it_is(place, reader):
    inside = {"e/2026/person.csv": b"person_nr", "e/2026/dokumente/Liste.csv": b"a list"}
    pack(place / "lieferung.zip", inside)
    for path in ("person.csv", "2026/person.csv", "e/2026/person.csv"):
        assert reason(reader, document(path)) == OUTSIDE
    assert read(reader, document("Liste.csv")) == b"a list"
    pack(place / "dokumente.zip", {"Preise.csv": b"prices"})
    os.utime(place, ns=(1, 1))
    assert read(reader, document("Preise.csv")) == b"prices"


@pytest.mark.parametrize("encoding", ["cp437", "cp850", "windows-1252", "utf-8"])
def test_names_are_read_however_the_zip_writes_them(place, reader, encoding):
    named(place / "dokumente.zip", "Übergabe Größe.pdf".encode(encoding), b"%PDF")
    assert read(reader, document("Übergabe Größe.pdf")) == b"%PDF"


def test_members_of_one_name_are_nobodys(place, reader):
    with zipfile.ZipFile(place / "dokumente.zip", "w") as archive:
        archive.writestr("a.pdf", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.pdf", b"two")
        archive.writestr("B.pdf", b"exact")
        archive.writestr("b.pdf", b"other")
    assert "several files fit" in problem(reader, document("a.pdf"))[1]
    assert read(reader, document("B.pdf")) == b"exact"
    assert "several files fit" in problem(reader, document("B.PDF"))[1]


def test_sizes_are_judged_as_those_of_files(place, reader):
    pack(place / "dokumente.zip", {"a.pdf": b"x" * 100, "empty.pdf": b"", "bomb.pdf": bytes(50 << 20)})
    assert reason(reader, document("a.pdf", groesse_bytes=99)) == SIZE
    assert reason(reader, document("empty.pdf")) == EMPTY
    assert reason(reader, document("a.pdf"), 99) == TOO_LARGE
    assert reason(reader, document("bomb.pdf"), LIMIT) == TOO_LARGE


def changed(path: Path, *changes: tuple[bytes, bytes]) -> None:
    content = path.read_bytes()
    for old, new in changes:
        assert old in content
        content = content.replace(old, new)
    path.write_bytes(content)


@pytest.mark.parametrize("said", [10, 99_000])
def test_a_member_that_is_larger_than_it_says_is_not_read_further(place, reader, said):
    true, crc = 100_000, struct.pack("<L", zlib.crc32(b"x" * 100_000))
    path = pack(place / "dokumente.zip", {"a.pdf": b"x" * true, "good.pdf": b"%PDF"})
    changed(path, (crc + path.read_bytes()[18:22] + struct.pack("<L", true), crc + path.read_bytes()[18:22]
                   + struct.pack("<L", said)))  # fmt: skip
    assert reason(reader, document("a.pdf")) == UNREADABLE
    assert read(reader, document("good.pdf")) == b"%PDF"


def test_a_member_that_is_damaged_is_told_and_the_others_are_read(place, reader):
    path = pack(place / "dokumente.zip", {"a.pdf": b"abcdef" * 10, "good.pdf": b"%PDF"}, zipfile.ZIP_STORED)
    changed(path, (b"abcdef" * 10, b"abcdeX" * 10))
    assert reason(reader, document("a.pdf")) == UNREADABLE
    assert read(reader, document("good.pdf")) == b"%PDF"


def test_a_member_with_a_password_is_told_and_the_others_are_read(place, reader):
    path = pack(place / "dokumente.zip", {"a.pdf": b"abc", "good.pdf": b"%PDF"})
    content = bytearray(path.read_bytes())
    # The flags of the first member, in its own header and in the list.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    told, message = problem(reader, document("a.pdf"))
    assert told == UNREADABLE
    assert "encrypted" in message
    assert read(reader, document("good.pdf")) == b"%PDF"


def test_a_link_in_a_zip_is_not_followed(place, reader):
    with zipfile.ZipFile(place / "dokumente.zip", "w") as archive:
        member = zipfile.ZipInfo("a.pdf")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    assert reason(reader, document("a.pdf")) == UNREADABLE


@pytest.mark.parametrize("compression", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_ways_of_packing_that_take_any_memory_are_refused(place, reader, compression):
    pack(place / "dokumente.zip", {"a.pdf": b"abc"}, compression)
    assert "another way than Deflate" in problem(reader, document("a.pdf"))[1]


def test_members_that_want_to_leave_are_never_found(place, reader):
    pack(place / "dokumente.zip", {"../../geheim.pdf": b"x", "/geheim.pdf": b"y", "C:/geheim.pdf": b"z"})
    assert reason(reader, document("geheim.pdf")) == MISSING


def test_a_zip_that_is_broken_is_named_and_files_are_read_all_the_same(place, reader):
    (place / "dokumente.zip").write_bytes(b"PK no ZIP")
    (place / "a.pdf").write_bytes(b"%PDF")
    for _ in range(5):
        told, message = problem(reader, document("b.pdf"))
        assert told == UNREACHABLE
        assert "dokumente.zip is damaged" in message
    assert read(reader, document("a.pdf")) == b"%PDF"


def test_many_threads_read_one_zip(place, reader):
    members = {f"{number}/Brief.pdf": os.urandom(50_000 + number * 9_000) for number in range(40)}
    pack(place / "dokumente.zip", members)
    with ThreadPoolExecutor(8) as threads:
        found = threads.map(lambda path: read(reader, document("x.pdf", path)), list(members) * 3)
        assert list(found) == list(members.values()) * 3


GOOD = io.BytesIO()
with zipfile.ZipFile(GOOD, "w", zipfile.ZIP_DEFLATED) as good:
    good.writestr("a.pdf", b"%PDF" + bytes(range(256)) * 3)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(GOOD.getvalue()) - 1), st.integers(0, 255)), max_size=4))
def test_a_broken_zip_gives_the_right_bytes_or_a_reason(place, reading, broken):
    content = bytearray(GOOD.getvalue())
    for position, byte in broken:
        content[position] = byte
    (place / "dokumente.zip").write_bytes(content)
    reader = reading(FolderSource(place, beside_tables=True))
    try:
        found = read(reader, document("a.pdf"))
    except ContentProblem:
        return
    assert found == b"%PDF" + bytes(range(256)) * 3


def test_a_large_one_lies_on_the_disk_where_nobody_can_open_it(tmp_path, place, reader):
    pack(place / "dokumente.zip", {"Mietvertrag.pdf": b"x" * (IN_MEMORY + 1)})
    with reader.read(document(), LIMIT) as content:
        assert os.fstat(content.file.fileno()).st_nlink == 0
        assert list((tmp_path / "tmp").iterdir()) == []
        path = os.readlink(f"/proc/self/fd/{content.file.fileno()}")
        assert path.startswith(str(tmp_path / "tmp"))
    assert content.file.closed
