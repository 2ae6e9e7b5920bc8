"""A delivery of a careless ERP with invented persons: nothing of the original in it, and nothing else different."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.contract.contract import load_contract, partners
from pipelines.database import connect
from pipelines.erp.delivery.schema import tables
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import load
from pipelines.errors import RunningError, SettingsError, StammdatenError
from pipelines.lock import only_run
from pipelines.personal.fields import personal_fields
from pipelines.reports.snapshot import SnapshotReport
from pipelines.settings import database
from pipelines.snapshot.cells import replace_cells
from pipelines.snapshot.check import check
from pipelines.snapshot.columns import personal_places
from pipelines.snapshot.key import SETTING, Key, read_key
from pipelines.snapshot.raw import open_views
from pipelines.snapshot.take import snapshot_report
from pipelines.snapshot.words import fold, no_names, particles
from pipelines.snapshot.write import LOCK, MARK, checked_out, unfinished, write_tables
from tests.conftest import Dbt, write_raw
from tests.snapshot.careless import careless

SETTINGS = {"facilioo": {"dokumente_stichwort": "Portal"}}
# What is equal up to case, form and what cannot be seen is equal to the rules.
UNSEEN = re.compile("[\u200b\u00ad]")


def quiet(what: str, done: int, total: int) -> None:
    pass


@dataclass(frozen=True)
class Company:
    """A home with a careless delivery, and a place for snapshots of it."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def key_file(self, name: str) -> Path:
        file = self.folder / name
        if not file.exists():
            file.write_text(hashlib.sha256(name.encode()).hexdigest(), encoding="utf-8")
            file.chmod(0o600)
        return file

    def snapshot(self, out: str, key: str = "a.key", replace: bool = False) -> SnapshotReport:
        return snapshot_report(
            self.home, str(self.folder / out), SETTINGS, str(self.key_file(key)), replace, quiet
        )

    def read(self, out: str) -> dict[str, list[dict[str, str | None]]]:
        files = (self.folder / out).glob("*.parquet")
        return {file.stem: pq.read_table(file).to_pylist() for file in files}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = Company(tmp_path_factory.mktemp("snapshot"))
    made.home.mkdir(mode=0o700)
    write_raw(database(made.home), careless())
    return made


@pytest.fixture(scope="module")
def report(company: Company) -> SnapshotReport:
    return company.snapshot("out")


@pytest.fixture(scope="module")
def written(company: Company, report: SnapshotReport) -> dict[str, list[dict[str, str | None]]]:
    return company.read("out")


def pairs(written: Mapping[str, list[dict[str, str | None]]]) -> Iterator[tuple[str, str, str, str]]:
    """Table, column, original and replacement of every value of every personal column."""
    rows = careless()
    for place in personal_places():
        for before, after in zip(rows.get(place.table, []), written.get(place.table, []), strict=True):
            value, other = before.get(place.column), after[place.column]
            assert (value is None) == (other is None)
            if value is not None and other is not None:
                yield place.table, place.column, value, other


def test_every_row_is_there_in_its_order_with_the_same_keys(
    written: dict[str, list[dict[str, str | None]]],
) -> None:
    for name, rows in careless().items():
        key = [column for column in tables()[name].key if column.endswith("_nr")]
        assert [[row.get(c) for c in key] for row in rows] == [[row[c] for c in key] for row in written[name]]


def test_no_word_number_or_address_of_a_person_is_left_anywhere(
    written: dict[str, list[dict[str, str | None]]],
) -> None:
    texts = {
        name: "\n".join(value for row in rows for value in row.values() if value)
        for name, rows in written.items()
    }
    searched = 0
    for _, column, value, _ in pairs(written):
        if column in (
            "geburtsdatum",
            "todesdatum",
            "ort",
            "anrede",
            "titel",
            "bemerkung",
            "plz",
            "hausnummer",
        ):
            continue
        if "@" in value:
            needles = set(re.findall(r"[^\s@;,/<>:]+@[^\s@;,/<>]{4,}", value.lower()))
        else:
            words = re.findall(r"[^\W\d_]{4,}", re.sub("&[a-z]+;", " ", value))
            needles = {word.lower() for word in words if not word.lower().startswith("anonym")}
            needles |= set(re.findall(r"\d{6,}", value))
        for name, text in texts.items():
            kept = particles() if name in ("person", "kontaktweg", "interessent") else no_names(name)
            # Streets of the stock, what rule E9 reads, and the domain of all new addresses.
            streets = ("rosa-luxemburg-straße", "lange straße")
            lower = text.lower()
            for street in streets if name not in ("person", "interessent") else ():
                lower = lower.replace(street, "")
            for needle in needles:
                if fold(needle) not in kept and needle not in (
                    "leerstand",
                    "leer",
                    "stand",
                    "berlin",
                    "test",
                ):
                    searched += 1
                    # Some short ones are part of another word.
                    assert not is_in(needle, lower), (name, column)
                    assert not is_in(fold(needle), fold(lower)), (name, column)
    assert searched > 1000


def is_in(needle: str, text: str) -> bool:
    if len(needle) > 5 or not needle.isalpha():
        return needle in text
    return re.search(rf"(?<![^\W\d_]){re.escape(needle)}(?![^\W\d_])", text) is not None


def test_what_was_equal_is_equal_and_what_differed_differs(
    written: dict[str, list[dict[str, str | None]]],
) -> None:
    there: dict[str, str] = {}
    back: dict[str, str] = {}
    for _, column, value, other in pairs(written):
        if column in ("geburtsdatum", "todesdatum") or value.strip().lower() in KEPT:
            continue
        norm, masked = (unicodedata.normalize("NFC", UNSEEN.sub("", text)).lower() for text in (value, other))
        kind = column if column in ("hausnummer", "anrede", "titel", "geschlecht") else ""
        assert there.setdefault(kind + norm, masked) == masked, (column, value)
        assert back.setdefault(kind + masked, norm) == norm, (column, value)
        assert len(value) == len(other)
    assert len(there) > 100


def test_what_is_no_persons_is_as_it_was(written: dict[str, list[dict[str, str | None]]]) -> None:
    personal = {(place.table, place.column) for place in personal_places()}
    changed = {
        (name, column)
        for name, rows in careless().items()
        for before, after in zip(rows, written[name], strict=True)
        for column, value in before.items()
        if (name, column) not in personal and after[column] != value
    }
    assert changed == {
        ("wirtschaftseinheit", "bezeichnung"),
        ("gebaeude", "bezeichnung"),
        ("verwaltungseinheit", "bezeichnung"),
        ("verwaltungseinheit", "etage_lage"),
        ("mandant", "name"),
        ("archiv", "name"),
        ("ordner", "name"),
        ("dokument", "titel"),
        ("dokument", "dateiname"),
        ("dokument", "pfad"),
    }
    assert {row["strasse"] for row in written["gebaeude"]} == {"Rosa-Luxemburg-Straße"}
    assert sum((row["etage_lage"] == "Keller") for row in written["verwaltungseinheit"]) > 5


def test_the_setting_that_looks_for_a_word_in_remarks_still_finds_it(
    written: dict[str, list[dict[str, str | None]]],
) -> None:
    remarks = [row["bemerkung"] for row in written["dokument"] if row["bemerkung"]]
    assert sum("portal" in remark.lower() for remark in remarks) == sum(
        "portal" in (row["bemerkung"] or "").lower() and "Portalseite" not in (row["bemerkung"] or "")
        for row in careless()["dokument"]
    )
    assert not any(word in remark for remark in remarks for word in ("krank", "geheim", "5407", "DE12"))


def test_the_same_key_gives_the_same_files_and_only_their_owner_may_read_them(
    company: Company, report: SnapshotReport
) -> None:
    out = company.folder / "out"
    first, home = contents(out), contents(company.home)
    company.snapshot("out", replace=True)
    assert contents(out) == first
    assert contents(company.home) == {**home, "run.lock": contents(company.home)["run.lock"]}
    assert {f"{path.stat().st_mode & 0o777:o}" for path in out.iterdir()} == {"600"}
    assert f"{out.stat().st_mode & 0o777:o}" == "700"
    assert not [path.name for path in company.folder.iterdir() if path.name.startswith(".out")]


@pytest.mark.slow
def test_the_command_takes_a_key_of_its_own_under_which_everything_is_different(
    company: Company, report: SnapshotReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMDATEN_HOME", str(company.home))
    done = CliRunner().invoke(app, ["snapshot", "--masked", str(company.folder / "other"), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["tables"], told["key"]) == (report.tables, "random")
    first, other = (contents(company.folder / name) for name in ("out", "other"))
    assert first.keys() == other.keys()
    assert first["mietvertrag.parquet"] == other["mietvertrag.parquet"]
    pairs_of_names = zip(company.read("out")["person"], company.read("other")["person"], strict=True)
    same = sum(a["nachname"] == b["nachname"] for a, b in pairs_of_names)
    kept = sum(str(row.get("nachname") or "").strip().lower() in KEPT for row in careless()["person"])
    # Of one letter there are few others.
    assert same <= kept + 2


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


KEPT = ("", "-", "n.n.", "n. n.", "leerstand", "leer stand", "anonymisiert", "null", "none")


def test_the_report_counts_and_names_columns_only(company: Company, report: SnapshotReport) -> None:
    rows = {name: len(rows) for name, rows in careless().items()}
    assert report.tables == rows
    assert report.key == "file"
    assert set(report.found) == {
        "archiv.name", "dokument.dateiname", "dokument.pfad", "dokument.titel", "gebaeude.bezeichnung",
        "mandant.name", "ordner.name", "verwaltungseinheit.bezeichnung", "verwaltungseinheit.etage_lage",
        "wirtschaftseinheit.bezeichnung",
    }  # fmt: skip
    assert report.looked_for > 100
    assert report.notes == ()


def test_no_folder_is_handed_out_that_still_holds_a_person(company: Company, tmp_path: Path) -> None:
    spoilt = {
        ("person", "nachname"): "Oʼ Krause",
        ("person", "geburtsdatum"): "Lüdenscheidt-Brückner",
        ("verwaltungseinheit", "bezeichnung"): "siehe Max.Muster@web.de",
        ("mietvertrag", "nutzungsart"): "wie mit Frau QUAST besprochen",
        ("ordner", "name"): "Tel. +49 30 123 45 67",
        ("dokument", "pfad"): "a/MietvertragSzymczyk.pdf",
    }
    with closing(connect(database(company.home), read_only=True)) as db:
        open_views(db)
        replace_cells(db, Key(b"k" * 32), (), quiet)
        write_tables(db, tmp_path, quiet)
        for (table, column), text in spoilt.items():
            file = tmp_path / f"{table}.parquet"
            rows = pq.read_table(file)
            values = rows[column].to_pylist()
            values[3] = text
            place = rows.schema.get_field_index(column)
            pq.write_table(rows.set_column(place, column, pa.array(values, pa.string())), file)
        with pytest.raises(StammdatenError, match="not handed out") as told:
            check(db, tmp_path, quiet)
    places = re.findall(r"(\w+)\.(\w+), row 4", str(told.value))
    assert len(places) == 5
    assert set(places) < set(spoilt)
    assert "and in 1 other columns" in str(told.value)
    assert not any(part in str(told.value).lower() for part in ("quast", "szym", "muster", "krause", "123"))


@pytest.mark.slow
def test_a_killed_snapshot_leaves_nothing_under_its_name_and_the_next_one_clears_up(company: Company) -> None:
    script = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from pipelines.snapshot.take import snapshot_report\n"
        "def progress(what, done, total):\n"
        "    if what == 'writing' and done == 12: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"home, out = {str(company.home)!r}, {str(company.folder / 'killed')!r}\n"
        "snapshot_report(Path(home), out, {}, None, False, progress)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)  # noqa: S603
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (company.folder / "killed").exists()
    left = company.folder / ".killed.part"
    assert any(left.glob("*.parquet"))
    with unfinished(company.folder / "killed") as part:
        assert [path.name for path in part.iterdir()] == [LOCK]
    assert not left.exists()


def test_a_failing_snapshot_leaves_the_former_one_where_it_was(
    company: Company, report: SnapshotReport
) -> None:
    before = contents(company.folder / "out")

    def failing(what: str, done: int, total: int) -> None:
        if what == "writing" and done:
            raise OSError(28, "No space left on device", "x")

    with pytest.raises(StammdatenError, match="No space left on device; nothing was handed out"):
        snapshot_report(company.home, str(company.folder / "out"), {}, None, True, failing)
    assert contents(company.folder / "out") == before
    assert not (company.folder / ".out.part").exists()


def test_a_run_at_work_is_not_disturbed(company: Company) -> None:
    with only_run(company.home, "run"), pytest.raises(RunningError, match="`stammdaten run`"):
        company.snapshot("meanwhile")
    assert not list(company.folder.glob("*meanwhile*"))


def test_two_snapshots_do_not_write_into_one_folder(tmp_path: Path) -> None:
    with unfinished(tmp_path / "out") as part:
        (part / "x").touch()
        with pytest.raises(RunningError, match="another snapshot"), unfinished(tmp_path / "out"):
            pass
        assert (part / "x").exists()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["x"]
    assert not (tmp_path / "out" / LOCK).exists()


def test_nothing_is_overwritten_that_is_no_snapshot(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("home", "empty", "full", "old"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    for name in (MARK, "person.parquet"):
        (tmp_path / "old" / name).touch()
    (tmp_path / "link").symlink_to(tmp_path / "old")
    (tmp_path / "file").touch()
    assert checked_out(str(tmp_path / "empty"), home, False) == tmp_path / "empty"
    assert checked_out(str(tmp_path / "new"), home, False) == tmp_path / "new"
    assert checked_out(str(tmp_path / "old"), home, True) == tmp_path / "old"
    for out, replace, why in (
        ("full", True, "holds other things than a snapshot"),
        ("old", False, "holds a snapshot; name another folder, or give --replace"),
        ("link", True, "is a link"),
        ("file", True, "is a file"),
        ("home", True, "lies in the home, or the home in it"),
        ("home/out", False, "lies in the home"),
        (".", True, "lies in the home, or the home in it"),
        ("no/where", False, "is not there; make it first"),
    ):
        with pytest.raises(SettingsError, match=why):
            checked_out(str(tmp_path / out), home, replace)
    assert (tmp_path / "full" / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (None, 0o600, "cannot be read"),
        (b"f3" * 15, 0o600, "no key of at least 32"),
        (b"a" * 64, 0o600, "no key of at least 32"),
        (b"0123456789abcdef" * 4, 0o644, "others may read"),
        (os.urandom(5000), 0o600, "larger than 4096"),
    ],
)
def test_a_key_that_is_none_is_refused(content: bytes | None, mode: int, why: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
        file.chmod(mode)
    with pytest.raises(SettingsError, match=why):
        read_key(str(file))


def test_without_a_file_every_key_is_new_and_the_setting_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_key(None) != read_key(None)
    file = tmp_path / "key"
    file.write_text("0123456789abcdef" * 4 + "\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv(SETTING, str(file))
    assert read_key(None) == read_key(str(file))
    assert "0123" not in repr(read_key(None))
    with pytest.raises(SettingsError, match="--key-file: "):
        read_key(str(tmp_path))


def test_forgotten_persons_and_columns_that_nobody_knows_are_left_out(
    company: Company, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    database(home).write_bytes(database(company.home).read_bytes())
    with duckdb.connect(database(home)) as db:
        db.execute("create schema sync")
        db.execute("create table sync.forgotten as select 'salt' as salt, sha256('saltP001') as digest")
        db.execute("alter table erp_raw.person add column notiz varchar")
        db.execute("update erp_raw.person set notiz = 'zahlt nie'")
        # Numbers that somebody made of a name.
        for table in ("person", "mieter", "kontaktweg", "einwilligung", "eigentuemer"):
            db.execute(f"update erp_raw.{table} set person_nr = 'KRAUSE-01' where person_nr = 'P002'")
        db.execute("update erp_raw.dokument set bezug_key = 'KRAUSE-01' where dokument_nr = 'D0'")
    told = snapshot_report(home, str(tmp_path / "out"), {}, None, False, quiet)
    assert told.left_out == {"person": ("notiz",)}
    assert "person.notiz" in told.notes[0]
    left = {
        name: {row.get("person_nr") or row.get("bezug_key") for row in pq.read_table(file).to_pylist()}
        for file in (tmp_path / "out").glob("*.parquet")
        if (name := file.stem)
        in ("person", "mieter", "kontaktweg", "dokument", "einwilligung", "eigentuemer")
    }
    assert len(left) == 6
    assert not any("P001" in numbers for numbers in left.values())
    assert told.tables["person"] == len(careless()["person"]) - 1
    [number] = {
        number for numbers in left.values() for number in numbers if number and number.endswith("-01")
    }
    assert "KRAUSE" not in number
    assert all(number in numbers for numbers in left.values())


def test_the_command_refuses_what_there_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STAMMDATEN_HOME", str(tmp_path / "home"))
    refused = CliRunner().invoke(app, ["snapshot", str(tmp_path / "out")])
    assert isinstance(refused.exception, SettingsError)
    assert "there is no other kind" in str(refused.exception)
    empty = CliRunner().invoke(app, ["snapshot", "--masked", str(tmp_path / "out")])
    assert "nothing was loaded there yet" in str(empty.exception)
    assert not (tmp_path / "out").exists()


# Marts


def built(dbt: Dbt, source: Path, names: list[str]) -> None:
    """Builds the marts of these partners on a raw layer."""
    dbt.database.unlink(missing_ok=True)
    dbt.database.write_bytes(source.read_bytes())
    settings = {
        name: {"aktiv": name in names, "separator": "/", "mandanten": "alle", **CONTACT.get(name, {})}
        for name in partners()
    }
    kinds = ["--resource-type", "seed", "--resource-type", "model"]
    done = dbt("build", *kinds, vars={"partners": settings, "stichtag": "2026-11-30"})
    assert done.success, done.exception


CONTACT = {name: {"kontakt_email": "post@example.org"} for name in ("immomio", "wohnungshelden")}


def differences(before: Path, after: Path) -> dict[str, int]:
    """What differs between the marts and findings of two databases beyond what is personal, with counts."""
    found: dict[str, int] = {}
    with duckdb.connect() as db:
        db.execute(f"attach '{before}' as a (read_only); attach '{after}' as b (read_only)")
        marts = db.execute(
            "select distinct table_name from duckdb_columns() where database_name = 'a' and schema_name = 'partners'"
        ).fetchall()
        assert marts
        for (mart,) in sorted(marts):
            partner, _, entity = mart.partition("__")
            columns = [
                column
                for column, *_ in db.execute(f"describe a.partners.{mart}").fetchall()
                if column != "reason"
            ]
            personal = personal_fields(partner, entity)
            is_mart = entity in load_contract(partner).entities
            shown = ", ".join(
                f'length("{c}"::varchar) as "{c}"' if c.strip('"') in personal else f'"{c}"'
                for c in columns
                if is_mart or c.strip('"') not in personal
            )
            counted = db.execute(
                f"select (select count(*) from (select {shown} from a.partners.{mart}"
                f" except all select {shown} from b.partners.{mart}))"
                f" + (select count(*) from b.partners.{mart}) - (select count(*) from a.partners.{mart})"
            ).fetchone()
            if counted and counted[0]:
                found[mart] = int(counted[0])
        keys = "rule, table_name, key, column_name, partner, reason"
        counted = db.execute(
            f"select count(*) from ((select {keys} from a.quality.findings except all select {keys} from"
            f" b.quality.findings) union all (select {keys} from b.quality.findings except all"
            f" select {keys} from a.quality.findings))"
        ).fetchone()
        if counted and counted[0]:
            found["findings"] = int(counted[0])
    return found


def loaded(company: Company, out: Path, home: Path) -> Path:
    """The raw layer that our own file door makes of a snapshot."""
    load(FilesSettings(out), home)
    return database(home)


def test_the_marts_of_a_snapshot_have_the_same_rows_and_the_same_findings(
    company: Company, report: SnapshotReport, dbt: Dbt, tmp_path: Path
) -> None:
    # Names, addresses, e-mails, numbers in E.164 and days of birth; what two persons share decides.
    names = ["idwell", "spiribo"]
    again = loaded(company, company.folder / "out", tmp_path / "home")
    paths = []
    for source in (database(company.home), again):
        built(dbt, source, names)
        paths.append(tmp_path / f"{len(paths)}.duckdb")
        paths[-1].write_bytes(dbt.database.read_bytes())
    found = differences(*paths)
    # In these a name of a flat or building is a person's, and was replaced (`found` in the report).
    named = {"idwell__einheiten", "idwell__gebaeude", "spiribo__gebaeude", "spiribo__wohnungen"}
    assert set(found) <= named
    with duckdb.connect(paths[1], read_only=True) as db:
        counts = db.execute("select rule, count(*) from quality.findings group by rule").fetchall()
    assert {"C1", "C2", "C4", "C8", "E2", "E5", "E8", "E9", "E11"} <= {rule for rule, _ in counts}


@pytest.mark.slow
def test_the_sample_has_the_same_rows_at_all_partners(dbt: Dbt, tmp_path: Path) -> None:
    from pipelines.erp.sample import write_sample

    write_sample(tmp_path / "erp", 500, 1, lambda *_: None)
    made = Company(tmp_path)
    load(FilesSettings(tmp_path / "erp"), made.home)
    told = made.snapshot("out")
    again = loaded(made, tmp_path / "out", tmp_path / "again")
    paths = []
    for source in (database(made.home), again):
        built(dbt, source, list(partners()))
        paths.append(tmp_path / f"{len(paths)}.duckdb")
        paths[-1].write_bytes(dbt.database.read_bytes())
    found = differences(*paths)
    assert "findings" not in found
    # Names of buildings and WE, and titles, in which a name of a person stands by chance.
    assert {place.rpartition(".")[2] for place in told.found} <= {
        "bezeichnung", "name", "titel", "dateiname", "pfad", "ausstattung", "energietraeger",
    }  # fmt: skip
    with duckdb.connect() as db:
        db.execute(f"attach '{paths[0]}' as a (read_only); attach '{paths[1]}' as b (read_only)")
        for mart in found:
            ids = f"select external_id from {{}}.partners.{mart} order by all"
            assert db.execute(ids.format("a")).fetchall() == db.execute(ids.format("b")).fetchall(), mart
