"""Erasure of a person: withdrawn at every partner, then found in no file but the raw delivery."""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer
from typer.testing import CliRunner

from pipelines.api.outcome import Outcome
from pipelines.cli import look as cli_look
from pipelines.contract.contract import load_contract
from pipelines.dbt_folder import FOLDERS
from pipelines.errors import StammdatenError
from pipelines.forget import erase
from pipelines.forget.forget import finish, lift
from pipelines.ledger.journal import Journal
from pipelines.ledger.ledger import open_database
from pipelines.personal.records import is_of_person, person_entities
from pipelines.push import push as engine
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Vars
from tests.push.persons import NUMBER, SECRETS, deliver, marts, stage
from tests.push.site import TODAY, Site
from tests.push.told import forget, preview

PARTNERS = ("etg24", "facilioo", "plentific")
SETTINGS = Vars(
    stichtag=TODAY,
    quelle_erp="wodis_sigma",
    partners={name: {"aktiv": True, "separator": "/", "mandanten": "alle"} for name in PARTNERS},
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home in which the tenant was delivered, built, and sent to three partners, and with these."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "home").mkdir()
    deliver(folder / "home", folder / "erp")
    stage(folder / "home")
    with pytest.MonkeyPatch.context() as patch, Sandbox(state=folder / "sandbox.sqlite") as sandbox:
        for name, value in sandbox.environment().items():
            patch.setenv(name, value)
        for name in PARTNERS:
            lines = Site(folder / "home", sandbox).sync(name, marts(name))
            assert sum(line.undelivered for line in lines.values()) == 0
    return folder


@contextmanager
def copied(folder: Path, to: Path) -> Iterator[Site]:
    """A copy of the home and the partners of `folder`."""
    shutil.copytree(folder / "home", to / "home")
    shutil.copyfile(folder / "sandbox.sqlite", to / "sandbox.sqlite")
    with pytest.MonkeyPatch.context() as patch, Sandbox(state=to / "sandbox.sqlite") as sandbox:
        for name, value in sandbox.environment().items():
            patch.setenv(name, value)
        yield Site(to / "home", sandbox)


@pytest.fixture
def settled(prepared: Path, tmp_path: Path) -> Iterator[Site]:
    """A copy of all that for each test."""
    with copied(prepared, tmp_path) as site:
        yield site


@dataclass(frozen=True)
class Erasure:
    """A folder as `prepared`, after the tenant was forgotten; what was told and sent, and the ledger before."""

    folder: Path
    report: dict[str, Any]
    sent: Mapping[str, list[str]]
    former: duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def erasure(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Erasure]:
    folder = tmp_path_factory.mktemp("forgotten")
    with copied(prepared, folder) as site:
        before = {name: len(site.sent(name)) for name in PARTNERS}
        report = forget(site.home, SETTINGS, NUMBER)
        sent = {name: site.sent(name)[before[name] :] for name in PARTNERS}
    with duckdb.connect(prepared / "home" / "stammdaten.duckdb", read_only=True) as former:
        yield Erasure(folder, report, sent, former)


@pytest.fixture
def forgotten(erasure: Erasure, tmp_path: Path) -> Iterator[Site]:
    """A copy of that for each test."""
    with copied(erasure.folder, tmp_path) as site:
        yield site


def files_with(home: Path, secret: str) -> list[str]:
    """Files in which the secret stands, byte for byte."""
    return sorted(
        str(file.relative_to(home))
        for file in home.rglob("*")
        if file.is_file() and secret.encode() in file.read_bytes()
    )


def tables_with(home: Path, secret: str) -> set[str]:
    """Tables and views with a value that contains the secret."""
    found = set()
    with duckdb.connect(str(home / "stammdaten.duckdb"), read_only=True) as db:
        tables = db.execute(
            """select schema_name, table_name, string_agg('"' || column_name || '"::varchar', ', ')"""
            " from duckdb_columns() where not internal group by all"
        ).fetchall()
        for schema, table, columns in tables:
            sql = (
                f'select 1 from "{schema}"."{table}" where contains(concat_ws(chr(0), {columns}), ?) limit 1'
            )
            if db.execute(sql, [secret]).fetchone():
                found.add(f"{schema.split('_2')[0]}.{table}")
    return found


def test_a_forgotten_person_is_withdrawn_everywhere_children_first(forgotten: Site, erasure: Erasure) -> None:
    report, sent = erasure.report, erasure.sent
    assert report["exit"] == 0
    assert [(r["partner"], r["entity"], r["withdrawal"]) for r in report["records"]] == [
        ("etg24", "mieter", "keep"),
        ("facilioo", "vertraege_mieter", "end"),
        ("facilioo", "kontaktdaten", "delete"),
        ("facilioo", "parteien_mieter", "keep"),
        ("plentific", "unterobjekte_mieter", "deactivate"),
    ]
    assert {r["state"] for r in report["records"]} == {"withdrawn"}
    assert [len(sent[name]) for name in PARTNERS] == [0, 3, 2]
    assert [line.split()[0] for line in sent["facilioo"]] == ["POST", "PATCH", "DELETE"]
    (contract,) = forgotten.sandbox.records("facilioo", "vertraege_mieter")
    assert contract["terminationAt"].startswith("2026-11-21")
    assert forgotten.sandbox.records("facilioo", "kontaktdaten") == []
    assert [t["is_active"] for t in forgotten.sandbox.records("plentific", "unterobjekte_mieter")] == [False]


def test_what_partners_keep_is_named_so_that_somebody_can_ask_them(settled: Site, erasure: Erasure) -> None:
    (participant,) = [
        r for r in settled.sandbox.records("etg24", "mieter") if r["extId"] == f"001/1/01/0001/01/{NUMBER}"
    ]
    assert preview(settled.home, SETTINGS, NUMBER)["keepers"] == ["etg24", "facilioo", "plentific"]
    report = erasure.report
    (letter,) = [letter for letter in report["letters"] if letter["partner"] == "etg24"]
    assert letter["text"] == (
        "To etg24: please erase the following records of one person, with their history and all copies"
        f" (Article 17 GDPR), and confirm it to us: mieter {participant['id']} (our id 001/1/01/0001/01/{NUMBER})."
    )
    assert {(r["entity"], r["what"]) for letter in report["letters"] for r in letter["records"]} == {
        ("mieter", "stays as it is"),
        ("vertraege_mieter", "stays with an end date"),
        ("parteien_mieter", "stays as it is"),
        ("unterobjekte_mieter", "stays, switched off"),
    }
    kept = {(r["partner"], r["entity"]): r["remote_id"] for r in report["still_there"]}
    assert kept["etg24", "mieter"] == str(participant["id"])
    assert set(kept) == {
        ("etg24", "mieter"),
        ("facilioo", "vertraege_mieter"),
        ("facilioo", "parteien_mieter"),
        ("plentific", "unterobjekte_mieter"),
    }


def test_no_table_but_the_raw_delivery_knows_a_forgotten_person(prepared: Path, erasure: Erasure) -> None:
    assert "sync.ledger" in tables_with(prepared / "home", SECRETS[0])
    assert "sync.builds" in tables_with(prepared / "home", NUMBER)
    raw = {"erp_raw.kontaktweg", "erp_raw.mieter", "erp_raw.person"}
    for secret in SECRETS:
        found = tables_with(erasure.folder / "home", secret)
        assert found
        assert found <= raw | {name.replace("erp_raw", "erp_load") for name in raw}, secret


def test_marts_of_a_partner_that_was_never_sent_anything_lose_the_person_too(settled: Site) -> None:
    never = PARTNERS[-1]
    with open_database(settled.home) as db:
        for (table,) in db.execute(
            "select table_name from duckdb_columns() where schema_name = 'sync' and column_name = 'partner'"
        ).fetchall():
            db.execute(f"delete from sync.{table} where partner = '{never}'")
    assert any(name.startswith(f"partners.{never}__") for name in tables_with(settled.home, SECRETS[0]))
    forget(settled.home, SETTINGS, NUMBER)
    for secret in SECRETS:
        assert {name[:8] for name in tables_with(settled.home, secret)} <= {"erp_raw.", "erp_load"}, secret


def test_no_file_but_the_database_holds_a_byte_of_a_forgotten_person(settled: Site) -> None:
    for folder in FOLDERS:
        (settled.home / folder / "logs").mkdir(parents=True)
        for file in ("run_results.json", "logs/dbt.log"):
            (settled.home / folder / file).write_text(f'"Could not convert {SECRETS[0]}"', encoding="utf-8")
    (settled.home / "dlt" / "push_etg24").mkdir(parents=True, exist_ok=True)
    (settled.home / "dlt" / "push_etg24" / "left.parquet").write_text(SECRETS[1])
    forget(settled.home, SETTINGS, NUMBER)
    for secret in SECRETS:
        assert set(files_with(settled.home, secret)) <= {"stammdaten.duckdb"}, secret


@pytest.mark.slow
def test_after_a_load_without_the_person_no_byte_is_left_in_any_file(forgotten: Site, tmp_path: Path) -> None:
    assert files_with(forgotten.home, SECRETS[1]) == ["stammdaten.duckdb"]
    deliver(forgotten.home, tmp_path / "erp", without=NUMBER)
    assert finish(forgotten.home) == 1
    for secret in SECRETS:
        assert files_with(forgotten.home, secret) == []
        assert tables_with(forgotten.home, secret) == set()
    assert finish(forgotten.home) == 0


def test_while_the_erp_still_delivers_the_person_nothing_is_rewritten(
    forgotten: Site, tmp_path: Path
) -> None:
    deliver(forgotten.home, tmp_path / "erp")
    assert finish(forgotten.home) == 0


def test_everybody_else_stays_as_they_were(forgotten: Site, erasure: Erasure) -> None:
    others = f"from sync.ledger where not contains(external_id, '{NUMBER}') order by all"
    assert forgotten.ledger(others) == erasure.former.execute(others).fetchall()
    assert forgotten.ledger("select person_nr from intermediate.int_personen") == [("0000004711",)]
    assert forgotten.ledger("select key from quality.findings order by 1") == [
        ("0000004711/9",),
        ("001/0123/01/0007",),
    ]
    assert forgotten.ledger("select external_id from partners.etg24__mieter order by 1") == [
        ("001/1/01/0001/01/78",),
        ("001/1/01/0002/01/79",),
    ]


def test_attempts_keep_hashes_only(forgotten: Site, erasure: Erasure) -> None:
    ((before,),) = erasure.former.execute("select count(*) from sync.attempts").fetchall()
    hashed = forgotten.ledger(
        "select partner, operation, count(*), bool_and(len(external_id) = 71) from sync.attempts"
        " where starts_with(external_id, 'sha256:') group by all order by all"
    )
    assert hashed == [
        ("etg24", "create", 1, True),
        ("etg24", "withdraw", 1, True),
        ("facilioo", "create", 3, True),
        ("facilioo", "withdraw", 3, True),
        ("plentific", "create", 1, True),
        ("plentific", "withdraw", 1, True),
    ]
    assert forgotten.ledger("select count(*) from sync.attempts") == [(before + 5,)]


def test_a_reference_in_a_row_about_something_else_is_cleared_and_the_row_stays(forgotten: Site) -> None:
    assert forgotten.ledger(
        "select we_nr, eigentuemer_person_nr from staging.base_erp__wirtschaftseinheit"
    ) == [("0123", None)]


def test_what_a_partner_did_not_confirm_keeps_its_ids_alone_and_goes_later(
    settled: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as wrong:
        wrong.setenv("DESTINATION__PLENTIFIC__CLIENT_SECRET", "wrong")
        report = forget(settled.home, SETTINGS, NUMBER)
    assert report["exit"] == 1
    assert list(report["stopped"]) == ["plentific"]
    left = settled.ledger(
        "select entity, external_id, remote_id is null, payload, refs from sync.ledger"
        f" where contains(external_id, '{NUMBER}')"
    )
    unit = '{"location_uuid":"001/1/01/0001"}'  # of its address, which its withdrawal needs
    assert left == [("unterobjekte_mieter", f"001/1/01/0001/01/{NUMBER}", False, None, unit)]
    assert forget(settled.home, SETTINGS, NUMBER)["exit"] == 0
    assert [t["is_active"] for t in settled.sandbox.records("plentific", "unterobjekte_mieter")] == [False]
    assert settled.ledger(f"select 1 from sync.ledger where contains(external_id, '{NUMBER}')") == []


def test_a_partner_that_is_switched_off_gets_no_request_and_is_no_success(settled: Site) -> None:
    before = settled.sent("plentific")
    off = {**SETTINGS.partners, "plentific": {"aktiv": False, "separator": "/"}}
    report = forget(settled.home, Vars(TODAY, "wodis_sigma", off), NUMBER)
    assert report["exit"] == 1
    assert settled.sent("plentific") == before
    (letter,) = [letter for letter in report["letters"] if letter["partner"] == "plentific"]
    assert [r["what"] for r in letter["records"]] == [
        "stays untouched, because plentific is switched off here (partners.plentific.aktiv)"
    ]


def test_a_plan_that_still_holds_the_person_cannot_be_pushed_any_more(settled: Site) -> None:
    with open_database(settled.home) as db:
        db.execute(
            f"update partners.etg24__mieter set lastName = 'Neu' where contains(external_id, '{NUMBER}')"
        )
    made = engine.plan(settled.home, ["etg24"], TODAY)
    forget(settled.home, SETTINGS, NUMBER)
    with pytest.raises(StammdatenError, match="nothing is open in it"):
        engine.check_plan(settled.home, made.plan_id, ["etg24"])


def test_nothing_is_left_to_do_for_the_next_plan(forgotten: Site) -> None:
    assert engine.plan(forgotten.home, list(PARTNERS), TODAY).operations == 0


def test_guards_that_compare_deliveries_do_not_take_an_erasure_for_a_push(
    forgotten: Site, erasure: Erasure
) -> None:
    last = "select max_by(load_id, pushed_at) from sync.pushed where partner = 'facilioo'"
    before = erasure.former.execute(last).fetchall()
    assert before != [(None,)]
    assert forgotten.ledger(last) == before


def test_forgetting_twice_changes_nothing_more(forgotten: Site) -> None:
    sent = {name: forgotten.sent(name) for name in PARTNERS}
    report = forget(forgotten.home, SETTINGS, NUMBER)
    assert (report["exit"], report["records"], report["erased"]) == (0, [], {})
    assert {name: forgotten.sent(name) for name in PARTNERS} == sent
    assert forgotten.ledger("select count(*) from sync.forgotten") == [(1,)]


def test_only_a_salted_hash_of_the_number_is_remembered_until_it_is_lifted(settled: Site) -> None:
    forget(settled.home, SETTINGS, f" {NUMBER} ")
    ((is_right,),) = settled.ledger(f"select digest = sha256(salt || '{NUMBER}') from sync.forgotten")
    assert is_right
    assert lift(settled.home, NUMBER)
    assert not lift(settled.home, NUMBER)
    assert settled.ledger("from sync.forgotten") == []


def test_an_unknown_number_is_refused_and_nothing_is_noted(settled: Site) -> None:
    with pytest.raises(StammdatenError, match="neither the delivery nor a partner has this number"):
        forget(settled.home, SETTINGS, "815")
    assert settled.ledger("select count(*) from sync.forgotten") == [(0,)]


def test_a_partner_whose_contract_is_missing_here_stops_an_erasure_before_anything(settled: Site) -> None:
    with open_database(settled.home) as db:
        db.execute(
            "insert into sync.ledger by name select * replace ('own' as partner) from sync.ledger limit 1"
        )
        before = db.execute("from sync.ledger order by all").fetchall()
    with pytest.raises(
        StammdatenError, match=r"records at own, of which no contract is known.*STAMMDATEN_PART"
    ):
        forget(settled.home, SETTINGS, NUMBER)
    assert settled.ledger("from sync.ledger order by all") == before


def test_a_preview_names_the_records_and_changes_nothing(settled: Site) -> None:
    before = settled.ledger("from sync.ledger order by all")
    seen = preview(settled.home, SETTINGS, NUMBER)
    assert (seen["in_raw"], seen["partners"]) == (True, ["etg24", "facilioo", "plentific"])
    assert [r["external_id"] for r in seen["records"] if r["partner"] == "facilioo"] == [
        f"001/1/01/0001/01/{NUMBER}",
        f"{NUMBER}/email",
        NUMBER,
    ]
    assert settled.ledger("from sync.ledger order by all") == before


def test_other_files_that_hold_the_person_are_named(settled: Site) -> None:
    (settled.home / "sample").mkdir()
    (settled.home / "sample" / "kontaktweg.csv").write_text(f"{NUMBER};1;E-Mail;{SECRETS[1]}\n")
    assert forget(settled.home, SETTINGS, NUMBER)["files"] == ["sample/kontaktweg.csv"]


def test_a_rewritten_database_has_all_tables_and_views_and_is_readable_by_its_owner_only(
    settled: Site,
) -> None:
    catalog = (
        "select schema_name, table_name, sql from duckdb_tables()"
        " union all select schema_name, view_name, sql from duckdb_views() where not internal order by all"
    )
    before = settled.ledger(catalog)
    assert ("intermediate", "int_namen") in [row[:2] for row in before]
    erase.rewrite(settled.home)
    assert settled.ledger(catalog) == before
    assert settled.ledger("select count(*) from intermediate.int_namen") == [(2,)]
    assert (settled.home / "stammdaten.duckdb").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in settled.home.glob("stammdaten.duckdb*")] == ["stammdaten.duckdb"]


def test_a_rewrite_that_is_killed_leaves_the_old_file_and_is_made_good_by_the_next(
    settled: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = settled.ledger("from sync.ledger order by all")
    with monkeypatch.context() as power_cut:
        power_cut.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            erase.rewrite(settled.home)
    assert (settled.home / "stammdaten.duckdb.new").exists()
    assert settled.ledger("from sync.ledger order by all") == before
    erase.rewrite(settled.home)
    assert not (settled.home / "stammdaten.duckdb.new").exists()


def test_folded_outcomes_leave_no_byte_in_the_journal(settled: Site) -> None:
    journal = Journal(settled.home / "journal.sqlite")
    journal.intend("plan", "etg24", [1, 2])
    journal.settle("plan", 1, "etg24", "mieter", NUMBER, Outcome("synced"))
    journal.clear()
    # As long as it is open, what was cleared stands in the write-ahead log.
    assert files_with(settled.home, NUMBER)[0].startswith("journal.sqlite")
    erase.scrub_journal(settled.home)
    assert files_with(settled.home, NUMBER) == ["stammdaten.duckdb"]
    journal.close()
    with sqlite3.connect(settled.home / "journal.sqlite") as left:
        assert left.execute("select plan_id, seq from intent").fetchall() == [("plan", 2)]


def test_a_record_of_a_person_is_known_by_its_id_and_by_nothing_that_looks_alike() -> None:
    ids = {
        "mieter": [
            "001/1/01/77",
            "77",
            "001/1/01/0001/01/177",
            "001-1-01-0001-01-77",
            "001/1/01/0001/01/12-77",
        ],
        "einheiten": ["001/1/01/77"],
    }
    assert _of_77("etg24", ids) == {"mieter": ["001/1/01/77", "77", "001-1-01-0001-01-77"]}
    ids = {
        "kontaktdaten": ["77/1", "177/1", "77-1/1", "77-1", "7/77"],
        "parteien_mieter": ["77", "12-77", "177"],
        "vertraege_mieter": ["77/1/01/0001/01/5", "001/1/01/0001/01/77"],
    }
    assert _of_77("facilioo", ids) == {
        "kontaktdaten": ["77/1", "77-1"],
        "parteien_mieter": ["77"],
        "vertraege_mieter": ["001/1/01/0001/01/77"],
    }


def _of_77(partner: str, ids: dict[str, list[str]]) -> dict[str, list[str]]:
    found = {}
    for entity in person_entities(load_contract(partner)):
        test = is_of_person(entity, "/")
        sql = f"select external_id from (select unnest($ids) as external_id) where {test}"
        rows = duckdb.connect().execute(sql, {"ids": ids.get(entity.name, []), "person_nr": "77"}).fetchall()
        if rows:
            found[entity.name] = [external_id for (external_id,) in rows]
    return found


def test_the_command_asks_first_and_tells_what_it_did(settled: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMDATEN_HOME", str(settled.home))
    app = typer.Typer()
    app.command("forget")(cli_look.forget_command)
    app.command("other")(lambda: None)
    asked = CliRunner().invoke(app, ["forget", "--person", NUMBER])
    assert isinstance(asked.exception, StammdatenError)
    assert "facilioo kontaktdaten 0000000815/email: delete" in asked.output
    assert settled.ledger("select count(*) from sync.forgotten") == [(0,)]
    done = CliRunner().invoke(app, ["forget", "--person", NUMBER, "--yes"])
    assert done.exit_code == 0
    assert "5 of 5 records withdrawn at partners." in done.output
    assert "Somebody has to write to them" in done.output
    assert "please erase the following records" in done.output
    assert not any(secret in done.output for secret in SECRETS[:2])
