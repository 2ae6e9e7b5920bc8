"""The files of the sample's documents: PDFs of the size that their rows say, and the troubles of real archives."""

import csv
import hashlib
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from pipelines.cli import main as cli
from pipelines.erp.content import ContentProblem, Document, content_reader
from pipelines.erp.content.document import EMPTY, MISSING, SIZE, TOO_LARGE
from pipelines.erp.sample import write_documents, write_sample

LIMIT = 50 << 20


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "sample"
    write_sample(folder, 500, seed=42)
    return folder


@pytest.fixture(scope="module")
def rows(sample: Path) -> list[Document]:
    with (sample / "dokument.csv").open(encoding="utf-8", newline="") as file:
        return [
            Document(
                row["dokument_nr"], row["dateiname"], row["pfad"] or None, int(row["groesse_bytes"]), None
            )
            for row in csv.DictReader(file, delimiter=";")
        ]


@pytest.fixture(scope="module")
def outcomes(sample: Path, rows: list[Document]) -> dict[Document, str]:
    """The hash of each document, or the reason why it cannot be read; the settings name no ERP."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAMMDATEN_HOME", str(sample.parent))
        assert not (sample / "dokumente").exists()
        with content_reader() as reader:
            for row in rows:
                try:
                    with reader.read(row, LIMIT) as content:
                        found[row] = content.sha256
                except ContentProblem as problem:
                    found[row] = problem.reason
    return found


def test_all_documents_but_the_troubled_ones_are_read(outcomes):
    reasons = Counter(found for found in outcomes.values() if found.startswith("content_"))
    assert set(reasons) == {MISSING, EMPTY, SIZE, TOO_LARGE}
    assert max(reasons.values()) <= 0.01 * len(outcomes)


def test_one_document_is_at_the_limit_and_one_is_a_byte_above_it(outcomes):
    at_limit = {
        row.groesse_bytes - LIMIT: found for row, found in outcomes.items() if row.groesse_bytes > 1 << 20
    }
    assert at_limit.keys() == {0, 1, -1}
    assert at_limit[1] == TOO_LARGE
    assert not at_limit[0].startswith("content_")
    assert not at_limit[-1].startswith("content_")


def test_the_files_take_hardly_any_room(sample, outcomes):
    files = [path for path in (sample / "dokumente").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) > 3 * LIMIT
    assert sum(path.stat().st_blocks * 512 for path in files) < 20 << 20


def test_each_file_is_a_pdf_that_says_its_number(sample, rows, outcomes):
    for row in rows[:200]:
        path = sample / "dokumente" / (row.pfad or row.dateiname).replace("\\", "/")
        if outcomes[row].startswith("content_"):
            continue
        content = path.read_bytes()
        assert content.startswith(b"%PDF-1.4\n")
        assert content.endswith(b"\n%%EOF\n")
        assert f"(Dokument {row.dokument_nr})".encode() in content
        (start,) = re.findall(rb"startxref\n(\d+)\n", content)
        table = content[int(start) :]
        assert table.startswith(b"xref\n0 6\n")
        for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n ", table), start=1):
            assert content[int(place) :].startswith(b"%d 0 obj\n" % number)


def test_the_same_rows_give_the_same_bytes(sample, outcomes, tmp_path):
    (tmp_path / "dokument.csv").write_bytes((sample / "dokument.csv").read_bytes())
    written = write_documents(tmp_path)
    assert digests(tmp_path / "dokumente") == digests(sample / "dokumente")
    assert written == len(digests(tmp_path / "dokumente"))
    (tmp_path / "dokumente" / "of somebody else.pdf").write_bytes(b"x")
    assert write_documents(tmp_path) == written
    assert digests(tmp_path / "dokumente").keys() - digests(sample / "dokumente").keys() == {
        "of somebody else.pdf"
    }


def test_the_command_writes_files_where_they_are_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STAMMDATEN_HOME", str(tmp_path / "home"))
    for more in ([], ["--documents"]):
        monkeypatch.setattr(
            sys, "argv", ["stammdaten", "sample", "--units", "10", "--out", str(tmp_path), *more]
        )
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        assert (tmp_path / "dokumente").is_dir() == bool(more)
    assert list((tmp_path / "dokumente").rglob("*.pdf"))


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size < 1 << 20]
    large = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size >= 1 << 20]
    small = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return small | {str(path.relative_to(folder)): str(path.stat().st_size) for path in large}
