"""The load: all of a delivery or nothing of it, also when it is killed."""

import os
import re
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.erp import load as loader
from pipelines.erp.delivery.schema import tables
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import load
from pipelines.errors import DeliveryError, RunningError, StammdatenError
from pipelines.settings import project_root
from tests.erp.delivery import DELIVERY

DATASETS = "select count(*) from duckdb_schemas() where schema_name like 'erp_load_%'"
NAMES = "select nachname from erp_raw.person order by _zeile"


def test_every_canonical_table_is_there_with_all_its_columns_as_text(folder, home, database):
    result = load(FilesSettings(folder), home)
    for table in tables().values():
        assert database.columns(table.name) == [*table.columns, "_zeile"]
    types = database.rows(
        "select distinct data_type, column_name = '_zeile' from duckdb_columns() where schema_name = 'erp_raw'"
    )
    assert sorted(types) == [("BIGINT", True), ("VARCHAR", False)]
    delivered = {"person": 2, "verwaltungseinheit": 2}
    assert result.rows == {
        name: delivered.get(name, 1 if f"{name}.csv" in DELIVERY else 0) for name in tables()
    }
    assert result.absent_tables == (
        "mietvertrag_ve",
        "mietkondition",
        "eigentuemervertrag",
        "eigentuemer",
        "interessent",
        "leerstand",
        "archiv",
        "ordner",
        "dokument",
        "einwilligung",
    )


def test_an_empty_field_is_an_empty_text_and_a_column_that_was_not_delivered_is_null(folder, home, database):
    load(FilesSettings(folder), home)
    assert database.rows(
        "select ve_nr, etage_lage, lage from erp_raw.verwaltungseinheit order by _zeile"
    ) == [
        ("0004", "2. Etage", None),
        ("0007", "", None),
    ]


def test_columns_and_files_that_nobody_knows_are_kept_and_reported(folder, home, database):
    (folder / "mandant.csv").write_text(
        'Größe (m²);mandant_nr;"o""K";name\n007;001;x;Wohnbau\n', encoding="utf-8"
    )
    (folder / "umsatz.csv").write_text("x", encoding="utf-8")
    result = load(FilesSettings(folder), home)
    assert result.unknown_columns == {"mandant": ("größe (m²)", "o_k")}
    assert result.unknown_files == ("umsatz.csv",)
    assert database.columns("mandant") == [*tables()["mandant"].columns, "größe (m²)", "o_k", "_zeile"]
    assert database.rows('select mandant_nr, "größe (m²)", o_k from erp_raw.mandant') == [("001", "007", "x")]


def test_rows_that_do_not_name_their_erp_or_load_time_get_them(folder, home, database):
    (folder / "person.csv").write_text(
        "person_nr;quelle_erp;geladen_am\n1;relion;01.02.2026\n2;;\n3;  ;\n", encoding="utf-8"
    )
    result = load(FilesSettings(folder), home, quelle_erp="gap_immotion")
    at = result.at.strftime("%Y-%m-%d %H:%M:%S")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", at)
    assert database.rows("select quelle_erp, geladen_am from erp_raw.person order by _zeile") == [
        ("relion", "01.02.2026"),
        ("gap_immotion", at),
        ("gap_immotion", at),
    ]
    assert database.rows("select quelle_erp, geladen_am from erp_raw.mandant") == [("gap_immotion", at)]


def test_20001_rows_keep_their_order(folder, home, database, monkeypatch):
    monkeypatch.setattr("pipelines.erp.files.csv_file.BLOCK", 7_777)
    monkeypatch.setattr("pipelines.erp.source.ROW_GROUP_BYTES", 77_777)
    monkeypatch.setattr("pipelines.erp.source.FILE_BYTES", 222_222)
    lines = [f'{n * 7919 % 20_011:010};"{"Ä" * (n % 5)}\n{n}"' for n in range(1, 20_002)]
    (folder / "person.csv").write_text("person_nr;nachname\n" + "\n".join(lines), encoding="utf-8")
    assert load(FilesSettings(folder), home).rows["person"] == 20_001
    assert database.rows(
        """
        select
            count(*),
            count(distinct _zeile),
            min(_zeile),
            max(_zeile),
            count(*) filter (
                person_nr = lpad((_zeile * 7919 % 20011)::varchar, 10, '0')
                and nachname = repeat('Ä', (_zeile % 5)::int) || chr(10) || _zeile
            )
        from erp_raw.person
        """
    ) == [(20_001, 20_001, 1, 20_001, 20_001)]


def test_csv_and_parquet_may_lie_side_by_side(folder, home, database):
    (folder / "person.csv").unlink()
    pq.write_table(
        pa.table({"person_nr": ["0815", "4711"], "geburtsdatum": pa.array([None, 0], pa.date32())}),
        folder / "person.parquet",
    )
    load(FilesSettings(folder), home)
    assert database.rows("select _zeile, person_nr, geburtsdatum from erp_raw.person order by 1") == [
        (1, "0815", None),
        (2, "4711", "1970-01-01"),
    ]


def test_a_new_delivery_replaces_the_former_one_as_a_whole(folder, home, database):
    (folder / "leerstand.csv").write_text(
        "mandant_nr;we_nr;gebaeude_nr;ve_nr;leer_ab;alt\n1;2;3;4;5;6\n", encoding="utf-8"
    )
    load(FilesSettings(folder), home)
    (folder / "leerstand.csv").unlink()
    (folder / "person.csv").write_text("person_nr;nachname\n9;Ey\n", encoding="utf-8")
    load(FilesSettings(folder), home)
    assert database.rows(NAMES) == [("Ey",)]
    assert database.rows("from erp_raw.leerstand") == []
    assert database.columns("leerstand") == [*tables()["leerstand"].columns, "_zeile"]
    assert database.rows(DATASETS) == [(1,)]


def test_each_load_notes_the_rows_of_each_table(folder, home, database):
    first = load(FilesSettings(folder), home)
    (folder / "person.csv").write_text("person_nr;nachname\n9;Ey\n", encoding="utf-8")
    second = load(FilesSettings(folder), home)
    assert database.rows(
        "select load_id, loaded_at, source, row_count from sync.loads where table_name = 'person' order by 1"
    ) == [
        (first.load_id, first.at.replace(tzinfo=None), f"files: {folder}", 2),
        (second.load_id, second.at.replace(tzinfo=None), f"files: {folder}", 1),
    ]
    assert database.rows("select count(*) from sync.loads") == [(2 * len(tables()),)]


def test_tables_that_somebody_put_into_the_raw_layer_are_replaced(folder, home, database):
    home.mkdir()
    with duckdb.connect(str(home / "stammdaten.duckdb")) as connection:
        connection.execute("create schema erp_raw; create table erp_raw.person as select 1 as x")
    load(FilesSettings(folder), home)
    assert database.rows(NAMES) == [("Böttcher-Groß",), ("Wiesel",)]


def test_a_file_with_its_header_only_is_fine_on_the_first_load(folder, home):
    (folder / "mieter.csv").write_text(DELIVERY["mieter.csv"].splitlines()[0] + "\r\n\r\n", encoding="utf-8")
    assert load(FilesSettings(folder), home).rows["mieter"] == 0


def _header_only(folder):
    (folder / "mieter.csv").write_text(DELIVERY["mieter.csv"].splitlines()[0], encoding="utf-8")


def _parquet_without_rows(folder):
    (folder / "person.csv").unlink()
    pq.write_table(pa.table({"person_nr": pa.array([], pa.string())}), folder / "person.parquet")


def _missing(folder):
    (folder / "kontaktweg.csv").unlink()


def _bad_byte(folder):
    (folder / "person.csv").write_bytes(b"person_nr;nachname\n1;Gro\x81\n")


def _short_row(folder):
    with (folder / "mieter.csv").open("a", encoding="utf-8") as file:
        file.write("001;0123;01;0004;02;0000000815\n")


def _open_quote(folder):
    with (folder / "gebaeude.csv").open("a", encoding="utf-8") as file:
        file.write('001;0123;02;"Lindenallee;01067\n')


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (
            _header_only,
            "mieter.csv: no rows, but the last load had some; deliver the table again",
        ),
        (_parquet_without_rows, "person.parquet: no rows, but the last load had some"),
        (_missing, "kontaktweg.csv missing"),
        (_bad_byte, "person.csv, line 2: byte 0x81"),
        (_short_row, "mieter.csv, line 3: 6 fields, but the header has 8"),
        (_open_quote, "gebaeude.csv, line 3: a quoted field does not end where it should"),
    ],
)
def test_a_broken_delivery_leaves_the_raw_layer_as_it_was(folder, home, database, break_it, expected):
    former = load(FilesSettings(folder), home)
    (folder / "mandant.csv").write_text("mandant_nr;name\n002;Neubau\n", encoding="utf-8")
    break_it(folder)
    with pytest.raises(DeliveryError) as caught:
        load(FilesSettings(folder), home)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert database.rows("select mandant_nr, name from erp_raw.mandant") == [("001", "Wohnbau Musterstadt")]
    assert database.rows(NAMES) == [("Böttcher-Groß",), ("Wiesel",)]
    assert database.rows("select distinct load_id from sync.loads") == [(former.load_id,)]
    assert not any((home / "dlt").glob("*"))


def test_an_optional_file_with_its_header_only_where_rows_were_is_an_error_too(folder, home):
    header = "person_nr;zweck;erteilt\n"
    (folder / "einwilligung.csv").write_text(header + "0000000815;aktivbo;J\n", encoding="utf-8")
    load(FilesSettings(folder), home)
    (folder / "einwilligung.csv").write_text(header, encoding="utf-8")
    with pytest.raises(DeliveryError, match=r"einwilligung\.csv: .* or leave the table out"):
        load(FilesSettings(folder), home)


def test_a_failure_between_storing_and_going_live_changes_nothing(folder, home, database, monkeypatch):
    load(FilesSettings(folder), home)
    (folder / "person.csv").write_text("person_nr;nachname\n9;Ey\n", encoding="utf-8")
    monkeypatch.setattr(loader, "_go_live", lambda *_: pytest.fail("power cut"))
    with pytest.raises(pytest.fail.Exception):
        load(FilesSettings(folder), home)
    monkeypatch.undo()
    assert database.rows(NAMES) == [("Böttcher-Groß",), ("Wiesel",)]
    load(FilesSettings(folder), home)
    assert database.rows(NAMES) == [("Ey",)]
    assert database.rows(DATASETS) == [(1,)]


def test_rows_that_got_lost_on_the_way_keep_a_load_from_going_live(folder, home, monkeypatch):
    monkeypatch.setattr(loader, "count_rows", lambda *_: 0)
    with pytest.raises(RuntimeError, match=r"'person': \(2, 0\)"):
        load(FilesSettings(folder), home)


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from pipelines.erp import load as loader
    from pipelines.erp.files.door import FilesSettings

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    def progress(what, share):
        if what == sys.argv[3]:
            die()

    if sys.argv[3] == "in the transaction":
        loader.drop_datasets = die
        loader._remove_leftovers = lambda home: None
    loader.load(FilesSettings(Path(sys.argv[1])), Path(sys.argv[2]), progress=progress)
"""


@pytest.mark.sampled
@pytest.mark.parametrize("moment", ["reading person", "storing", "going live", "in the transaction"])
def test_a_killed_load_leaves_the_former_delivery_and_the_next_one_works(folder, home, database, moment):
    load(FilesSettings(folder), home)
    (folder / "person.csv").write_text("person_nr;nachname\n9;Ey\n", encoding="utf-8")
    killed = subprocess.run(  # noqa: S603
        [sys.executable, "-c", textwrap.dedent(KILLED), str(folder), str(home), moment],
        cwd=project_root(),
        check=False,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert database.rows(NAMES) == [("Böttcher-Groß",), ("Wiesel",)]
    load(FilesSettings(folder), home)
    assert database.rows(NAMES) == [("Ey",)]
    assert database.rows(DATASETS) == [(1,)]
    assert database.rows("select count(distinct load_id) from sync.loads") == [(2,)]


def test_a_killed_load_leaves_no_dataset_behind_even_if_the_next_delivery_is_broken(folder, home, database):
    load(FilesSettings(folder), home)
    subprocess.run(  # noqa: S603
        [sys.executable, "-c", textwrap.dedent(KILLED), str(folder), str(home), "going live"],
        cwd=project_root(),
        check=False,
        capture_output=True,
    )
    assert database.rows(DATASETS) == [(2,)]
    _missing(folder)
    with pytest.raises(DeliveryError):
        load(FilesSettings(folder), home)
    assert database.rows(DATASETS) == [(1,)]
    assert database.rows(NAMES) == [("Böttcher-Groß",), ("Wiesel",)]


def test_a_database_that_another_program_has_open_is_named(folder, home):
    load(FilesSettings(folder), home)
    path = home / "stammdaten.duckdb"
    script = f"import duckdb; c = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(RunningError, match=rf"open in another program \(process {other.pid}\)"):
            load(FilesSettings(folder), home)
        other.stdin.close()


def test_a_database_file_that_is_none_is_named_and_left_alone(folder, home):
    home.mkdir()
    path = home / "stammdaten.duckdb"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StammdatenError, match=r"stammdaten\.duckdb cannot be opened as a database; restore"):
        load(FilesSettings(folder), home)
    assert path.read_bytes() == b"no database" * 1000


def test_a_load_leaves_no_connection_no_files_and_no_settings_behind(folder, home, capfd):
    before = dict(os.environ)
    load(FilesSettings(folder), home)
    assert dict(os.environ) == before
    assert capfd.readouterr() == ("", "")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert [path for path in Path(home).rglob("*") if path.is_file()] == [home / "stammdaten.duckdb"]
    script = f"import duckdb; duckdb.connect({str(home / 'stammdaten.duckdb')!r}).close()"
    subprocess.run([sys.executable, "-c", script], check=True)  # noqa: S603


def test_progress_grows_from_nothing_to_all(folder, home):
    seen: list[tuple[str, float]] = []
    load(FilesSettings(folder), home, progress=lambda what, share: seen.append((what, share)))
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert (seen[0], seen[-1]) == (("checking the delivery", 0.0), ("loaded", 1.0))
    assert {"reading person", "storing", "going live"} <= {what for what, _ in seen}
