"""From OpenWOWI's lists to the canonical tables: one statement a table in `sql/`, run by DuckDB over all rows."""

from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

import duckdb

from pipelines.erp.delivery.delivery import TableData
from pipelines.erp.delivery.schema import tables
from pipelines.erp.files import parquet_file
from pipelines.erp.openwowi.client import SETTING
from pipelines.erp.openwowi.endpoints import DOCUMENTED, OPTIONAL_ENDPOINTS, REQUIRED_ENDPOINTS
from pipelines.erp.openwowi.numbers import PARTS, Numbers, Pattern
from pipelines.errors import DeliveryError

QUELLE_ERP = "openwowi"
TENANT_ROLES = ("Hauptmieter", "Mitmieter")
SQL = Path(__file__).parent / "sql"

# A switch of the settings stands for these tables, any other for the table of its own name.
TABLES_OF = {"eigentuemer": ("eigentuemervertrag", "eigentuemer")}
REQUIRED_TABLES = (
    "mandant",
    "wirtschaftseinheit",
    "gebaeude",
    "verwaltungseinheit",
    "mietvertrag",
    "mieter",
    "person",
    "kontaktweg",
)


def canonical_tables(
    lists: Mapping[str, Path],
    numbers: Numbers,
    roles: Mapping[str, str],
    optional: tuple[str, ...],
    folder: Path,
) -> tuple[dict[str, TableData], tuple[str, ...]]:
    """The tables made of JSON lines by endpoint name, as files in `folder`, and notes for the report of the load.

    A list that is absent counts as empty. `roles` maps a kind of contractor to our role. Raises `DeliveryError` when
    no number fits its pattern, or no contractor is a tenant: then a setting is wrong, not a row.
    """
    with closing(duckdb.connect(str(folder / "openwowi.duckdb"))) as connection:
        for endpoint in (*REQUIRED_ENDPOINTS, *OPTIONAL_ENDPOINTS):
            _read_lines(connection, endpoint.name, lists.get(endpoint.name))
        _define(connection, numbers, roles)
        notes = _notes_on_numbers(connection, numbers) + _notes_on_references(connection)
        _check_roles(connection)
        wanted = [*REQUIRED_TABLES, *(name for table in optional for name in TABLES_OF.get(table, (table,)))]
        written = {name: _write(connection, name, folder) for name in tables() if name in wanted}
    return {name: _table_data(name, path) for name, path in written.items()}, tuple(notes)


def _read_lines(connection: duckdb.DuckDBPyConnection, name: str, path: Path | None) -> None:
    connection.execute(f"create table {name} (json json)")
    if path is not None and path.stat().st_size:
        connection.execute(
            f"insert into {name} select json from read_json_objects(?, format = 'newline_delimited')",
            [str(path)],
        )


def _define(connection: duckdb.DuckDBPyConnection, numbers: Numbers, roles: Mapping[str, str]) -> None:
    """Macros and tables that the statements of the tables share."""
    for pattern, macro in ((numbers.we, "we"), (numbers.gebaeude, "gebaeude"), (numbers.ve, "ve")):
        connection.execute(_splitting_macro(f"{macro}_teile", pattern))
    signs = ", ".join(_quoted(sign) for sign in numbers.ve.separators) or "''"
    connection.execute(f"create macro ist_trenner(zeichen) as zeichen in ({signs})")
    connection.execute((SQL / "makros.sql").read_text(encoding="utf-8"))
    connection.execute((SQL / "schluessel.sql").read_text(encoding="utf-8"))
    connection.execute("create table rollen (name varchar, rolle varchar)")
    if roles:
        connection.executemany("insert into rollen values (?, ?)", list(roles.items()))
    files = [
        f"select {_quoted(kind)} as bezug_art, {_quoted(entity)} as entity, json from files_{entity.lower()}"
        for entity, kind in DOCUMENTED.items()
    ]
    connection.execute(f"create view dokumente as {' union all '.join(files)}")


def _splitting_macro(name: str, pattern: Pattern) -> str:
    """A macro that gives the parts of a number, all NULL when the number does not fit."""
    fields = ", ".join(
        f"{part}: nullif(regexp_extract(idnum, {_quoted(pattern.regex)}, {pattern.parts.index(part) + 1}), '')"
        if part in pattern.parts
        else f"{part}: cast(null as varchar)"
        for part in PARTS
    )
    return f"create macro {name}(idnum) as {{{fields}}}"


def _notes_on_numbers(connection: duckdb.DuckDBPyConnection, numbers: Numbers) -> list[str]:
    """What to say of numbers that give no key."""
    notes = []
    for table, key, pattern, path in (
        ("we_schluessel", "we_nr", numbers.we, "EconomicUnits"),
        ("gebaeude_schluessel", "gebaeude_nr", numbers.gebaeude, "BuildingLands"),
        ("ve_schluessel", "ve_nr", numbers.ve, "UseUnits"),
    ):
        rows, unfit = _counted(connection, f"select count(*), count(*) - count({key}) from {table}")
        if rows and rows == unfit:
            raise DeliveryError(
                f"OpenWOWI {path}: no IdNum of {rows} is built as {pattern.text} and names the parents that the row "
                f"refers to; mend {pattern.setting}"
            )
        if unfit:
            notes.append(
                f"OpenWOWI {path}: {unfit} of {rows} have an IdNum that is not built as {pattern.text}, or names "
                "other parents than the row refers to; they have no key and are not used (C7). Mend them, or "
                f"{pattern.setting}."
            )
    return notes


def _notes_on_references(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What to say of rows that point to nothing that was delivered, for example because it is newer."""
    notes = []
    for query, what in (
        (
            "select count(*), count(*) - count(ve.id) from mv_schluessel as mv "
            "left join ve_schluessel as ve on mv.ve_id = ve.id",
            "LicenseAgreements refer to a UseUnit",
        ),
        (
            "select count(*), count(*) - count(mv.id) from contractors left join mv_schluessel as mv "
            "on coalesce(json ->> '$.LicenseAgreementId', json ->> '$.LicenseAgreement.Id') = mv.id",
            "Contractors refer to a LicenseAgreement",
        ),
    ):
        rows, lost = _counted(connection, query)
        if lost:
            notes.append(f"OpenWOWI: {lost} of {rows} {what} that was not delivered; they are not used (C7).")
    return notes


def _check_roles(connection: duckdb.DuckDBPyConnection) -> None:
    """All contractors under unknown names would look like houses without tenants."""
    names = connection.execute(
        "select distinct json ->> '$.ContractorType.Name' as name from contractors order by name"
    ).fetchall()
    tenants = connection.execute(
        "select count(*) from contractors inner join rollen on lower(trim(json ->> '$.ContractorType.Name')) = "
        "lower(rollen.name) where list_contains(?, rollen.rolle)",
        [list(TENANT_ROLES)],
    ).fetchone()
    if names and tenants == (0,):
        listed = ", ".join(str(name) for (name,) in names[:10])
        raise DeliveryError(
            f"OpenWOWI Contractors: none is a {' or '.join(TENANT_ROLES)}; their kinds are {listed}; "
            f"say in {SETTING}ROLLEN which of them are, for example 'Mieter=Hauptmieter'"
        )


def _counted(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, int]:
    row = connection.execute(query).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _write(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> Path:
    """One canonical table as a Parquet file whose rows lie in the order of the ERP's own ids."""
    path = folder / f"{name}.parquet"
    statement = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    try:
        connection.execute(
            f"copy (select *, {_quoted(QUELLE_ERP)} as quelle_erp from ({statement}) "
            f"order by try_cast(quelle_id as bigint), quelle_id) to {_quoted(str(path))} (format parquet)"
        )
        return path
    except duckdb.DataError:
        # DuckDB's message holds the value; nothing of it may be chained to ours.
        pass
    raise DeliveryError(
        f"OpenWOWI {name}: a field holds text where a number is documented; nothing was loaded, "
        f"check {SETTING}VERSION"
    )


def _table_data(name: str, path: Path) -> TableData:
    file = parquet_file.inspect(path)
    return TableData(
        f"OpenWOWI {name}", file.columns, file.size, file.is_empty, partial(parquet_file.read, file)
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
