"""Nothing of a snapshot goes to a partner's live system: the mark in its files, and what it holds back."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.commands.run import check_masked
from pipelines.database import connect
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import is_masked, load
from pipelines.erp.sample import write_sample
from pipelines.errors import SettingsError
from pipelines.sandbox.server import Sandbox
from pipelines.settings import database
from pipelines.snapshot.cells import replace_cells
from pipelines.snapshot.key import Key
from pipelines.snapshot.raw import open_views
from pipelines.snapshot.rules import with_vars
from pipelines.snapshot.take import snapshot_report
from tests.loopback import Quiet, serving
from tests.test_run import Site

LIVE = "https://kiwi.example.org/api"
# Still the old year in Berlin, the new one in Tokyo.
BORN = "1964-12-31T22:30:00Z"


def quiet(what: str, done: int, total: int) -> None:
    pass


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A delivery of the ERP, and beside it (`masked`) the snapshot of it."""
    folder = tmp_path_factory.mktemp("mark")
    write_sample(folder / "erp", 30, 3, lambda *_: None)
    person = folder / "erp" / "person.csv"
    lines = person.read_text(encoding="utf-8-sig").splitlines()
    place = lines[0].split(";").index("geburtsdatum")
    first = lines[1].split(";")
    lines[1] = ";".join([*first[:place], BORN, *first[place + 1 :]])
    person.write_text("\n".join(lines) + "\n", encoding="utf-8")
    load(FilesSettings(folder / "erp"), folder / "home")
    snapshot_report(folder / "home", str(folder / "masked"), {}, None, False, quiet)
    return folder / "erp"


def marked(home: Path) -> bool:
    with closing(connect(database(home), read_only=True)) as db:
        return is_masked(db)


def test_the_mark_is_remembered_until_the_erps_own_delivery_is_loaded(real: Path, tmp_path: Path) -> None:
    masked = real.parent / "masked"
    home = tmp_path / "home"
    assert not marked(real.parent / "home")
    told = load(FilesSettings(masked), home)
    assert marked(home)
    assert any("Persons in this delivery are invented" in note for note in told.notes)
    load(FilesSettings(real), home)
    assert not marked(home)


@pytest.mark.slow
def test_the_mark_comes_along_packed_and_in_one_table_among_others(real: Path, tmp_path: Path) -> None:
    masked, home = real.parent / "masked", tmp_path / "home"
    # Whoever packs the files, and not what is hidden beside them, packs the mark.
    packed = tmp_path / "erp.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in masked.glob("*.parquet"):
            archive.write(file, file.name)
    load(FilesSettings(packed), home)
    assert marked(home)
    # One table of a snapshot among others is enough.
    mixed = tmp_path / "mixed"
    shutil.copytree(real, mixed)
    (mixed / "person.csv").unlink()
    (mixed / "kontrolle.csv").unlink(missing_ok=True)
    shutil.copy(masked / "person.parquet", mixed)
    load(FilesSettings(mixed), tmp_path / "other")
    assert marked(tmp_path / "other")


def test_a_partners_live_system_is_refused_and_the_sandbox_is_not(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(FilesSettings(real.parent / "masked"), tmp_path / "home")
    monkeypatch.setenv("DESTINATION__KIWI__BASE_URL", "http://127.0.0.1:8650/kiwi")
    check_masked(tmp_path / "home", ["kiwi"])
    monkeypatch.setenv("DESTINATION__KIWI__BASE_URL", LIVE)
    check_masked(real.parent / "home", ["kiwi"])
    with pytest.raises(
        SettingsError, match=r"^DESTINATION__KIWI__BASE_URL: .*nothing was sent.*load the ERP's own"
    ):
        check_masked(tmp_path / "home", ["kiwi"])
    monkeypatch.delenv("DESTINATION__KIWI__BASE_URL")
    with pytest.raises(SettingsError, match=r"^DESTINATION__KIWI__BASE_URL: "):
        check_masked(tmp_path / "home", ["kiwi"])


@pytest.mark.slow
def test_the_time_zone_of_the_command_line_decides_on_which_day_somebody_was_born(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = real.parent / "home"
    # Under the zone of the project it is a day of 1964.
    with closing(connect(database(home), read_only=True)) as db, with_vars({"zeitzone": "Asia/Tokyo"}):
        open_views(db)
        replace_cells(db, Key(b"k" * 32), (), quiet)
        [(in_tokyo,)] = db.execute("select m from masked where v = ?", [BORN]).fetchall()
    rows = pq.read_table(real.parent / "masked" / "person.parquet").to_pylist()
    [in_berlin] = [day for row in rows if (day := str(row["geburtsdatum"])).endswith("Z")]
    for born, zone, year in ((in_berlin, "Europe/Berlin", 1964), (in_tokyo, "Asia/Tokyo", 1965)):
        before, after = (datetime.fromisoformat(text).astimezone(ZoneInfo(zone)) for text in (BORN, born))
        assert (before.year, after.year) == (year, year)
        assert (before.time(), before.date() == after.date()) == (after.time(), False)
    monkeypatch.setenv("STAMMDATEN_HOME", str(home))
    out = ["snapshot", "--masked", str(tmp_path / "out"), "--vars"]
    refused = CliRunner().invoke(app, [*out, '{"zeitzone": "Nowhere"}'])
    assert "zeitzone: 'Nowhere' is no time zone" in str(refused.exception)
    assert not (tmp_path / "out").exists()


class Proxy(Quiet):
    """Refuses to open any connection, and remembers to where one was wanted."""

    wanted: list[str] = []  # noqa: RUF012

    def do_CONNECT(self) -> None:
        self.wanted.append(self.path)
        self.send_response(502)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    class One(Proxy):
        wanted: list[str] = []  # noqa: RUF012

    handler: type[BaseHTTPRequestHandler] = One
    with serving(handler) as address:
        yield address, One.wanted


@pytest.mark.slow
def test_a_run_on_a_snapshot_reaches_the_sandbox_and_sends_nothing_to_a_live_system(
    real: Path, tmp_path: Path, proxy: tuple[str, list[str]]
) -> None:
    address, wanted = proxy
    kiwi = {"partners": {"kiwi": {"aktiv": True, "separator": "|", "mandanten": "alle"}}}
    with Sandbox(state=tmp_path / "sandbox.sqlite") as sandbox:
        site = Site(tmp_path, sandbox)
        site.environment["SOURCES__ERP__FILES__FOLDER"] = str(real.parent / "masked")
        done = site.call("run", "--json", variables=kiwi)
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(sandbox.requests("kiwi")) > 5
        sent = len(sandbox.requests("kiwi"))
        live = {
            "DESTINATION__KIWI__BASE_URL": LIVE,
            "STAMMDATEN_HOME": str(tmp_path / "other"),
            "HTTPS_PROXY": address,
        }
        for command in (["run"], ["push"], ["verify", "kiwi"], ["adopt", "kiwi"]):
            done = site.call(*command, variables=kiwi, **live)
            assert done.returncode == 2, (command, done.stdout, done.stderr)
            [line] = [line for line in done.stderr.splitlines() if "DESTINATION__KIWI__BASE_URL" in line]
            assert "nothing was sent" in line
            assert wanted == []
        # With the ERP's own delivery the same settings do reach out.
        live["SOURCES__ERP__FILES__FOLDER"] = str(real)
        done = site.call("run", "--json", variables=kiwi, **live)
        assert done.returncode == 1, done.stdout + done.stderr
        assert set(wanted) == {"kiwi.example.org:443"}
        assert len(sandbox.requests("kiwi")) == sent
        assert json.loads(done.stdout)
