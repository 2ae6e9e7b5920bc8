"""A forgotten person's documents: taken out with their files, and no title of them left in the home."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.ledger.ledger import open_database
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Vars
from tests.push.persons import NUMBER, deliver, marts, stage
from tests.push.shelf import Shelf
from tests.push.site import TODAY, Rows, Site
from tests.push.told import forget, preview

SETTINGS = Vars(
    stichtag=TODAY,
    quelle_erp="wodis_sigma",
    partners={"facilioo": {"aktiv": True, "separator": "/", "mandanten": "alle"}},
)
TITLE = "Kündigung von Böttcher-Groß"
SHARE = f"D1/{NUMBER}"
SHELF = Shelf({"D1": b"%PDF-1.4 eins", "D2": b"%PDF-1.4 zwei"})


def document(number: str, title: str, party: str | None) -> dict[str, Any]:
    return {
        "external_id": number,
        "gebaeude_external_id": "001/1/01",
        "parteien_mieter_external_id": party,
        "title": title,
        "fileId": {
            "dokument_nr": number, "pfad": None, "dateiname": f"{title}.pdf", "mime_typ": "application/pdf",
            "groesse_bytes": 13, "geaendert_am": None,
        },
    }  # fmt: skip


def staged(tmp_path: Path) -> Path:
    """A home that has loaded and staged the delivery."""
    home = tmp_path / "home"
    home.mkdir()
    deliver(home, tmp_path / "erp")
    stage(home)
    return home


@pytest.fixture
def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A home with a tenant who has a document of their own, beside one of the house."""
    home = staged(tmp_path)
    rows: Rows = marts("facilioo")
    rows["dokumente"] = [document("D1", TITLE, NUMBER), document("D2", "Hausordnung", None)]
    rows["freigaben"] = [
        {"external_id": SHARE, "dokumente_external_id": "D1", "parteien_mieter_external_id": NUMBER}
    ]
    with Sandbox(state=tmp_path / "sandbox.sqlite") as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        site = Site(home, sandbox)
        site.contents = SHELF
        lines = site.sync("facilioo", rows)
        assert sum(line.undelivered for line in lines.values()) == 0
        yield site


def files(site: Site) -> list[str]:
    reader = site.sandbox._reader("facilioo")
    return [file.body["name"] for file in reader.store.all("facilioo", "/api/files/{id}")]


def test_a_document_of_the_person_goes_with_its_file_and_others_stay(settled: Site) -> None:
    assert sorted(files(settled)) == ["Hausordnung.pdf", f"{TITLE}.pdf"]
    assert ("dokumente", "D1") in [
        (r["entity"], r["external_id"]) for r in preview(settled.home, SETTINGS, NUMBER)["records"]
    ]
    report = forget(settled.home, SETTINGS, NUMBER)
    assert report["exit"] == 0
    assert [(r["external_id"], r["state"]) for r in report["records"] if r["entity"] == "dokumente"] == [
        ("D1", "withdrawn")
    ]
    assert [record["externalId"] for record in settled.sandbox.records("facilioo", "dokumente")] == ["D2"]
    assert [(r["external_id"], r["state"]) for r in report["records"] if r["entity"] == "freigaben"] == [
        (SHARE, "withdrawn")
    ]
    assert settled.sandbox.records("facilioo", "freigaben") == []
    assert files(settled) == ["Hausordnung.pdf"]


def test_no_title_of_the_person_s_document_is_left_in_the_home(settled: Site) -> None:
    forget(settled.home, SETTINGS, NUMBER)
    for file in settled.home.rglob("*"):
        assert not file.is_file() or TITLE.encode() not in file.read_bytes(), file
        assert not file.is_file() or SHARE.encode() not in file.read_bytes(), file


def test_bytes_of_a_document_that_was_refused_go_with_the_person_too(settled: Site) -> None:
    rows: Rows = marts("facilioo")
    refused = document("D3", "x" * 300, NUMBER)
    rows["dokumente"] = [document("D2", "Hausordnung", None), refused]
    settled.contents = Shelf({**SHELF.documents, "D3": b"%PDF-1.4 drei"})
    assert settled.sync("facilioo", rows)["dokumente"].rejected == 1
    assert len(files(settled)) == 2
    assert forget(settled.home, SETTINGS, NUMBER)["exit"] == 0
    assert files(settled) == ["Hausordnung.pdf"]


def test_a_document_of_the_person_s_lease_leaves_staging_by_its_number(settled: Site) -> None:
    with open_database(settled.home) as db:
        db.execute(
            "create table staging.base_erp__dokument as select * from (values ('D1', 'MV', '001/1/01/0001/01', $title),"
            " ('D2', 'WE', '001/1', 'Hausordnung'), ('D4', 'person ', $person, $title))"
            " as t(dokument_nr, bezug_art, bezug_key, titel)",
            {"title": TITLE, "person": NUMBER},
        )
    forget(settled.home, SETTINGS, NUMBER)
    with open_database(settled.home) as db:
        assert db.execute("select dokument_nr from staging.base_erp__dokument").fetchall() == [("D2",)]


ON_LEASES = Vars(
    stichtag=TODAY,
    quelle_erp="wodis_sigma",
    partners={"spiribo": {"aktiv": True, "separator": "/", "mandanten": "alle"}},
)
HOUSE, LEASE, SHARED = "001/1/01", "001/1/01/0001/01", "001/1/01/0001/02"


def of_lease(number: str, title: str, lease: str) -> dict[str, Any]:
    found = document(number, title, None)
    return {
        "external_id": number, "vertraege_external_id": lease, "title": title,
        "fileName": f"{title}.pdf", "content": found["fileId"],
    }  # fmt: skip


@pytest.fixture
def on_leases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A home whose partner has documents on leases: one of the person alone, one with somebody else."""
    home = staged(tmp_path)
    lease = {"wohnungen_external_id": f"{HOUSE}/0001", "startDate": "2020-01-01"}
    rows: Rows = {
        "gebaeude": [{"external_id": HOUSE, "name": "Haus"}],
        "wohnungen": [
            {"external_id": f"{HOUSE}/0001", "gebaeude_external_id": HOUSE, "type": "living"},
        ],
        "mieter": [
            {"external_id": NUMBER, "lastName": "Böttcher-Groß"},
            {"external_id": "78", "lastName": "Andere"},
        ],
        "vertraege": [
            {"external_id": LEASE, **lease, "mieter_external_ids": [NUMBER]},
            {"external_id": SHARED, **lease, "mieter_external_ids": [NUMBER, "78"]},
        ],
        "dokumente": [of_lease("D1", TITLE, LEASE), of_lease("D2", "Hausordnung", SHARED)],
    }
    with Sandbox(state=tmp_path / "sandbox.sqlite") as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        site = Site(home, sandbox)
        site.contents = SHELF
        lines = site.sync("spiribo", rows)
        assert sum(line.undelivered for line in lines.values()) == 0
        yield site


def test_a_document_on_a_lease_of_the_person_alone_goes_and_one_of_a_shared_lease_stays(
    on_leases: Site,
) -> None:
    report = forget(on_leases.home, ON_LEASES, NUMBER)
    assert [(r["external_id"], r["state"]) for r in report["records"] if r["entity"] == "dokumente"] == [
        ("D1", "withdrawn")
    ]
    assert {record["externalId"] for record in on_leases.sandbox.records("spiribo", "dokumente")} == {"D2"}
    with open_database(on_leases.home) as db:
        assert db.execute("select external_id from partners.spiribo__dokumente").fetchall() == [("D2",)]
    for file in on_leases.home.rglob("*"):
        assert not file.is_file() or TITLE.encode() not in file.read_bytes(), file


def test_the_leases_themselves_name_the_person_and_lose_it(on_leases: Site) -> None:
    named = {r["external_id"] for r in preview(on_leases.home, ON_LEASES, NUMBER)["named_in"]}
    assert {LEASE, SHARED} <= named
    forget(on_leases.home, ON_LEASES, NUMBER)
    with open_database(on_leases.home) as db:
        found = db.execute(
            "select external_id, mieter_external_ids from partners.spiribo__vertraege"
        ).fetchall()
        kept = db.execute("select refs from sync.ledger where entity = 'vertraege'").fetchall()
    assert sorted(found) == [(LEASE, []), (SHARED, ["78"])]
    assert kept == [(None,), (None,)]
