"""A partner that takes OpenImmo files: imports that are polled, odd outcomes, and files that are dropped."""

import copy
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from pipelines.api.connector import connector
from pipelines.commands.run import status_report
from pipelines.errors import JournalError, SettingsError
from pipelines.ledger.ledger import open_database
from pipelines.readback.adopt import adopt
from pipelines.readback.verify import verify
from pipelines.settings import Vars
from tests.api import ftp_server
from tests.erp.sftp_server import PASSWORD, USER, Server, serve
from tests.push.between import Between, Odd, between
from tests.push.marts import write_marts
from tests.push.openimmo_rules import broken_rules, schema_errors
from tests.push.shape_stock import FILED
from tests.push.site import TODAY, Rows, Site

ROOT = Path(__file__).resolve().parent.parent.parent

IDS = [row["external_id"] for row in FILED["objekte"]]


def rents(site: Site) -> dict[str, Any]:
    return {r["number"]: (r["rent"], r["adds"]) for r in site.sandbox.records("filed", "objekte")}


def sent(site: Site) -> list[str]:
    return [line for line in site.sent("filed") if line.startswith(("POST", "PUT"))]


def states(site: Site) -> list[Any]:
    return site.ledger("select external_id, state, reason, fields from sync.ledger order by all")


def raised(rows: Rows, by: float = 100) -> Rows:
    """The same with another rent each."""
    found = copy.deepcopy(rows)
    for row in found["objekte"]:
        row["preise"]["nettokaltmiete"] += by
    return found


def test_rows_go_in_one_file_and_are_synced_by_their_own_outcome(shapes: Site) -> None:
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].created, lines["objekte"].delivered, lines["objekte"].undelivered) == (3, 0, 0)
    assert sent(shapes) == ["POST /api/imports 202"]
    assert rents(shapes) == {"001/1/0": ("500.5", 1), "001/1/1": ("501.5", 1), "001/1/2": ("502.5", 1)}
    assert shapes.sync("filed", FILED)["objekte"].unchanged == 3
    assert len(sent(shapes)) == 1


def test_changes_and_removals_go_by_file_too(shapes: Site) -> None:
    shapes.sync("filed", FILED)
    rows = raised({"objekte": FILED["objekte"][:2]})
    lines = shapes.sync("filed", rows)
    assert (lines["objekte"].updated, lines["objekte"].withdrawn) == (2, 1)
    assert rents(shapes) == {"001/1/0": ("600.5", 1), "001/1/1": ("601.5", 1)}
    assert len(sent(shapes)) == 3
    shapes.sync("filed", raised(FILED))
    assert rents(shapes)["001/1/2"] == ("602.5", 1)


def test_what_was_not_told_is_delivered_and_asked_for_in_the_next_run(shapes: Site) -> None:
    shapes.sandbox.set_option("filed", "import_end", "running")
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].created, lines["objekte"].delivered, lines["objekte"].undelivered) == (0, 3, 0)
    assert {(state, reason) for _, state, reason, _ in states(shapes)} == {("delivered", "import_running")}
    shapes.sandbox.set_option("filed", "import_end", "done")
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].delivered, lines["objekte"].unchanged) == (0, 3)
    assert {(state, reason, fields) for _, state, reason, fields in states(shapes)} == {
        ("synced", None, None)
    }
    assert len(sent(shapes)) == 1


def test_one_refused_object_costs_one_object_and_is_not_there(shapes: Site) -> None:
    shapes.sandbox.set_option("filed", "import_reject", "1/1$")
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].created, lines["objekte"].rejected) == (2, 1)
    assert [row[1:3] for row in states(shapes)] == [
        ("synced", None),
        ("rejected", "import_rejected"),
        ("synced", None),
    ]
    shapes.sandbox.set_option("filed", "import_reject", "")
    assert shapes.sync("filed", FILED)["objekte"].created == 1
    assert rents(shapes)["001/1/1"] == ("501.5", 1)


def test_an_object_that_is_refused_one_run_late_is_not_there_and_not_sent_again(shapes: Site) -> None:
    shapes.sandbox.set_options({"filed.import_reject": "1/1$", "filed.import_end": "running"})
    assert shapes.sync("filed", FILED)["objekte"].delivered == 3
    shapes.sandbox.set_option("filed", "import_end", "done")
    for _ in range(2):
        lines = shapes.sync("filed", FILED)
        assert (lines["objekte"].unchanged, lines["objekte"].rejected) == (2, 1)
    assert len(sent(shapes)) == 1
    shapes.sandbox.set_option("filed", "import_reject", "")
    assert shapes.sync("filed", raised(FILED))["objekte"].undelivered == 0
    assert rents(shapes)["001/1/1"] == ("601.5", 1)


def test_an_object_without_what_each_must_have_is_not_sent_and_costs_no_other(shapes: Site) -> None:
    rows = copy.deepcopy(FILED)
    rows["objekte"][1]["geo"] = {"plz": None, "ort": " ", "strasse": "Parkstr."}
    lines = shapes.sync("filed", rows)
    assert (lines["objekte"].created, lines["objekte"].rejected) == (2, 1)
    assert states(shapes)[1] == ("001/1/1", "rejected", "missing_field", "geo")
    assert sorted(rents(shapes)) == ["001/1/0", "001/1/2"]


def test_a_file_that_is_too_large_is_sent_in_halves(shapes: Site) -> None:
    shapes.sandbox.set_option("filed", "import_most", "1")
    assert shapes.sync("filed", FILED)["objekte"].created == 3
    assert sent(shapes) == ["POST /api/imports 413", "POST /api/imports 413", *["POST /api/imports 202"] * 3]


@pytest.mark.sampled
@pytest.mark.parametrize("results", ["none", "odd", "twice"])
def test_outcomes_that_are_missing_unknown_or_told_in_two_ways_are_not_believed(
    shapes: Site, results: str
) -> None:
    shapes.sandbox.set_option("filed", "import_results", results)
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].created, lines["objekte"].delivered) == (0, 3)
    assert {row[1:] for row in states(shapes)} == {("delivered", "not_confirmed", None)}
    shapes.sandbox.set_option("filed", "import_results", "all")
    assert shapes.sync("filed", FILED)["objekte"].delivered == 3  # nothing asks any more, and nothing is sent
    assert len(sent(shapes)) == 1
    lines = shapes.sync("filed", raised(FILED))
    assert (lines["objekte"].updated, lines["objekte"].delivered) == (3, 0)
    assert rents(shapes)["001/1/0"] == ("600.5", 1)


def test_a_removal_that_nobody_confirmed_is_told_and_what_returns_is_no_new_object(shapes: Site) -> None:
    shapes.sync("filed", FILED)
    shapes.sandbox.set_option("filed", "import_results", "none")
    lines = shapes.sync("filed", {"objekte": FILED["objekte"][:2]})
    assert (lines["objekte"].withdrawn, lines["objekte"].delivered) == (0, 1)
    assert states(shapes)[2] == ("001/1/2", "withdrawn", "removal_delivered", None)
    shapes.sandbox.set_option("filed", "import_results", "all")
    before = len(sent(shapes))
    assert shapes.sync("filed", {"objekte": FILED["objekte"][:2]})["objekte"].delivered == 1
    assert len(sent(shapes)) == before
    assert shapes.sync("filed", FILED)["objekte"].updated == 1


@pytest.mark.sampled
@pytest.mark.parametrize("end", ["failed", "no_id"])
def test_an_import_that_fails_or_cannot_be_asked_for_goes_again_as_a_change(shapes: Site, end: str) -> None:
    shapes.sandbox.set_option("filed", "import_end", end)
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].created, lines["objekte"].pending) == (0, 3)
    shapes.sandbox.set_option("filed", "import_end", "done")
    assert shapes.sync("filed", FILED)["objekte"].undelivered == 0
    assert rents(shapes)["001/1/0"] == ("500.5", 1)  # never twice a new object


def age(site: Site, hours: int) -> None:
    """As if all had been handed over so many hours earlier."""
    site.ledger(f"update sync.ledger set last_synced_at = last_synced_at - interval {hours} hours")


def overdue(site: Site) -> dict[str, int]:
    """What `status` shows by state and reason."""
    found = status_report(site.home, Vars(TODAY, "csv", {"filed": {"aktiv": True}}))
    return {f"{line.state} {line.reason}": line.rows for line in found.ledger}


@pytest.mark.sampled
@pytest.mark.parametrize(("end", "results"), [("running", "all"), ("done", "none")])
def test_what_is_not_confirmed_in_two_days_counts_as_not_done_until_it_is(
    shapes: Site, end: str, results: str
) -> None:
    shapes.sandbox.set_options({"filed.import_end": end, "filed.import_results": results})
    shapes.sync("filed", FILED)
    age(shapes, 47)
    line = shapes.sync("filed", FILED)["objekte"]
    assert (line.delivered, line.pending, line.undelivered) == (3, 0, 0)
    age(shapes, 2)
    for _ in range(2):
        line = shapes.sync("filed", FILED)["objekte"]
        assert (line.delivered, line.pending, line.undelivered) == (0, 3, 3)
        assert overdue(shapes) == {"delivered confirmation_overdue": 3}
    assert len(sent(shapes)) == 1  # nobody knows whether it is there
    shapes.sandbox.set_options({"filed.import_end": "done", "filed.import_results": "all"})
    if end == "done":  # nothing asks any more
        assert shapes.sync("filed", FILED, retry_rejected=True)["objekte"].updated == 3
        assert len(sent(shapes)) == 2
    line = shapes.sync("filed", FILED)["objekte"]
    assert (line.delivered, line.undelivered, overdue(shapes)) == (0, 0, {"synced None": 3})
    assert {adds for _, adds in rents(shapes).values()} == {1}  # never twice a new object


def test_a_removal_that_is_not_confirmed_in_two_days_counts_as_not_done_and_can_go_again(
    shapes: Site,
) -> None:
    shapes.sync("filed", FILED)
    rows = {"objekte": FILED["objekte"][:2]}
    shapes.sandbox.set_option("filed", "import_results", "none")
    shapes.sync("filed", rows)
    age(shapes, 49)
    line = shapes.sync("filed", rows)["objekte"]
    assert (line.delivered, line.pending, line.undelivered) == (0, 1, 1)
    assert states(shapes)[2][1:3] == ("withdrawn", "confirmation_overdue")
    shapes.sync("filed", rows, retry_rejected=True)
    assert states(shapes)[2][1:3] == ("withdrawn", "removal_delivered")
    assert len(sent(shapes)) == 3
    age(shapes, 49)
    shapes.sync("filed", rows)
    shapes.sandbox.set_option("filed", "import_results", "all")
    line = shapes.sync("filed", rows, retry_rejected=True)["objekte"]
    assert (line.withdrawn, line.delivered, line.undelivered) == (1, 0, 0)
    # One that returns is a change, as it may be there.
    shapes.sandbox.set_option("filed", "import_results", "none")
    shapes.sync("filed", {"objekte": rows["objekte"][:1]})
    age(shapes, 49)
    shapes.sync("filed", {"objekte": rows["objekte"][:1]})
    assert states(shapes)[1][1:3] == ("withdrawn", "confirmation_overdue")
    shapes.sandbox.set_option("filed", "import_results", "all")
    assert shapes.sync("filed", rows)["objekte"].updated == 1
    assert states(shapes)[1][1:3] == ("synced", None)


def test_how_long_a_confirmation_may_take_is_set_and_never_takes_the_mark_away(
    shapes: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "DESTINATION__FILED__CONFIRMED_WITHIN"
    shapes.sandbox.set_option("filed", "import_results", "none")
    shapes.sync("filed", FILED)
    shapes.sync("filed", {"objekte": FILED["objekte"][:2]})
    age(shapes, 3)
    for hours, pending in (("2.5", 3), ("3.5", 0), ("1", 3), ("Never", 0), ("1e300", 0)):
        monkeypatch.setenv(key, hours)
        line = shapes.sync("filed", {"objekte": FILED["objekte"][:2]})["objekte"]
        assert (line.pending, line.delivered) == (pending, 3 - pending), hours
    assert [row[1:3] for row in states(shapes)] == [
        ("delivered", "not_confirmed"),
        ("delivered", "not_confirmed"),
        ("withdrawn", "removal_delivered"),
    ]
    for wrong in ("soon", "0", "-1", "nan"):
        monkeypatch.setenv(key, wrong)
        with pytest.raises(
            SettingsError, match=r"CONFIRMED_WITHIN: a number above 0 is needed \(hours\), or never"
        ):
            connector("filed")


@pytest.fixture
def middle(shapes: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    with between(shapes.sandbox.base_url("filed")) as found:
        monkeypatch.setenv("DESTINATION__FILED__BASE_URL", found.url)
        yield found


def says(method: str, code: int = 200, times: int = 1000, **body: Any) -> Any:
    """The first requests with this method are answered so, and do not reach the partner."""
    left = [times]

    def decide(asked: str, _: str, __: bytes) -> Odd | None:
        if asked != method or not left[0]:
            return None
        left[0] -= 1
        return Odd(code, json.dumps(body).encode())

    return decide


def results(word: str) -> list[dict[str, str]]:
    return [{"objectNumber": number, "result": word} for number in IDS]


def test_an_answer_to_a_file_that_tells_of_errors_delivers_nothing(shapes: Site, middle: Between) -> None:
    middle.decide = says("POST", **{"success": False, "import": {"id": "I9"}})
    assert shapes.sync("filed", FILED)["objekte"].pending == 3
    assert {row[1:] for row in states(shapes)} == {("pending", "errors_in_answer", None)}
    middle.decide = lambda *_: None
    assert shapes.sync("filed", FILED)["objekte"].undelivered == 0
    assert {adds for _, adds in rents(shapes).values()} == {0}  # as a change: it may have been taken


def test_the_outcome_of_another_import_is_not_believed(shapes: Site, middle: Between) -> None:
    shapes.sandbox.set_option("filed", "import_polls", "0")
    other: dict[str, Any] = {"import": {"id": "I0"}, "status": "DONE", "results": results("CREATED")}
    middle.decide = says("GET", **other)
    assert shapes.sync("filed", FILED)["objekte"].delivered == 3
    assert {row[1:3] for row in states(shapes)} == {("delivered", "import_running")}
    middle.decide = says("GET", times=1, **other)
    assert shapes.sync("filed", FILED)["objekte"].delivered == 3
    assert shapes.sync("filed", FILED)["objekte"].unchanged == 3
    assert len(sent(shapes)) == 1


def test_an_import_that_failed_syncs_no_object_whatever_it_says_of_it(shapes: Site, middle: Between) -> None:
    told = [*results("CREATED")[:2], {"objectNumber": IDS[2], "result": "REJECTED"}]
    middle.decide = says("GET", status="FAILED", results=told)
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].created, lines["objekte"].pending, lines["objekte"].rejected) == (0, 2, 1)
    assert [row[1:3] for row in states(shapes)] == [
        ("pending", "import_failed"),
        ("pending", "import_failed"),
        ("rejected", "import_rejected"),
    ]
    middle.decide = lambda *_: None
    assert shapes.sync("filed", FILED)["objekte"].undelivered == 0
    assert b"".join(body for method, _, body, _ in middle.seen if method == "POST").count(b"CHANGE") == 2


def test_an_import_that_shows_itself_late_is_asked_for_again(shapes: Site, middle: Between) -> None:
    shapes.sandbox.set_option("filed", "import_polls", "0")
    middle.decide = says("GET", 404, times=1)
    assert shapes.sync("filed", FILED)["objekte"].created == 3
    middle.decide = says("GET", 404)
    assert shapes.sync("filed", raised(FILED))["objekte"].delivered == 3
    assert {row[1:3] for row in states(shapes)} == {("delivered", "import_running")}
    middle.decide = lambda *_: None
    assert shapes.sync("filed", raised(FILED))["objekte"].unchanged == 3
    assert len(sent(shapes)) == 2


def test_an_import_that_never_shows_itself_is_asked_for_no_more_after_a_day(
    shapes: Site, middle: Between
) -> None:
    middle.decide = says("GET", 404)
    for age, reason in (("23 hours", "import_running"), ("2 hours", "not_confirmed")):
        shapes.sync("filed", FILED)
        shapes.ledger(f"update sync.ledger set last_synced_at = last_synced_at - interval {age}")
        shapes.sync("filed", FILED)
        assert {row[1:3] for row in states(shapes)} == {("delivered", reason)}
    assert len(sent(shapes)) == 1


def test_a_file_whose_answer_was_lost_goes_again_as_a_change(shapes: Site) -> None:
    shapes.sandbox.set_options(
        {"filed.fault_on": "POST .*/imports", "filed.cut_after_rate": "100", "filed.fault_limit": "1"}
    )
    assert shapes.sync("filed", FILED)["objekte"].pending == 3
    assert shapes.sync("filed", FILED)["objekte"].undelivered == 0
    assert {adds for _, adds in rents(shapes).values()} == {1}


def test_it_waits_while_another_import_runs_and_tells_so_in_the_end(shapes: Site) -> None:
    shapes.sandbox.set_option("filed", "import_busy", "2")
    assert shapes.sync("filed", FILED)["objekte"].created == 3
    shapes.sandbox.set_option("filed", "import_busy", "100")
    shapes.sync("filed", raised(FILED))
    assert {row[1:3] for row in states(shapes)} == {("pending", "import_busy")}


CHILD = """
import sys
from pathlib import Path
import pipelines.partners
from pipelines.contract import contract
from tests.push.shape_stock import SHAPES
from tests.push.kill_child import main
contract.FOLDER = SHAPES
pipelines.partners.__path__ = [*pipelines.partners.__path__, str(SHAPES)]
main(Path(sys.argv[1]), ["filed"])
"""


def test_a_kill_between_upload_and_outcome_makes_nothing_a_second_new_object(shapes: Site) -> None:
    shapes.sandbox.set_option("filed", "import_end", "running")
    with open_database(shapes.home) as db:
        write_marts(db, "filed", FILED)
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(shapes.home)], cwd=ROOT)  # noqa: S603
    until = time.monotonic() + 120
    while not any("GET /api/imports/" in line for line in shapes.sent("filed")):
        assert time.monotonic() < until
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    shapes.sandbox.set_option("filed", "import_end", "done")
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].unchanged, lines["objekte"].delivered, lines["objekte"].undelivered) == (3, 0, 0)
    assert len(sent(shapes)) == 1  # the import that was noted is asked for, and nothing is sent again
    assert {adds for _, adds in rents(shapes).values()} == {1}


def test_intents_without_an_outcome_go_again_as_changes(
    shapes: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> Any:
        raise JournalError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.push.sender.Sender.settle", gone)
        shapes.sync("filed", FILED)
    assert shapes.sync("filed", FILED)["objekte"].undelivered == 0
    assert {adds for _, adds in rents(shapes).values()} == {1}
    assert len(sent(shapes)) == 2


def test_what_is_there_is_adopted_and_read_back_by_its_number(shapes: Site) -> None:
    shapes.sync("filed", FILED)
    assert verify(shapes.home, connector("filed")).findings == ()
    shapes.ledger("delete from sync.ledger")
    found = adopt(shapes.home, connector("filed"), apply=True)
    assert [(c.by_external_id, c.to_create) for c in found.counts] == [(3, 0)]


# ---- dropped into a folder


@pytest.fixture
def folder(shapes: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Server]]:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with serve(inbox, writable=True) as server:
        for key, value in {
            "intake": "sftp",
            "intake_url": server.url("/"),
            "intake_username": USER,
            "intake_password": PASSWORD,
            "intake_known_hosts": str(server.known_hosts(tmp_path / "known_hosts")),
        }.items():
            monkeypatch.setenv(f"DESTINATION__FILED__{key.upper()}", value)
        yield inbox, server


def test_a_zip_is_dropped_whole_and_stays_delivered(shapes: Site, folder: tuple[Path, Server]) -> None:
    inbox, _ = folder
    lines = shapes.sync("filed", FILED)
    assert (lines["objekte"].created, lines["objekte"].delivered, lines["objekte"].undelivered) == (0, 3, 0)
    [file] = inbox.iterdir()
    assert file.suffix == ".zip"
    document = ZipFile(file).read("openimmo.xml")
    assert broken_rules(document) == []
    assert schema_errors(document) in ([], None)
    assert document.count(b"<aktion />") == 3
    assert shapes.sync("filed", FILED)["objekte"].delivered == 3
    assert len(list(inbox.iterdir())) == 1
    shapes.sync("filed", {"objekte": raised(FILED)["objekte"][:2]})
    assert len(list(inbox.iterdir())) == 3
    actions = b"".join(ZipFile(one).read("openimmo.xml") for one in inbox.iterdir())
    assert (actions.count(b"CHANGE"), actions.count(b"DELETE")) == (2, 1)
    assert sent(shapes) == []


def test_a_folder_that_takes_nothing_stops_the_partner_and_leaves_no_half(
    shapes: Site, folder: tuple[Path, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, server = folder
    monkeypatch.setenv("DESTINATION__FILED__INTAKE_PASSWORD", "wrong")
    shapes.sync("filed", FILED)
    assert "the login was refused" in shapes.stopped["filed"]
    assert "wrong" not in shapes.stopped["filed"]
    assert {row[1:3] for row in states(shapes)} == {("pending", "not_handed_over")}
    monkeypatch.setenv("DESTINATION__FILED__INTAKE_PASSWORD", PASSWORD)
    monkeypatch.setenv("DESTINATION__FILED__INTAKE_URL", server.url("/nowhere"))
    shapes.sync("filed", FILED)
    assert list(inbox.iterdir()) == []
    monkeypatch.setenv("DESTINATION__FILED__INTAKE_URL", server.url("/"))
    shapes.sync("filed", FILED)
    [file] = inbox.iterdir()
    assert ZipFile(file).read("openimmo.xml").count(b"<aktion />") == 3


@pytest.mark.sampled
@pytest.mark.parametrize("shows_files", [True, False])
def test_a_file_that_may_have_been_taken_is_not_dropped_twice(
    shapes: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shows_files: bool
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with ftp_server.serve(inbox, ftp_server.certificate(tmp_path)) as server:
        for key, value in {
            "intake": "ftps",
            "intake_url": server.url("/"),
            "intake_username": ftp_server.USER,
            "intake_password": ftp_server.PASSWORD,
            "intake_ca_file": str(server.certificate),
        }.items():
            monkeypatch.setenv(f"DESTINATION__FILED__{key.upper()}", value)
        server.dies, server.times = "RNTO+", 1
        server.refuses = {} if shows_files else {"SIZE": "550 no"}
        shapes.sync("filed", FILED)
        assert len(list(inbox.iterdir())) == 1
        assert {row[1:3] for row in states(shapes)} == {
            ("delivered", "not_confirmed") if shows_files else ("pending", "not_handed_over")
        }
        assert "filed" not in shapes.stopped
        shapes.sync("filed", FILED)
        documents = [ZipFile(one).read("openimmo.xml") for one in sorted(inbox.iterdir())]
        assert [document.count(b"CHANGE") for document in documents] == ([0] if shows_files else [0, 3])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("INTAKE", "pigeon", "INTAKE is 'pigeon'; allowed: http, sftp, ftps, ftp"),
        ("INTAKE_URL", "ftp://host/x", "INTAKE_URL: an address such as sftp://host/folder is needed"),
        ("INTAKE_URL", "sftp://me:secret@host/x", "credentials do not belong into an address"),
    ],
)
def test_a_wrong_way_in_is_refused_before_anything_is_sent(
    shapes: Site,
    folder: tuple[Path, Server],
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(f"DESTINATION__FILED__{key}", value)
    with pytest.raises(SettingsError) as refused:
        connector("filed")
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
