"""A partner that gets documents: a file with a signed address before the record, a multipart body, content after it."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.api.connector import connector
from pipelines.contract.contract import load_contract
from pipelines.erp.content import ContentReader
from pipelines.erp.content.folder import FolderSource
from pipelines.errors import SettingsError
from pipelines.ledger.ledger import open_database
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import repair, verify
from pipelines.sandbox.play.partner import Partner
from pipelines.sandbox.play.resources import Resource
from pipelines.sandbox.play.store import Record
from pipelines.sandbox.play.wire import ApiError
from tests.push.between import Between, Odd, between
from tests.push.marts import write_marts
from tests.push.shape_stock import SHAPES
from tests.push.shelf import Shelf
from tests.push.site import TODAY, Rows, Site

ROOT = Path(__file__).resolve().parent.parent.parent
HOUSES = [{"external_id": "H1", "name": "Haus"}]
ENTITIES = ("dokumente", "anhaenge", "belege")
FIELD = {"dokumente": "fileId", "anhaenge": "file", "belege": "content"}


def described(
    number: str, content: bytes, stamp: str = "2026-01-01T00:00:00", name: str = ""
) -> dict[str, Any]:
    return {
        "dokument_nr": number, "pfad": None, "dateiname": name or f"Brief {number} ä.pdf",
        "mime_typ": "application/pdf", "groesse_bytes": len(content), "geaendert_am": stamp,
    }  # fmt: skip


def rows(shelf: Shelf, entity: str, stamp: str = "2026-01-01T00:00:00", title: str = "Brief") -> Rows:
    parent = {} if entity == "belege" else {"haeuser_external_id": "H1"}
    documents = [
        {
            "external_id": number, **parent, "title": f"{title} {number}",
            FIELD[entity]: described(number, content if isinstance(content, bytes) else b"x", stamp),
        }
        for number, content in shelf.documents.items()
    ]  # fmt: skip
    return {"haeuser": HOUSES, entity: documents}


def hashes(site: Site, entity: str) -> dict[str, str | None]:
    return {record["number"]: record["checksum"] for record in site.sandbox.records("stored", entity)}


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def files(site: Site) -> int:
    return len(site.sandbox._reader("stored").store.all("stored", "/files/{id}"))


def sent(site: Site, since: int = 0) -> list[str]:
    """Method and path without ids and base, reads of lists left out."""
    found = []
    for request in site.sandbox.requests("stored")[since:]:
        path = "/".join("N" if step.isdigit() else step for step in request.path.split("/"))
        if request.method != "GET":
            found.append(f"{request.method} {path.removeprefix('/api')} {request.status}")
    return found


@contextmanager
def files_that_stay() -> Iterator[None]:
    """The sandbox deletes no files."""

    def before_delete(self: Partner, resource: Resource, record: Record) -> None:
        if resource.name == "/files/{id}":
            raise ApiError(500, "internal", "Not now.")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Partner, "before_delete", before_delete)
        yield


@pytest.fixture
def shelf() -> Shelf:
    return Shelf({f"D{n}": f"Inhalt {n} ä".encode() * (n + 1) for n in range(4)})


@pytest.fixture
def site(shapes: Site, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr("pipelines.api.http.retry.FIRST_PAUSE", 0.01)
    shapes.contents = shelf
    return shapes


@pytest.mark.sampled
@pytest.mark.parametrize("entity", ENTITIES)
def test_documents_arrive_with_their_bytes_and_nothing_is_read_twice(
    site: Site, shelf: Shelf, entity: str
) -> None:
    lines = site.sync("stored", rows(shelf, entity))
    assert (lines[entity].created, lines[entity].undelivered) == (4, 0)
    assert hashes(site, entity) == {number: sha(content) for number, content in shelf.documents.items()}
    before = len(site.sandbox.requests("stored"))
    lines = site.sync("stored", rows(shelf, entity))
    assert len(site.sandbox.requests("stored")) == before
    assert len(shelf.reads) == 4


@pytest.mark.sampled
@pytest.mark.parametrize("entity", ENTITIES)
def test_new_bytes_are_hashed_while_they_go_and_changed_ones_before(
    site: Site, shelf: Shelf, entity: str
) -> None:
    site.sync("stored", rows(shelf, entity))
    first = 2 if entity == "anhaenge" else 1
    assert sorted(shelf.passes) == sorted([*shelf.documents] * first)
    held = site.ledger(f"select external_id, content->>'sha256' from sync.ledger where entity = '{entity}'")
    assert dict(held) == {number: sha(content) for number, content in shelf.documents.items()}
    shelf.passes.clear()
    shelf.documents["D1"] = b"anders"
    site.sync("stored", rows(shelf, entity))
    assert shelf.passes == ["D1", "D1"]


def test_the_steps_come_in_their_order_and_the_storage_learns_nothing_of_us(site: Site, shelf: Shelf) -> None:
    shelf.documents = {"D0": b"x"}
    site.sync("stored", rows(shelf, "dokumente"))
    assert sent(site)[1:] == [
        "POST /files 201",
        "PUT /files/N/upload 200",
        "PUT /_storage/N 200",
        "POST /documents 201",
    ]


@pytest.mark.sampled
@pytest.mark.parametrize("entity", ENTITIES)
def test_a_new_stamp_alone_sends_nothing_and_is_not_asked_about_again(
    site: Site, shelf: Shelf, entity: str
) -> None:
    site.sync("stored", rows(shelf, entity))
    before = len(site.sandbox.requests("stored"))
    for _ in range(2):
        lines = site.sync("stored", rows(shelf, entity, stamp="2026-02-02T00:00:00"))
        assert lines.get(entity) is None or lines[entity].undelivered == 0
    assert len(site.sandbox.requests("stored")) == before
    assert len(shelf.reads) == 8


@pytest.mark.sampled
@pytest.mark.parametrize("entity", ENTITIES)
def test_changed_bytes_go_and_the_old_file_is_taken_out(site: Site, shelf: Shelf, entity: str) -> None:
    site.sync("stored", rows(shelf, entity))
    shelf.documents["D1"] = b"anders"
    changed = rows(shelf, entity)
    lines = site.sync("stored", changed)
    assert (lines[entity].updated, lines[entity].undelivered) == (1, 0)
    assert hashes(site, entity) == {number: sha(content) for number, content in shelf.documents.items()}
    if entity == "dokumente":
        assert files(site) == 4
        assert sent(site)[-1] == "DELETE /files/N 204"
    site.sync("stored", changed)
    assert len(shelf.reads) == 5


@pytest.mark.sampled
@pytest.mark.parametrize("entity", ENTITIES)
def test_a_change_of_the_title_reads_no_bytes(site: Site, shelf: Shelf, entity: str) -> None:
    site.sync("stored", rows(shelf, entity))
    lines = site.sync("stored", rows(shelf, entity, title="Schreiben"))
    assert (lines[entity].updated, lines[entity].undelivered, len(shelf.reads)) == (4, 0, 4)
    assert hashes(site, entity) == {number: sha(content) for number, content in shelf.documents.items()}


def test_a_withdrawn_document_goes_with_its_file(site: Site, shelf: Shelf) -> None:
    site.sync("stored", rows(shelf, "dokumente"))
    del shelf.documents["D2"]
    lines = site.sync("stored", rows(shelf, "dokumente"))
    assert (lines["dokumente"].withdrawn, lines["dokumente"].undelivered) == (1, 0)
    assert sent(site)[-2:] == ["DELETE /documents/N 204", "DELETE /files/N 204"]
    assert files(site) == 3


def test_a_file_that_could_not_be_taken_out_with_its_document_goes_in_the_next_run(
    site: Site, shelf: Shelf
) -> None:
    site.sync("stored", rows(shelf, "dokumente"))
    del shelf.documents["D2"]
    with files_that_stay():
        lines = site.sync("stored", rows(shelf, "dokumente"))
        assert lines["dokumente"].undelivered == 1
    lines = site.sync("stored", rows(shelf, "dokumente"))
    assert (lines["dokumente"].withdrawn, files(site)) == (1, 3)


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("found", "reason", "state"),
    [
        ("content_missing", "content_missing", "pending"),
        ("content_empty", "content_empty", "pending"),
        ("content_size", "content_size", "pending"),
        ("content_unreadable", "content_unreadable", "pending"),
        ("content_outside", "content_outside", "pending"),
        ("content_unreachable", "content_unreachable", "pending"),
        (b"x" * 2_000_001, "content_too_large", "rejected"),
    ],
)
def test_a_document_without_usable_bytes_costs_no_request_and_no_other_document(
    site: Site, shelf: Shelf, found: bytes | str, reason: str, state: str
) -> None:
    shelf.documents["D1"] = found
    lines = site.sync("stored", rows(shelf, "dokumente"))
    assert (lines["dokumente"].created, lines["dokumente"].undelivered) == (3, 1)
    assert site.ledger("select external_id, state, reason from sync.ledger where state <> 'synced'") == [
        ("D1", state, reason)
    ]
    assert files(site) == 3


def test_a_file_that_comes_late_goes_by_itself_however_often_it_was_missing(site: Site, shelf: Shelf) -> None:
    shelf.documents = {"D0": "content_missing"}
    for _ in range(5):
        assert site.sync("stored", rows(shelf, "dokumente"))["dokumente"].pending == 1
    made = rows(shelf, "dokumente")
    shelf.documents = {"D0": b"x"}
    assert site.sync("stored", made)["dokumente"].created == 1


@pytest.mark.sampled
@pytest.mark.parametrize("entity", ENTITIES)
def test_bytes_that_change_while_they_are_sent_arrive_nowhere_and_go_the_next_time(
    site: Site, shelf: Shelf, entity: str
) -> None:
    shelf.changing = {"D1"}
    lines = site.sync("stored", rows(shelf, entity))
    assert (lines[entity].pending, hashes(site, entity).get("D1")) == (1, None)
    shelf.changing = set()
    lines = site.sync("stored", rows(shelf, entity))
    assert lines[entity].undelivered == 0
    assert hashes(site, entity) == {number: sha(content) for number, content in shelf.documents.items()}


def test_exactly_as_many_bytes_as_are_allowed_go(site: Site, shelf: Shelf) -> None:
    shelf.documents = {"D1": b"x" * 2_000_000}
    assert site.sync("stored", rows(shelf, "dokumente"))["dokumente"].undelivered == 0


def test_thirty_missing_files_do_not_end_the_others(site: Site, shelf: Shelf) -> None:
    shelf.documents = {f"A{n}": "content_missing" for n in range(30)} | {"B": b"x"}
    lines = site.sync("stored", rows(shelf, "dokumente"))
    assert (lines["dokumente"].created, lines["dokumente"].undelivered) == (1, 30)


def test_a_source_that_is_down_is_not_asked_for_each_document(site: Site, shelf: Shelf) -> None:
    shelf.documents = {f"A{n:02}": "content_unreachable" for n in range(40)}
    site.sync("stored", rows(shelf, "dokumente"))
    assert len(shelf.reads) < 12
    assert any("could not be reached" in note for note in site.notes)
    shelf.documents = {f"A{n:02}": b"x" for n in range(40)}
    assert site.sync("stored", rows(shelf, "dokumente"))["dokumente"].undelivered == 0


def test_an_address_that_has_run_out_is_asked_for_anew_without_a_second_file(
    site: Site, shelf: Shelf
) -> None:
    shelf.documents = {"D0": b"x"}
    site.sandbox.set_option("stored", "content_refuse", "1")
    lines = site.sync("stored", rows(shelf, "dokumente"))
    assert (lines["dokumente"].created, files(site)) == (1, 1)
    assert sent(site)[1:] == [
        "POST /files 201",
        "PUT /files/N/upload 200",
        "PUT /_storage/N 403",
        "PUT /files/N/upload 200",
        "PUT /_storage/N 200",
        "POST /documents 201",
    ]


def test_a_storage_that_refuses_also_a_fresh_address_leaves_no_document_and_goes_on_next_time(
    site: Site, shelf: Shelf
) -> None:
    shelf.documents = {"D0": b"x"}
    site.sandbox.set_option("stored", "content_seconds", "0")
    lines = site.sync("stored", rows(shelf, "dokumente"))
    assert lines["dokumente"].undelivered == 1
    assert site.ledger("select reason from sync.ledger where entity = 'dokumente'") == [("content_refused",)]
    assert site.sandbox.records("stored", "dokumente") == []
    site.sandbox.set_option("stored", "content_seconds", "900")
    lines = site.sync("stored", rows(shelf, "dokumente"))
    assert (lines["dokumente"].created, files(site)) == (1, 1)
    assert hashes(site, "dokumente") == {"D0": sha(b"x")}


@pytest.mark.parametrize(
    ("host", "allowed", "arrives"),
    [
        ("files.evil.example", "", False),
        ("127.0.0.1.evil.example", "", False),
        ("evil.example:1@files.stored.example", "", False),
    ],
)
def test_bytes_go_to_no_host_that_nobody_named(
    site: Site, shelf: Shelf, host: str, allowed: str, arrives: bool
) -> None:
    site.sandbox.set_option("stored", "content_host", host)
    lines = site.sync("stored", rows(shelf, "dokumente"))
    assert lines["dokumente"].undelivered == 4
    assert {r for (r,) in site.ledger("select reason from sync.ledger where entity = 'dokumente'")} == {
        "content_address"
    }
    assert site.sandbox.records("stored", "dokumente") == []


def test_what_the_storage_finds_too_large_is_named_so(site: Site, shelf: Shelf) -> None:
    site.sandbox.set_option("stored", "content_most", "20")
    lines = site.sync("stored", rows(shelf, "dokumente"))
    assert lines["dokumente"].undelivered == 3
    assert {
        r
        for (r,) in site.ledger(
            "select reason from sync.ledger where entity = 'dokumente' and state = 'rejected'"
        )
    } == {"content_too_large"}


def test_a_refused_record_keeps_its_file_for_the_next_try(site: Site, shelf: Shelf) -> None:
    shelf.documents = {"D0": b"x"}
    lines = site.sync("stored", rows(shelf, "dokumente", title="x" * 60))
    assert (lines["dokumente"].rejected, files(site)) == (1, 1)
    lines = site.sync("stored", rows(shelf, "dokumente", title="kurz"))
    assert (lines["dokumente"].created, files(site), len(shelf.reads)) == (1, 1, 1)


def test_a_file_that_the_partner_has_thrown_away_since_is_made_anew(site: Site, shelf: Shelf) -> None:
    shelf.documents = {"D0": b"x"}
    site.sandbox.set_option("stored", "content_seconds", "0")
    site.sync("stored", rows(shelf, "dokumente"))
    site.sandbox.set_option("stored", "content_seconds", "900")
    store = site.sandbox._reader("stored").store
    [file] = store.all("stored", "/files/{id}")
    with store.transaction():
        store.remove("stored", file)
    lines = site.sync("stored", rows(shelf, "dokumente"))
    assert (lines["dokumente"].created, files(site)) == (1, 1)


@pytest.mark.slow
def test_a_file_that_was_thrown_away_before_its_document_was_made_is_made_anew(
    site: Site, shelf: Shelf
) -> None:
    shelf.documents = {"D0": b"x"}
    assert site.sync("stored", rows(shelf, "dokumente", title="x" * 60))["dokumente"].rejected == 1
    store = site.sandbox._reader("stored").store
    [file] = store.all("stored", "/files/{id}")
    with store.transaction():
        store.remove("stored", file)
    lines = site.sync("stored", rows(shelf, "dokumente"))
    assert (lines["dokumente"].created, files(site)) == (1, 1)
    assert hashes(site, "dokumente") == {"D0": sha(b"x")}


def test_a_document_that_leaves_before_it_was_made_leaves_no_file_behind(site: Site, shelf: Shelf) -> None:
    shelf.documents = {"D0": b"x"}
    assert site.sync("stored", rows(shelf, "dokumente", title="x" * 60))["dokumente"].rejected == 1
    assert files(site) == 1
    with files_that_stay():
        site.sync("stored", {"haeuser": HOUSES})
    assert files(site) == 1
    assert any("could not be removed" in note for note in site.notes)
    site.sync("stored", {"haeuser": HOUSES})
    assert files(site) == 0
    before = len(site.sandbox.requests("stored"))
    site.sync("stored", {"haeuser": HOUSES})
    assert len(site.sandbox.requests("stored")) == before


@pytest.mark.slow
def test_a_document_whose_file_changes_before_it_was_made_leaves_no_file_behind(
    site: Site, shelf: Shelf
) -> None:
    shelf.documents = {"D0": b"x"}
    assert site.sync("stored", rows(shelf, "dokumente", title="x" * 60))["dokumente"].rejected == 1
    shelf.documents = {"D0": b"anders"}
    assert site.sync("stored", rows(shelf, "dokumente"))["dokumente"].created == 1
    assert (files(site), hashes(site, "dokumente")) == (1, {"D0": sha(b"anders")})


def test_a_renamed_file_is_a_new_one(site: Site, shelf: Shelf) -> None:
    shelf.documents = {"D0": b"x"}
    site.sync("stored", rows(shelf, "dokumente"))
    renamed = rows(shelf, "dokumente")
    renamed["dokumente"][0]["fileId"]["dateiname"] = "anders.pdf"
    site.sync("stored", renamed)
    [file] = site.sandbox._reader("stored").store.all("stored", "/files/{id}")
    assert file.body["name"] == "anders.pdf"


def test_a_refused_field_of_a_step_is_named_with_the_setting_that_it_comes_from(
    site: Site, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__STORED__FILE_TYPE", "100")
    shelf.documents = {"D0": b"x"}
    assert site.sync("stored", rows(shelf, "dokumente"))["dokumente"].rejected == 1
    assert site.ledger("select fields from sync.ledger where entity = 'dokumente'") == [
        ("typeId (DESTINATION__STORED__FILE_TYPE)",)
    ]


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("FILE_TYPE", "pdf", "is 'pdf'; allowed: id number or empty (Ask for it)"),
        ("FILE_TYPE", "0", "is '0'; allowed: id number or empty (Ask for it)"),
        ("CONTENT_SECONDS", "0", "a number above 0 is needed (seconds)"),
        ("CONTENT_SECONDS", "soon", "a number above 0 is needed (seconds)"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused_before_anything_is_sent(
    site: Site, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"DESTINATION__STORED__{setting}", value)
    with pytest.raises(SettingsError, match=f"DESTINATION__STORED__{setting}:? {re.escape(said)}"):
        connector("stored")


@pytest.mark.parametrize(("entity", "path"), [("dokumente", "/_storage/"), ("belege", "/content")])
def test_bytes_may_take_as_long_as_the_setting_says(
    site: Site, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, entity: str, path: str
) -> None:
    monkeypatch.setenv("DESTINATION__STORED__CONTENT_SECONDS", "0.2")
    monkeypatch.setattr("pipelines.api.http.client.TRIES", 1)
    shelf.documents = {"D0": b"x"}
    with through(site, monkeypatch) as middle:

        def decide(_: str, address: str, __: bytes) -> Odd | None:
            if path in address:
                time.sleep(0.6)
            return None

        middle.decide = decide
        assert site.sync("stored", rows(shelf, entity))[entity].undelivered == 1
        monkeypatch.setenv("DESTINATION__STORED__CONTENT_SECONDS", "30")
        assert site.sync("stored", rows(shelf, entity))[entity].undelivered == 0


def test_no_more_documents_are_open_at_once_than_the_setting_says(
    site: Site, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__STORED__CONTENT_IN_FLIGHT", "2")
    monkeypatch.setenv("DESTINATION__STORED__IN_FLIGHT", "8")
    shelf.documents = {f"D{n}": b"x" for n in range(30)}
    site.sync("stored", rows(shelf, "dokumente"))
    assert shelf.most_open == 2


# Requests that a kill or a lost answer meets, by entity, in the order of sending.
# What was processed is the harder half; the other is for the slow suite.
PROCESSED = [
    pytest.param(True, id="processed"),
    pytest.param(False, id="not processed", marks=pytest.mark.slow),
]
MOMENTS = [
    ("dokumente", "POST", "/files$"),
    ("dokumente", "PUT", "/upload$"),
    ("dokumente", "PUT", "/_storage/"),
    ("dokumente", "POST", "/documents$"),
    ("anhaenge", "POST", "/attachments$"),
    ("belege", "PUT", "/receipts/[^/]+$"),
    ("belege", "PUT", "/content$"),
]


@contextmanager
def through(site: Site, patch: pytest.MonkeyPatch) -> Iterator[Between]:
    """All requests go through a server in between, also those to signed addresses."""
    with between(site.sandbox.base_url("stored") + "/api") as middle:
        middle.keeps_host = True
        patch.setenv("DESTINATION__STORED__BASE_URL", middle.url)
        yield middle


def killed_at(
    site: Site, middle: Between, shelf: Path, moment: tuple[str, str], which: int, is_processed: bool
) -> None:
    """Runs a sync in a process of its own, and kills it when such a request comes for the `which`th time."""
    child: list[subprocess.Popen[str]] = []
    met: list[str] = []

    def decide(asked: str, address: str, _: bytes) -> Odd | None:
        if asked != moment[0] or not re.search(moment[1], address.partition("?")[0]):
            return None
        met.append(address)
        if len(met) != which:
            return None
        child[0].send_signal(signal.SIGKILL)
        child[0].wait(30)
        return Odd(502, forward=is_processed)

    middle.decide = decide
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "TEST_SHAPES": str(SHAPES), "TEST_SHELF": str(shelf),
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.push.kill_child", str(site.home), "stored"]
    child.append(
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603
    )
    child[0].communicate(timeout=60)
    assert child[0].returncode == -signal.SIGKILL
    middle.decide = lambda *_: None


def as_it_should_be(site: Site, shelf: Shelf, entity: str, made: Rows, most_files: int) -> None:
    """One record a document, with its bytes, and no more files than that."""
    lines = site.sync("stored", made)
    lines = site.sync("stored", made)
    assert sum(line.undelivered for line in lines.values()) == 0
    records = site.sandbox.records("stored", entity)
    assert sorted(record["number"] for record in records) == sorted(shelf.documents)
    assert hashes(site, entity) == {n: sha(c) for n, c in shelf.documents.items() if isinstance(c, bytes)}
    assert files(site) <= most_files
    before = len(site.sandbox.requests("stored"))
    site.sync("stored", made)
    assert len(site.sandbox.requests("stored")) == before


@pytest.mark.sampled
@pytest.mark.parametrize("is_processed", PROCESSED)
@pytest.mark.parametrize(("entity", "method", "path"), MOMENTS)
def test_a_kill_in_any_step_doubles_nothing_and_shows_no_document_without_bytes(
    site: Site,
    shelf: Shelf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    entity: str,
    method: str,
    path: str,
    is_processed: bool,
) -> None:
    # Else requests of other documents are met in the same moment.
    monkeypatch.setenv("DESTINATION__STORED__IN_FLIGHT", "1")
    shelf.write(tmp_path / "shelf")
    made = rows(shelf, entity)
    with open_database(site.home) as db:
        write_marts(db, "stored", made)
    with through(site, monkeypatch) as middle:
        killed_at(site, middle, tmp_path / "shelf", (method, path), 2, is_processed)
        if entity == "dokumente":
            assert None not in hashes(site, entity).values()
        # Only where the answer was lost nobody knows of a file that was made.
        is_lost_file = path == "/files$" and is_processed
        as_it_should_be(site, shelf, entity, made, 5 if is_lost_file else 4)


@pytest.mark.sampled
@pytest.mark.parametrize("status", [500, pytest.param(504, marks=pytest.mark.slow)])
@pytest.mark.parametrize("is_processed", PROCESSED)
@pytest.mark.parametrize(("entity", "method", "path"), MOMENTS)
def test_a_lost_answer_in_any_step_doubles_nothing(
    site: Site,
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    entity: str,
    method: str,
    path: str,
    is_processed: bool,
    status: int,
) -> None:
    made = rows(shelf, entity)
    with through(site, monkeypatch) as middle:
        met: list[str] = []

        def decide(asked: str, address: str, _: bytes) -> Odd | None:
            if asked != method or not re.search(path, address.partition("?")[0]) or len(met) >= 2:
                return None
            met.append(address)
            return Odd(status, forward=is_processed)

        middle.decide = decide
        site.sync("stored", made)
        assert len(met) == 2
        as_it_should_be(site, shelf, entity, made, 6 if path == "/files$" and is_processed else 4)


def changed_at(site: Site, entity: str, number: str, **fields: Any) -> None:
    """Somebody changes a record at the partner, past its API."""
    reader = site.sandbox._reader("stored")
    resource = reader.resources[load_contract("stored").entities[entity].record]
    [record] = [r for r in reader.store.all("stored", resource.name) if r.body.get("number") == number]
    with reader.store.transaction():
        reader.store.update("stored", replace(record, body={**record.body, **fields}))


@pytest.mark.sampled
@pytest.mark.parametrize("entity", ENTITIES)
def test_verify_finds_nothing_after_a_push_and_adopt_takes_over_and_sends_our_bytes_once(
    site: Site, shelf: Shelf, entity: str
) -> None:
    site.sync("stored", rows(shelf, entity))
    assert verify(site.home, connector("stored")).findings == ()
    with open_database(site.home) as db:
        db.execute("delete from sync.ledger")
    adopt(site.home, connector("stored"), apply=True)
    lines = site.sync("stored", rows(shelf, entity))
    assert (lines[entity].updated, lines[entity].created, lines[entity].undelivered) == (4, 0, 0)
    assert hashes(site, entity) == {number: sha(content) for number, content in shelf.documents.items()}
    assert files(site) == (4 if entity == "dokumente" else 0)
    before = len(site.sandbox.requests("stored"))
    site.sync("stored", rows(shelf, entity))
    assert len(site.sandbox.requests("stored")) == before


def test_verify_sees_another_file_and_other_bytes_and_repair_sends_ours_again(
    site: Site, shelf: Shelf
) -> None:
    made = rows(shelf, "dokumente")
    site.sync("stored", made)
    records = {record["number"]: record for record in site.sandbox.records("stored", "dokumente")}
    changed_at(site, "dokumente", "D1", fileId=records["D2"]["fileId"])
    found = verify(site.home, connector("stored"))
    [finding] = found.findings
    assert (finding.kind, finding.external_id) == ("changed", "D1")
    assert {change.name for change in finding.changes} == {"fileId", "size", "checksum"}
    repair(site.home, load_contract("stored"), found.findings)
    lines = site.sync("stored", made)
    assert (lines["dokumente"].updated, lines["dokumente"].undelivered) == (1, 0)
    assert hashes(site, "dokumente") == {number: sha(content) for number, content in shelf.documents.items()}
    assert verify(site.home, connector("stored")).findings == ()


def test_a_document_that_somebody_deleted_comes_back_with_its_bytes(site: Site, shelf: Shelf) -> None:
    made = rows(shelf, "dokumente")
    site.sync("stored", made)
    site.sandbox.tamper("stored", "dokumente", seed=1, deleted=1)
    found = verify(site.home, connector("stored"))
    assert [finding.kind for finding in found.findings] == ["missing"]
    repair(site.home, load_contract("stored"), found.findings)
    lines = site.sync("stored", made)
    assert (lines["dokumente"].created, lines["dokumente"].undelivered) == (1, 0)
    assert hashes(site, "dokumente") == {number: sha(content) for number, content in shelf.documents.items()}


def test_documents_are_verified_alone(site: Site, shelf: Shelf) -> None:
    site.sync("stored", rows(shelf, "dokumente"))
    changed_at(site, "haeuser", "H1", name="Anders")
    site.sandbox.tamper("stored", "dokumente", seed=1, deleted=1)
    before = len(site.sandbox.requests("stored"))
    found = verify(site.home, connector("stored"), use_case="dokumente")
    assert [(finding.kind, finding.entity) for finding in found.findings] == [("missing", "dokumente")]
    assert {line.entity for line in found.counts} == set(ENTITIES)
    assert not [r.path for r in site.sandbox.requests("stored")[before:] if "/houses" in r.path]


def test_a_plan_counts_documents_and_bytes_and_a_guard_keeps_too_many_back(
    site: Site, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rows(shelf, "dokumente")
    made["dokumente"][0]["fileId"]["groesse_bytes"] = 3 * 2**20
    with open_database(site.home) as db:
        write_marts(db, "stored", made)
    planned = engine.plan(site.home, ["stored"], TODAY)
    [line] = [line for line in planned.counts if line.entity == "dokumente"]
    sizes = sum(len(content) for content in list(shelf.documents.values())[1:])
    assert (line.documents, line.bytes) == (4, 3 * 2**20 + sizes)
    for guard, most in (("documents", 3), ("mebibytes", 2)):
        limits = {**DEFAULTS, guard: replace(DEFAULTS[guard], rows=most)}
        pushed = engine.push(site.home, planned.plan_id, ["stored"], limits, contents=shelf)
        [trip] = pushed.held["stored"].tripped
        assert (trip.guard, trip.entity) == (guard, "dokumente")
        assert pushed.held["stored"].rows[trip.message] == ("D0", "D1", "D2", "D3")
    assert not shelf.reads
    limits = {**DEFAULTS, "documents": replace(DEFAULTS["documents"], rows=3)}
    engine.push(site.home, planned.plan_id, ["stored"], limits, frozenset({"documents"}), contents=shelf)
    assert hashes(site, "dokumente") == {number: sha(content) for number, content in shelf.documents.items()}


def test_no_signed_address_stands_in_a_log_or_in_the_home(
    site: Site, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        site.sync("stored", rows(shelf, "dokumente"))
    assert "signature=" not in caplog.text
    for file in site.home.rglob("*"):
        assert not file.is_file() or b"signature=" not in file.read_bytes(), file


@pytest.mark.slow
@pytest.mark.parametrize("is_processed", PROCESSED)
def test_a_kill_while_the_former_file_is_taken_out_leaves_none_behind(
    site: Site, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_processed: bool
) -> None:
    monkeypatch.setenv("DESTINATION__STORED__IN_FLIGHT", "1")
    site.sync("stored", rows(shelf, "dokumente"))
    shelf.documents["D1"] = b"anders"
    shelf.write(tmp_path / "shelf")
    made = rows(shelf, "dokumente")
    with open_database(site.home) as db:
        write_marts(db, "stored", made)
    site.close()
    with through(site, monkeypatch) as middle:
        killed_at(site, middle, tmp_path / "shelf", ("DELETE", "/files/"), 1, is_processed)
        as_it_should_be(site, shelf, "dokumente", made, 4)


@pytest.mark.slow
def test_a_former_file_that_could_not_be_taken_out_goes_in_the_next_run(site: Site, shelf: Shelf) -> None:
    site.sync("stored", rows(shelf, "dokumente"))
    shelf.documents["D1"] = b"anders"
    with files_that_stay():
        assert site.sync("stored", rows(shelf, "dokumente"))["dokumente"].undelivered == 0
    assert files(site) == 5
    site.sync("stored", rows(shelf, "dokumente"))
    assert files(site) == 4


def test_a_document_that_is_made_anew_takes_the_place_of_its_former_file(site: Site, shelf: Shelf) -> None:
    site.sync("stored", rows(shelf, "dokumente"))
    site.sandbox.tamper("stored", "dokumente", seed=1, deleted=1)
    changed = rows(shelf, "dokumente", title="Schreiben")
    for _ in range(2):
        site.sync("stored", changed)
    assert (len(site.sandbox.records("stored", "dokumente")), files(site)) == (4, 4)


def test_a_new_document_whose_bytes_are_refused_does_not_stay_without_them(site: Site, shelf: Shelf) -> None:
    site.sandbox.set_option("stored", "content_most", "20")
    lines = site.sync("stored", rows(shelf, "belege"))
    fitting = [number for number, content in shelf.documents.items() if len(content) <= 20]
    assert (lines["belege"].created, lines["belege"].rejected) == (len(fitting), 4 - len(fitting))
    assert sorted(record["number"] for record in site.sandbox.records("stored", "belege")) == fitting
    assert site.ledger("select distinct reason, remote_id from sync.ledger where state = 'rejected'") == [
        ("content_too_large", None)
    ]
    site.sandbox.set_option("stored", "content_most", "0")
    shelf.documents["D3"] = b"kurz"
    site.sync("stored", rows(shelf, "belege", stamp="2026-02-02T00:00:00"))
    assert hashes(site, "belege") == {number: sha(content) for number, content in shelf.documents.items()}


def test_a_document_that_was_there_keeps_its_record_where_new_bytes_are_refused(
    site: Site, shelf: Shelf
) -> None:
    site.sync("stored", rows(shelf, "belege"))
    before = hashes(site, "belege")
    shelf.documents["D1"] = b"x" * 50
    site.sandbox.set_option("stored", "content_most", "40")
    assert site.sync("stored", rows(shelf, "belege"))["belege"].rejected == 1
    assert hashes(site, "belege") == before


def test_a_record_without_bytes_that_could_not_be_taken_back_goes_when_its_document_leaves(
    site: Site, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.documents = {"D0": b"x"}
    with through(site, monkeypatch) as middle:
        middle.decide = lambda method, address, _: (
            Odd(403, forward=False) if method == "DELETE" or address.endswith("/content") else None
        )
        assert site.sync("stored", rows(shelf, "belege"))["belege"].undelivered == 1
        assert len(site.sandbox.records("stored", "belege")) == 1
        middle.decide = lambda *_: None
        site.sync("stored", {"haeuser": HOUSES})
    assert site.sandbox.records("stored", "belege") == []


def test_a_body_of_several_parts_that_is_too_large_is_called_so(
    site: Site, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.documents = {"D0": b"x"}
    with through(site, monkeypatch) as middle:
        middle.decide = lambda method, address, _: (
            Odd(413, forward=False) if address.endswith("/attachments") and method == "POST" else None
        )
        site.sync("stored", rows(shelf, "anhaenge"))
    assert site.ledger("select state, reason from sync.ledger where entity = 'anhaenge'") == [
        ("rejected", "content_too_large")
    ]


def test_of_each_reason_one_document_is_told_with_what_is_wrong(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "Brief D0 ä.pdf").write_bytes(b"zu lang")
    shelf = Shelf({number: b"x" for number in ("D0", "D1", "D2")})
    with closing(ContentReader(FolderSource(folder, beside_tables=False), tmp_path)) as reader:
        site.contents = reader
        assert site.sync("stored", rows(shelf, "anhaenge"))["anhaenge"].pending == 3
    size, missing = sorted(site.notes)
    assert size == (
        "Stored: for example document D0: its file has 7 bytes, but groesse_bytes is 1; deliver both again"
    )
    assert re.fullmatch("Stored: for example document D[12]: its file is not there; deliver it, .*", missing)
