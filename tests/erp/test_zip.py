"""ZIP deliveries, good and evil."""

import io
import stat
import zipfile
from pathlib import Path

import pytest

from pipelines.erp.files.archive import ArchiveLimits
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import load
from pipelines.errors import DeliveryError
from tests.erp.delivery import DELIVERY, read


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Where the ZIP lies, alone in its folder."""
    folder = tmp_path / "packed"
    folder.mkdir()
    return folder / "lieferung.zip"


def pack(path: Path, members: dict[str, str | bytes] = DELIVERY, prefix: str = "") -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(prefix + name, content)


def add(path: Path, name: str, content: bytes = b"x", mode: int = 0) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        member = zipfile.ZipInfo(name)
        member.filename = name
        member.external_attr = mode << 16
        archive.writestr(member, content)


def message(path: Path, **limits: float) -> str:
    with pytest.raises(DeliveryError) as caught:
        read(FilesSettings(path, limits=ArchiveLimits(**limits)))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("prefix", ["", "export/", "./"])
@pytest.mark.parametrize("place", ["the file", "its folder"])
def test_a_zip_is_read_like_the_folder_that_was_packed(packed, prefix, place):
    pack(packed, prefix=prefix)
    add(packed, "__MACOSX/._person.csv")
    tables = read(FilesSettings(packed if place == "the file" else packed.parent))
    assert [row["nachname"] for row in tables["person"]] == ["Böttcher-Groß", "Wiesel"]


def test_a_zip_may_hold_a_folder_a_mandant(packed):
    pack(packed, prefix="001/")
    other = {name: text.replace("001;", "002;").replace("0815", "0816") for name, text in DELIVERY.items()}
    with zipfile.ZipFile(packed, "a") as archive:
        for name, text in other.items():
            archive.writestr(f"002/{name}", text)
    assert [row["mandant_nr"] for row in read(FilesSettings(packed))["mandant"]] == ["001", "002"]


def test_a_zip_beside_the_files_of_tables_is_a_file_that_is_no_table(folder, home):
    pack(folder / "gestern.zip", {"person.csv": "x"})
    assert load(FilesSettings(folder), home).unknown_files == ("gestern.zip",)


def test_nothing_unpacked_stays_behind(packed, home):
    pack(packed)
    load(FilesSettings(packed), home)
    assert not [path for path in home.rglob("*") if path.suffix == ".csv"]
    assert [path.name for path in packed.parent.iterdir()] == ["lieferung.zip"]


def test_several_zips_are_an_error(packed):
    pack(packed)
    pack(packed.with_name("alt.zip"))
    assert "2 ZIP files (alt.zip, lieferung.zip)" in message(packed.parent)


def test_a_zip_that_is_cut_off_or_damaged_is_an_error(packed):
    pack(packed)
    content = packed.read_bytes()
    packed.write_bytes(content[: len(content) // 2])
    assert message(packed).startswith("lieferung.zip: the ZIP file is damaged or not complete")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        begin = archive.getinfo("person.csv").header_offset + 60
    packed.write_bytes(content[:begin] + bytes([content[begin] ^ 0xFF]) + content[begin + 1 :])
    assert message(packed).startswith("lieferung.zip: the ZIP file is damaged or not complete")


@pytest.mark.parametrize(
    "name",
    ["../person.csv", "a/../../b.csv", "/etc/person.csv", "..\\person.csv", "C:person.csv", "a\0b.csv"],
)
def test_a_path_that_leaves_the_folder_is_an_error_and_nothing_is_written(packed, name):
    pack(packed)
    add(packed, name)
    assert "leaves the folder" in message(packed)
    assert not list(packed.parent.parent.rglob("*.csv"))


def test_what_is_missing_in_a_zip_is_said_of_the_zip(packed):
    pack(packed, {name: text for name, text in DELIVERY.items() if name != "mieter.csv"})
    assert message(packed).startswith(f"{packed}: mieter.csv missing")


def test_a_file_that_is_also_a_folder_is_an_error(packed):
    pack(packed, {**DELIVERY, "alt": "x", "alt/person.csv": "x"})
    assert message(packed).startswith("lieferung.zip: the ZIP file cannot be unpacked")


def test_a_link_is_an_error(packed):
    pack(packed)
    add(packed, "leerstand.csv", b"/etc/passwd", stat.S_IFLNK | 0o777)
    assert message(packed).startswith("lieferung.zip: leerstand.csv is a link or a device")


def test_an_encrypted_zip_is_an_error(packed):
    pack(packed, {"person.csv": "x"})
    content = bytearray(packed.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    packed.write_bytes(content)
    assert "person.csv is encrypted; pack the files without a password" in message(packed)


def test_a_file_that_comes_twice_is_an_error(packed):
    pack(packed)
    add(packed, "Person.CSV")
    assert "is inside more than once" in message(packed)


def test_a_bomb_is_an_error_before_a_byte_of_it_is_unpacked(packed, tmp_path):
    pack(packed, {**DELIVERY, "leerstand.csv": b"\n" * (20 << 20)})
    text = message(packed)
    assert text.startswith("lieferung.zip: leerstand.csv: grows to 1,0")
    assert "200 times are allowed; it may be a ZIP bomb" in text
    assert "SOURCES__ERP__FILES__MAX_RATIO" in text


def test_more_than_the_limit_is_an_error_and_the_limits_can_be_set(packed):
    pack(packed, {**DELIVERY, "notizen.txt": b"\n" * (20 << 20)})
    assert "0.0 GB unpacked, 0.01 GB are allowed" in message(packed, max_gb=0.01, max_ratio=2000)
    assert len(read(FilesSettings(packed, limits=ArchiveLimits(max_ratio=2000)))["person"]) == 2


def test_a_bomb_inside_a_workbook_is_an_error(folder):
    (folder / "person.csv").unlink()
    with zipfile.ZipFile(folder / "person.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (20 << 20))
    assert message(folder).startswith("person.xlsx: xl/worksheets/sheet1.xml: grows to 1,0")


def test_backslashes_do_not_hide_a_path_that_leaves_the_folder(packed):
    pack(packed)
    add(packed, "export\\..\\..\\person.csv")
    assert "leaves the folder" in message(packed)


def test_a_name_that_comes_twice_with_other_slashes_is_an_error(packed):
    pack(packed, prefix="export/")
    add(packed, "export\\person.csv")
    assert "is inside more than once" in message(packed)
