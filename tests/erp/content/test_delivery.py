"""Documents beside the tables are no part of the load: not read, not unpacked, not copied, not told as unknown."""

import zipfile
from pathlib import Path

import pytest

from pipelines.erp.delivery.delivery import Wanted
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.files.remote import Remote
from tests.erp import sftp_server
from tests.erp.delivery import DELIVERY, read

# As tables they would be errors.
DOCUMENTS = {
    "dokumente/person.csv": b"no table",
    "dokumente/mieter.xlsx": b"no workbook",
    "dokumente/archiv.zip": b"no ZIP",
    "dokumente_2026.zip": b"no ZIP",
}


@pytest.fixture
def with_documents(folder: Path) -> Path:
    """The right delivery with documents beside it."""
    (folder / "dokumente").mkdir()
    for name, content in DOCUMENTS.items():
        (folder / name).write_bytes(content)
    return folder


def opened(settings: FilesSettings, scratch: Path) -> tuple[tuple[str, ...], list[str]]:
    """Unknown files of a delivery, and what was copied or unpacked for it."""
    scratch.mkdir()
    with settings.opened(Wanted("wodis_sigma", scratch)) as delivery:
        taken = [path.relative_to(scratch).as_posix() for path in scratch.rglob("*") if path.is_file()]
        return delivery.unknown_files, taken


def test_in_a_folder(with_documents, tmp_path):
    assert len(read(FilesSettings(with_documents))["person"]) == 2
    assert opened(FilesSettings(with_documents), tmp_path / "scratch") == ((), [])


@pytest.mark.parametrize("prefix", ["", "export/"])
def test_in_a_zip_and_beside_it(tmp_path, prefix):
    packed = tmp_path / "packed"
    packed.mkdir()
    with zipfile.ZipFile(packed / "lieferung.zip", "w") as archive:
        for name, text in DELIVERY.items():
            archive.writestr(prefix + name, text)
        for name, content in DOCUMENTS.items():
            archive.writestr(prefix + name, content)
    (packed / "dokumente.zip").write_bytes(b"no ZIP")
    assert len(read(FilesSettings(packed))["person"]) == 2
    unknown, taken = opened(FilesSettings(packed), tmp_path / "scratch")
    assert unknown == ()
    assert sorted(taken) == sorted(f"unpacked/{prefix}{name}" for name in DELIVERY)


def test_on_an_sftp_server(with_documents, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCES__ERP__FILES__CREDENTIALS__SFTP_USERNAME", sftp_server.USER)
    monkeypatch.setenv("SOURCES__ERP__FILES__CREDENTIALS__SFTP_PASSWORD", sftp_server.PASSWORD)
    with sftp_server.serve(with_documents.parent) as server:
        place = Remote(server.url("/delivery"), server.known_hosts(tmp_path / "known_hosts"))
        unknown, taken = opened(FilesSettings(place, quiet_seconds=0), tmp_path / "scratch")
    assert unknown == ()
    assert sorted(taken) == sorted(f"copied/{name}" for name in DELIVERY)
