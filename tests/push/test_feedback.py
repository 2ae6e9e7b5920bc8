"""Feedback files of a partner that takes files: they confirm or refuse what was dropped, or change nothing."""

import copy
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest

from pipelines.api.connector import connector
from pipelines.api.files import inbox as files
from pipelines.commands.run import status_report
from pipelines.errors import SettingsError
from pipelines.ledger.ledger import open_database
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine
from pipelines.push.delivered import write_outcome
from pipelines.push.recovery import recover
from pipelines.settings import Vars
from tests.api import ftp_server
from tests.erp import sftp_server
from tests.push.marts import write_marts
from tests.push.shape_stock import FILED
from tests.push.site import TODAY, Rows, Site

IDS = [row["external_id"] for row in FILED["objekte"]]
PERSON = "Erfunden-Musterfrau"
LATER = timedelta(minutes=5)
BERLIN = ZoneInfo("Europe/Berlin")


def feedback(
    there: Sequence[str] = (),
    refused: Mapping[str, str] | None = None,
    datum: str = "",
    is_asked_for: bool = True,
    more: str = "",
) -> str:
    """A feedback file about objects, in which somebody asks for each that is there."""
    person = f"<interessent><nachname>{PERSON}</nachname><email>{PERSON}@example.org</email></interessent>"
    asks = person if is_asked_for else ""
    objects = "".join(f"<objekt><oobj_id> {one} </oobj_id>{asks}</objekt>" for one in there)
    errors = "".join(
        f"<fehler><objekt_id>{number}</objekt_id><fehlernr>{code}</fehlernr><text>{PERSON} fehlt</text></fehler>"
        for number, code in (refused or {}).items()
    )
    listed = f"<fehlerliste>{errors}</fehlerliste>" if errors else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><openimmo_feedback><version>1.2.5</version>'
        f"<sender><name>Portal</name><datum>{datum}</datum><makler_id>1</makler_id></sender>"
        f"{objects}{listed}{more}</openimmo_feedback>"
    )


class Answers:
    """The folder in which the partner leaves its feedback, and what a run makes of it."""

    def __init__(self, site: Site, folder: Path):
        self.site, self.folder = site, folder
        self.notes: tuple[str, ...] = ()

    def say(self, text: str | bytes, name: str = "a.xml", age: timedelta = -LATER) -> None:
        """Leaves a file that is so old; by default it is written after everything that was dropped."""
        file = self.folder / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        moment = (datetime.now(UTC) - age).timestamp()
        os.utime(file, (moment, moment))

    def sync(self, rows: Rows = FILED, day: date = TODAY, retry: bool = False) -> Any:
        """The line of the closing table."""
        with open_database(self.site.home) as db:
            write_marts(db, "filed", rows)
        recover(self.site.home, ["filed"])
        made = engine.plan(self.site.home, ["filed"], day, retry_rejected=retry)
        pushed = engine.push(self.site.home, made.plan_id, ["filed"], DEFAULTS)
        self.notes = pushed.notes
        return pushed.lines[0]

    def states(self) -> list[Any]:
        return self.site.ledger("select external_id, state, reason, fields from sync.ledger order by all")


UNCONFIRMED = [(one, "delivered", "not_confirmed", None) for one in IDS]


def environ(monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str]) -> None:
    for key, value in values.items():
        monkeypatch.setenv(f"DESTINATION__FILED__{key.upper()}", value)


@pytest.fixture(params=["sftp", "ftps", "ftp"])
def remote(
    request: Any, shapes: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Answers, Path]]:
    """Files are dropped into one folder of a server, and feedback lies in another."""
    root = tmp_path / "server"
    for name in ("in", "out"):
        (root / name).mkdir(parents=True)
    if request.param == "sftp":
        made: Any = sftp_server.serve(root, writable=True)
        user, password = sftp_server.USER, sftp_server.PASSWORD
    else:
        made = ftp_server.serve(root, ftp_server.certificate(tmp_path), request.param)
        user, password = ftp_server.USER, ftp_server.PASSWORD
    with made as server:
        environ(
            monkeypatch,
            {
                "intake": request.param,
                "intake_url": server.url("/in"),
                "feedback_url": server.url("/out"),
                "intake_username": user,
                "intake_password": password,
            },
        )
        if request.param == "sftp":
            known = server.known_hosts(tmp_path / "known_hosts")
            environ(monkeypatch, {"intake_known_hosts": str(known)})
        if request.param == "ftps":
            environ(monkeypatch, {"intake_ca_file": str(server.certificate)})
        yield Answers(shapes, root / "out"), root / "in"


@pytest.fixture
def local(shapes: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """Files are dropped by FTP, and feedback lies in a folder of this machine; three objects are dropped."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    with ftp_server.serve(tmp_path / "in", ftp_server.certificate(tmp_path), "ftp") as server:
        environ(
            monkeypatch,
            {
                "intake": "ftp",
                "intake_url": server.url("/"),
                "feedback_url": str(tmp_path / "out"),
                "intake_username": ftp_server.USER,
                "intake_password": ftp_server.PASSWORD,
            },
        )
        answers = Answers(shapes, tmp_path / "out")
        assert answers.sync().delivered == 3
        yield answers


def test_feedback_on_a_server_confirms_and_refuses_by_number(
    remote: tuple[Answers, Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers, inbox = remote
    line = answers.sync()
    assert (line.created, line.delivered, line.undelivered) == (0, 3, 0)
    [dropped] = inbox.iterdir()
    assert dropped.suffix == ".zip"
    answers.say(feedback(IDS[:1], {IDS[1]: "17"}))
    recover(answers.site.home, ["filed"])
    assert answers.states() == [
        (IDS[0], "synced", None, None),
        (IDS[1], "rejected", "import_rejected", "fehlernr 17"),
        (IDS[2], "delivered", "not_confirmed", None),
    ]
    line = answers.sync()
    assert (line.unchanged, line.delivered, line.rejected) == (1, 1, 1)  # what was refused is not sent again
    assert answers.notes == ()
    assert len(list(inbox.iterdir())) == 1
    assert (answers.folder / "a.xml").exists()
    everything = str(answers.site.ledger("from sync.ledger")) + str(answers.site.ledger("from sync.attempts"))
    assert PERSON not in everything + caplog.text + str(answers.site.ledger("from sync.feedback"))


def test_what_was_confirmed_changes_as_ever(local: Answers) -> None:
    local.say(feedback(IDS))
    assert (local.sync().unchanged, local.states()[0]) == (3, (IDS[0], "synced", None, None))
    line = local.sync({"objekte": FILED["objekte"][:2]})
    assert (line.delivered, local.states()[2][1:3]) == (1, ("withdrawn", "removal_delivered"))


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("is_asked_for", "refused", "state", "note"),
    [
        (False, False, ("withdrawn", "deleted"), ""),
        (True, False, ("withdrawn", "removal_delivered"), "removed objects that are still asked for (1)"),
        (False, True, ("rejected", "import_rejected"), ""),
    ],
)
def test_a_removal_is_settled_by_what_is_said_of_it_but_not_by_who_asks_for_the_object(
    local: Answers, is_asked_for: bool, refused: bool, state: tuple[str, str], note: str
) -> None:
    left = {"objekte": FILED["objekte"][:2]}
    local.sync(left)
    told = {IDS[2]: "9"} if refused else {}
    local.say(feedback([] if refused else [IDS[2]], told, is_asked_for=is_asked_for))
    recover(local.site.home, ["filed"])
    assert local.states()[2][1:3] == state
    local.sync(left)
    assert note in "".join(local.notes)
    assert bool(local.notes) == bool(note)


WHOLE = feedback(IDS)
ENTITY = '<!DOCTYPE openimmo_feedback [<!ENTITY a "001/1/0">]>'


OLD = "handed over after it was written, or it does not say when (3)"
NOTHING: list[tuple[str | bytes, str]] = [
    (WHOLE[:-30], "is not well-formed, or only a part of it is there"),
    ("", "is not well-formed"),
    ("no xml", "is not well-formed"),
    (b"\xff\xfe\x00\x01", "is not well-formed"),
    (WHOLE.replace("UTF-8", "unheard-of"), "is not well-formed"),
    (WHOLE.replace("<openimmo_feedback>", f"{ENTITY}<openimmo_feedback>"), "has a DOCTYPE"),
    (
        WHOLE.replace("<openimmo_feedback>", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><openimmo_feedback>'),
        "has a DOCTYPE",
    ),
    ("<openimmo><uebertragung/></openimmo>", "is no OpenImmo feedback"),
    (f"<mail>{WHOLE.partition('?>')[2]}</mail>", "is no OpenImmo feedback"),
    ("<openimmo_feedback>" + "<a>" * 5000 + "</a>" * 5000 + "</openimmo_feedback>", "is nested too deep"),
    (feedback(["4711", PERSON]), "changed nothing for objects that are not ours (2)"),
    (feedback(IDS, dict.fromkeys(IDS, "1")), "objects that it names both as there and as refused (3)"),
    (feedback(IDS, datum="2020-01-31"), OLD),
    (feedback(IDS, datum="31.01.2020"), OLD),
    (feedback(IDS, datum="31.01.2020 12:30"), OLD),
    (feedback(IDS, datum="2020-01-31T12:30:00Z"), OLD),
    (
        feedback(more=f"<fehlerliste><fehler><text>{PERSON}</text></fehler></fehlerliste>"),
        "errors without an object (1)",
    ),
]


def test_what_is_no_feedback_of_these_objects_changes_nothing_and_is_told_once(local: Answers) -> None:
    for place, (text, _) in enumerate(NOTHING):
        local.say(text, f"{place:02d}.xml")
    assert local.sync().delivered == 3
    assert local.states() == UNCONFIRMED
    assert len(local.notes) == len(NOTHING)
    for place, (_, note) in enumerate(NOTHING):
        assert local.notes[place].startswith(f"Filed, feedback {place:02d}.xml: ")
        assert note in local.notes[place]
        assert PERSON not in local.notes[place]
    local.sync()
    assert local.notes == ()


@pytest.mark.sampled
@pytest.mark.parametrize(
    "dates", [("{:%Y-%m-%d}", "{:%d.%m.%Y}", "{:%Y-%m-%dT%H:%M:%S%z}"), ("", "soon", "9999-12-31")]
)
def test_a_date_in_any_form_that_is_not_before_the_drop_is_taken(
    local: Answers, dates: tuple[str, ...]
) -> None:
    for number, datum in zip(IDS, dates, strict=True):
        told = feedback([number], datum=datum.format(datetime.now(BERLIN) + LATER))
        local.say(told, f"{number[-1]}.xml")
    assert (local.sync().unchanged, local.notes) == (3, ())


def test_a_file_that_is_older_than_the_last_drop_changes_nothing(local: Answers) -> None:
    local.say(feedback(IDS), age=timedelta(hours=1))
    local.sync()
    assert local.states() == UNCONFIRMED
    assert OLD in local.notes[0]


def test_a_half_file_counts_once_all_of_it_is_there(local: Answers) -> None:
    local.say(WHOLE[: len(WHOLE) // 2])
    local.sync()
    assert "only a part of it is there" in local.notes[0]
    local.say(WHOLE)
    assert (local.sync().unchanged, local.notes) == (3, ())


def test_a_file_that_is_read_twice_is_told_and_does_nothing_again(local: Answers) -> None:
    local.say(feedback(IDS[:1]))
    local.sync()
    assert local.notes == ()
    local.say(feedback(IDS[:1]), age=-2 * LATER)  # touched
    local.say(feedback(IDS[:1]), "b.xml")
    local.sync()
    assert local.notes == ("Filed, feedback b.xml: was read before under another name",)
    assert local.site.ledger("select count(*) from sync.attempts where state = 'synced'") == [(1,)]


def test_a_refusal_of_what_was_confirmed_before_is_told(local: Answers) -> None:
    local.say(feedback(IDS[:1]), "a.xml")
    local.say(feedback((), {IDS[0]: "3"}), "b.xml", -2 * LATER)
    local.sync()
    assert local.states()[0][1] == "synced"
    [told] = local.notes
    assert "b.xml: changed nothing for objects of which it was told otherwise before (1)" in told


def raised(by: int = 100) -> Rows:
    """The same with another rent of the first object."""
    found = copy.deepcopy(FILED)
    found["objekte"][0]["preise"]["nettokaltmiete"] += by
    return found


def dropped(answers: Answers) -> list[str]:
    """How the first object stands in each file that was dropped, the oldest first: as a new one, or changed."""
    found = []
    for file in sorted((answers.folder.parent / "in").iterdir()):
        for one in ZipFile(file).read("openimmo.xml").decode().split("</immobilie>"):
            if f">{IDS[0]}<" in one:
                found.append("CHANGE" if "CHANGE" in one else "new")
    return found


def refuse(answers: Answers, again: int) -> None:
    """The first object is refused, in a file later than those before."""
    told = feedback((), {IDS[0]: "3"}, more=f"<!-- {again} -->")
    answers.say(told, f"{again}.xml", -LATER * (again + 1))


def test_what_is_refused_is_not_sent_again_until_it_changes_or_is_asked_for(local: Answers) -> None:
    for again in range(2):
        refuse(local, again)
        line = local.sync()
        assert (line.rejected, line.delivered, line.undelivered) == (1, 2, 1)
        assert local.states()[0] == (IDS[0], "rejected", "import_rejected", "fehlernr 3")
    assert dropped(local) == ["new"]
    assert local.sync(retry=True).delivered == 3
    refuse(local, 2)
    assert (local.sync().rejected, dropped(local)) == (1, ["new", "new"])  # it was never taken
    assert local.sync(raised()).delivered == 3
    assert dropped(local) == ["new", "new", "new"]


@pytest.mark.sampled
@pytest.mark.parametrize("was_confirmed", [True, False])
def test_a_refused_change_of_what_may_be_there_goes_again_as_a_change(
    local: Answers, was_confirmed: bool
) -> None:
    if was_confirmed:
        local.say(feedback(IDS))
    local.sync()
    local.sync(raised())
    refuse(local, 0)
    assert local.sync(raised()).rejected == 1
    assert local.sync(raised(200)).rejected == 0
    assert dropped(local) == ["new", "CHANGE", "CHANGE"]


def test_files_are_bounded_in_size_and_number(local: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 2)
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    local.say(feedback(IDS, more="<!--" + "x" * 1000 + "-->"), "0.xml", age=timedelta())
    for place, number in enumerate(IDS, 1):
        local.say(feedback([number]), f"{place}.xml")
    assert local.sync().delivered == 2
    assert any("0.xml: is larger than" in note for note in local.notes)
    assert any("feedback: 2 files are left for the next run" in note for note in local.notes)
    assert (local.sync().unchanged, local.notes) == (3, ())


def test_other_files_hidden_ones_and_folders_are_passed_over(local: Answers) -> None:
    for name in ("a.txt", ".a.xml", "a.xml.part", "a\nb.xml"):
        local.say(WHOLE, name)
    (local.folder / "folder.xml").mkdir()
    local.sync()
    assert (local.states(), local.notes) == (UNCONFIRMED, ())


def test_a_folder_that_cannot_be_read_is_told_and_stops_nothing(
    local: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, {"feedback_url": str(local.folder / "nowhere")})
    assert local.sync().delivered == 3
    [told] = local.notes
    assert "Filed, feedback: the folder could not be read" in told
    environ(monkeypatch, {"feedback_url": "ftp://127.0.0.1:1/"})
    local.sync()
    assert local.notes == ("Filed, feedback: no connection, or it broke off",)
    environ(monkeypatch, {"feedback_url": str(local.folder)})
    local.sync()
    assert local.notes == ()


@pytest.mark.sampled
@pytest.mark.parametrize("value", ["sftp:/host", "http://host/x", "ftp://a:secret@host/x", "file:///tmp"])
def test_a_wrong_address_is_refused_before_anything_is_sent(
    local: Answers, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    environ(monkeypatch, {"feedback_url": value})
    with pytest.raises(SettingsError, match="DESTINATION__FILED__FEEDBACK_URL") as refused:
        connector("filed")
    assert "secret" not in str(refused.value)


def test_a_kill_before_the_outcomes_are_written_loses_nothing(
    local: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Any] = []

    def killed_at_the_second(*arguments: Any) -> None:
        written.append(arguments)
        if len(written) == 2:
            raise KeyboardInterrupt
        write_outcome(*arguments)

    local.say(feedback(IDS[:2]))
    local.say(feedback((), {IDS[2]: "3"}), "b.xml")
    with monkeypatch.context() as patched:
        patched.setattr("pipelines.push.feedback.write_outcome", killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            recover(local.site.home, ["filed"])
    assert local.states() == UNCONFIRMED
    recover(local.site.home, ["filed"])
    assert [state for _, state, _, _ in local.states()] == ["synced", "synced", "rejected"]


def test_what_was_never_confirmed_is_told_by_each_run_and_by_status_for_ever(local: Answers) -> None:
    left: Rows = {"objekte": FILED["objekte"][:2]}
    for days in (0, 1, 40, 400):
        line = local.sync(left, TODAY + timedelta(days))
        assert (line.delivered, line.unchanged, line.withdrawn, line.undelivered) == (3, 0, 0, 0)
    assert local.states() == [*UNCONFIRMED[:2], (IDS[2], "withdrawn", "removal_delivered", None)]
    told = status_report(local.site.home, Vars(TODAY, "csv", {"filed": {}})).ledger
    assert [(line.state, line.reason, line.rows) for line in told] == [
        ("delivered", "not_confirmed", 2),
        ("withdrawn", "removal_delivered", 1),
    ]
