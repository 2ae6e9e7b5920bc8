"""The sample portfolio: a chain of SQL models, the pitfalls laid over them, and one CSV file a table."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path

import duckdb

from pipelines.erp.delivery.schema import tables
from pipelines.erp.sample.pitfalls import PITFALLS, Pitfall
from pipelines.errors import SettingsError
from pipelines.progress import Progress

# Leases run, end and begin around this day; most are open-ended, so that a later key date still finds them running.
AS_OF = date(2026, 11, 1)

MIN_UNITS = 1
MAX_UNITS = 2_000_000

# Shares of the units: 001 keeps its own stock, 002 manages condominiums, 003 manages houses of others.
SHARE_002 = 0.20
SHARE_003 = 0.10

ADDRESSES = "berlin_adressen.csv.gz"
FIRST_NAMES = "vornamen_berlin_2023.csv"
LAST_NAMES = "nachnamen_de.csv"

# What the deliverable tables are made from, in the order of their making.
CORE = (
    "adresse",
    "vorname",
    "nachname",
    "haus",
    "energie",
    "einheit",
    "stellplatz",
    "vertrag",
    "beteiligter",
    "eigentum",
    "miteigentum",
    "bewerber",
    "person",
)

TABLES = (
    "mandant",
    "wirtschaftseinheit",
    "gebaeude",
    "verwaltungseinheit",
    "mietvertrag",
    "mietvertrag_ve",
    "mietkondition",
    "person",
    "kontaktweg",
    "mieter",
    "eigentuemervertrag",
    "eigentuemer",
    "interessent",
    "leerstand",
    "archiv",
    "ordner",
    "dokument",
    "einwilligung",
)

WITH_BYTE_ORDER_MARK = ("ordner",)

_KEYS = {"core.einheit": "ve_id", "core.vertrag": "mv_id"}


def write_sample(
    out: Path,
    units: int,
    seed: int,
    progress: Progress | None = None,
    *,
    as_of: date = AS_OF,
    pitfalls: Iterable[Pitfall] = PITFALLS,
) -> dict[str, int]:
    """Write a delivery of a made-up housing company into the folder `out`, one CSV file a table.

    Same `units`, `seed`, `as_of` and `pitfalls` (and DuckDB version) give the same bytes. Files of the same names are
    replaced, all at the end. `progress` is called with the step, the number of steps done and of all steps.

    Returns the number of rows by table. The units are exact but for a few strays that pitfalls add. Raises
    SettingsError if `units` is out of range or `out` is no folder that can be written to.
    """
    if not MIN_UNITS <= units <= MAX_UNITS:
        raise SettingsError(
            f"--units: {units} is not between {MIN_UNITS} and {MAX_UNITS}; give a number in that range"
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".sample-") as scratch:
            rows = _write_files(Path(scratch), units, seed, as_of, tuple(pitfalls), progress or _silent)
            for table in TABLES:
                os.replace(Path(scratch, f"{table}.csv"), out / f"{table}.csv")
    except (OSError, duckdb.IOException) as error:
        raise SettingsError(f"--out: cannot write to {out}; give a folder that may be written to") from error
    return rows


def _silent(step: str, done: int, total: int) -> None:
    """Report nothing."""


def _write_files(
    folder: Path, units: int, seed: int, as_of: date, pitfalls: tuple[Pitfall, ...], progress: Progress
) -> dict[str, int]:
    total = len(CORE) + len(TABLES)
    rows: dict[str, int] = {}
    with duckdb.connect(config={"memory_limit": "2500MB", "temp_directory": str(folder / "spill")}) as con:
        _set_up(con, units, seed, as_of)
        for done, model in enumerate(CORE, start=1):
            con.execute(f"create table core.{model} as {_sql(f'core/{model}.sql')}")
            _lay(con, f"core.{model}", pitfalls)
            _note_sizes(con, model)
            progress(model, done, total)
        for done, table in enumerate(TABLES, start=len(CORE) + 1):
            con.execute(f"create table erp.{table} as {_deliverable(table)}")
            _lay(con, f"erp.{table}", pitfalls)
            rows[table] = _export(con, table, folder / f"{table}.csv")
            con.execute(f"drop table erp.{table}")
            progress(table, done, total)
    return rows


def _sql(name: str) -> str:
    return files("pipelines.erp.sample").joinpath("sql", name).read_text(encoding="utf-8")


def _set_up(con: duckdb.DuckDBPyConnection, units: int, seed: int, as_of: date) -> None:
    """Macros, settings as SQL variables, and the real lists of addresses and names."""
    second, third = round(units * SHARE_002), round(units * SHARE_003)
    factor = 1 + units // 250_000
    con.execute("create schema core")
    con.execute("create schema erp")
    con.execute("set search_path = 'core,main'")
    con.execute(_sql("macros.sql"))
    _set(con, "saat", str(seed))
    _set(con, "stand", as_of)
    _set(con, "einheiten", units)
    _set(con, "quoten", [units - second - third, second, third])
    _set(con, "faktor", factor)
    _set(con, "runde", 12 * factor + 3)
    _set(con, "gebiete", min(1.0, 0.08 + units / 300_000))
    data = files("pipelines.erp.sample").joinpath("data")
    for table, name in (
        ("adressliste", ADDRESSES),
        ("vornamensliste", FIRST_NAMES),
        ("nachnamensliste", LAST_NAMES),
    ):
        with as_file(data.joinpath(name)) as path:
            con.read_csv(str(path), header=True, delimiter=",", quotechar='"', all_varchar=True).create(
                f"core.{table}"
            )


def _set(con: duckdb.DuckDBPyConnection, name: str, value: object) -> None:
    con.execute(f"set variable {name} = $value", {"value": value})


def _note_sizes(con: duckdb.DuckDBPyConnection, model: str) -> None:
    """Sizes of the lists that later models draw from."""
    counts = {
        "adresse": {"adressen": "select count(*) from core.adresse"},
        "nachname": {"nachnamen": "select count(*) from core.nachname"},
        "vorname": {
            "vornamen_m": "select count(*) from core.vorname where geschlecht = 'm'",
            "vornamen_w": "select count(*) from core.vorname where geschlecht = 'w'",
        },
        "beteiligter": {
            "konflikt": "select min(pid) from core.beteiligter where rolle = 'Hauptmieter' and pid > 1"
        },
    }
    for name, query in counts.get(model, {}).items():
        con.execute(f"set variable {name} = ({query})")


def _deliverable(table: str) -> str:
    """The table's model with the technical columns; all text but the row number and helpers (`_name`)."""
    return f"""
        with model as (
            {_sql(f"erp/{table}.sql")}
        ),
        stamped as (
            select
                * exclude (angelegt),
                'wodis_sigma' as quelle_erp,
                row_no as quelle_id,
                least(angelegt, getvariable('stand') - 1)::timestamp
                    + to_seconds(25200 + draw(row_no, 'angelegt', 36000)) as angelegt_am,
                angelegt_am + to_seconds(
                    (greatest(date_diff('second', angelegt_am, getvariable('stand')::timestamp), 0)
                    * roll(row_no, 'geaendert'))::bigint
                ) as geaendert_am,
                null as geloescht_kz,
                getvariable('stand')::timestamp + interval 2 hours as geladen_am,
                null::varchar as _pitfall,
            from model
        )
        select
            row_no,
            columns(lambda name: starts_with(name, '_')),
            cast(columns(lambda name: name <> 'row_no' and not starts_with(name, '_')) as varchar),
        from stamped
    """


def _lay(con: duckdb.DuckDBPyConnection, table: str, pitfalls: tuple[Pitfall, ...]) -> None:
    here = [pitfall for pitfall in pitfalls if pitfall.table == table]
    if table in _KEYS:
        con.execute(f"alter table {table} add column _pitfall varchar")
    for pitfall in here:
        if _pick(con, pitfall):
            if pitfall.copy is not None:
                _copy(con, pitfall)
            _change(con, pitfall)


def _pick(con: duckdb.DuckDBPyConnection, pitfall: Pitfall) -> int:
    """Draw the rows that the pitfall hits into a table of row numbers and hits; returns their number."""
    key = _KEYS.get(pitfall.table, "row_no")
    free = f"from {pitfall.table} where _pitfall is null and ({pitfall.among})"
    candidates = _number(con, f"select count(*) {free}")
    hits = min(candidates, max(pitfall.at_least, round(pitfall.rate * candidates)))
    if not hits:
        return 0
    # Looking at a slice that is surely large enough spares sorting the whole table.
    bound = (2 * hits + 100) / candidates
    con.execute(f"""
        create or replace temp table pick as
        select {key}, row_number() over (order by roll({key}, '{pitfall.name}'), {key}) as n
        {free} and roll({key}, '{pitfall.name}') < {bound}
        qualify n <= {hits}
    """)
    return hits


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0])


def _copy(con: duckdb.DuckDBPyConnection, pitfall: Pitfall) -> None:
    values = {"row_no": "row_no + 1", **(pitfall.copy or {}), "_pitfall": f"'{pitfall.name}'"}
    replaced = ", ".join(f"{value} as {column}" for column, value in values.items())
    con.execute(f"""
        insert into {pitfall.table}
        select * exclude (n) replace ({replaced})
        from {pitfall.table} inner join pick using (row_no)
    """)


def _change(con: duckdb.DuckDBPyConnection, pitfall: Pitfall) -> None:
    key = _KEYS.get(pitfall.table, "row_no")
    values = {**pitfall.change, "_pitfall": f"'{pitfall.name}'"}
    settings = ", ".join(f"{column} = {value}" for column, value in values.items())
    con.execute(f"update {pitfall.table} as hit set {settings} from pick where hit.{key} = pick.{key}")


def _export(con: duckdb.DuckDBPyConnection, table: str, path: Path) -> int:
    """Write the table without its helper columns, in the order of its row numbers; returns the number of rows.

    A column of the ERP's list that the model does not make is there and empty.
    """
    made = tuple(_made_columns(con, table))
    empty = (f"null as {column}" for column in tables()[table].columns if column not in made)
    columns = ", ".join([*made, *empty])
    con.execute(f"""
        copy (select {columns} from erp.{table} order by row_no) to '{str(path).replace("'", "''")}'
        (format csv, header, delimiter ';')
    """)
    if table in WITH_BYTE_ORDER_MARK:
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    return _number(con, f"select count(*) from erp.{table}")


def _made_columns(con: duckdb.DuckDBPyConnection, table: str) -> Iterator[str]:
    for name, *_ in con.execute(f"describe erp.{table}").fetchall():
        if name != "row_no" and not name.startswith("_"):
            yield str(name)
