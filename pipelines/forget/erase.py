"""Takes one person out of the database and the working files, so that no byte of it is left but in the raw delivery."""

import json
import mmap
import os
import re
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import duckdb

from pipelines.contract.contract import Contract, load_contract, partners
from pipelines.dbt_folder import FOLDERS
from pipelines.personal.records import (
    SEPARATORS,
    Mention,
    is_of_person,
    mentions,
    names_through,
    person_entities,
    persons_in,
)
from pipelines.settings import database

# The last delivery as it came, and what is kept about people's keys on purpose.
NOT_OURS = r"erp_raw|erp_load_\w+|seeds|information_schema|pg_catalog"
# Columns that hold a person's number, with the further condition under which they do.
PERSON_COLUMNS = {"person_nr": "true", "bezug_key": "upper(trim(bezug_art)) = 'PERSON'"}
SHORTEST = 6
# What a partner holds is not known any more; what was given up is tried again, as the partner has to lose the person.
UNKNOWN = "payload = null, refs = null, payload_hash = null, fields = null, tries = 0, tried_hash = null"
# Without a bound the copy takes twice the size of the database, and is no faster.
COPY_MEMORY = "2GB"


def erase_rows(
    db: duckdb.DuckDBPyConnection, person_nr: str, separators: Mapping[str, str]
) -> dict[str, int]:
    """Deletes the person from marts, plans, findings, staging; returns the number of rows by table.

    What the ledger says of records that are not withdrawn yet stays, without a value, and so does what it says of
    records of others that name the person: the next plan sends those as a whole. `separators` by partner.
    """
    rows: dict[str, int] = {}
    db.execute("begin")
    # Where else they stand they are told by their numbers alone.
    db.execute("create or replace temp table documents_of_person (dokument_nr varchar)")
    for partner in _present(db):
        separator = separators.get(partner, "/")
        of_person = _by_entity(partner, separator)
        _count(rows, f"partners.{partner}__", _marts(db, partner, of_person, person_nr))
        _count(rows, f"partners.{partner}__", _documents(db, partner, separator, person_nr))
        for table in _sync_tables(db):
            _count(rows, f"sync.{table}", _sync_rows(db, table, partner, of_person, person_nr))
        for table, number in _out_of_others(db, partner, separator, person_nr):
            _count(rows, table, number)
        _count(rows, "quality.findings", _refused_values(db, partner))
    _count(rows, "quality.findings", _findings(db, person_nr))
    _count(rows, "sync.builds", _builds(db, person_nr))
    for table, number in _intermediate(db, person_nr):
        _count(rows, f"intermediate.{table}", number)
    for schema, table in _document_tables(db):
        named = "dokument_nr in (select dokument_nr from documents_of_person)"
        _count(
            rows,
            f"{schema}.{table}",
            _changed(db, f'delete from {schema}."{table}" where {named}', person_nr),
        )
    for schema, table, column in _person_columns(db):
        _count(rows, f"{schema}.{table}", _staging(db, f'{schema}."{table}"', column, person_nr))
    db.execute("update sync.plan_partners set status = 'replaced' where status = 'open'")
    db.execute("commit")
    return {table: number for table, number in rows.items() if number}


def _present(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Partners of which there is a mart, or a row in a table that speaks of records: the others have nothing."""
    marts, named = _tables(db, "partners"), set()
    for table in _sync_tables(db):
        named |= {name for (name,) in db.execute(f"select distinct partner from sync.{table}").fetchall()}
    return [
        partner
        for partner in partners()
        if partner in named or any(mart.startswith(f"{partner}__") for mart in marts)
    ]


def _by_entity(partner: str, separator: str) -> dict[str, str]:
    """For each entity that has records of persons the condition on its ids."""
    return {e.name: is_of_person(e, separator) for e in person_entities(load_contract(partner))}


def _marts(db: duckdb.DuckDBPyConnection, partner: str, of_person: Mapping[str, str], person_nr: str) -> int:
    there = set(_tables(db, "partners"))
    return sum(
        _changed(db, f'delete from partners."{partner}__{entity}" where {test}', person_nr)
        for entity, test in of_person.items()
        if f"{partner}__{entity}" in there
    )


def _documents(db: duckdb.DuckDBPyConnection, partner: str, separator: str, person_nr: str) -> int:
    """Deletes the documents of the person from the marts, and notes their numbers."""
    deleted = 0
    for entity, condition in documents_in_marts(db, partner, separator).items():
        own = f'from partners."{partner}__{entity}" where {condition}'
        db.execute(f"insert into documents_of_person select external_id {own}", {"person_nr": person_nr})
        deleted += _changed(db, f"delete {own}", person_nr)
        # What names the person through a lease alone is not found there by the number.
        mine = (
            f"partner = '{partner}' and entity = '{entity}'"
            " and external_id in (select dokument_nr from documents_of_person)"
        )
        db.execute(f"update sync.ledger set {UNKNOWN} where {mine}")
        db.execute(f"delete from sync.plan where {mine}")
    return deleted


def documents_in_marts(db: duckdb.DuckDBPyConnection, partner: str, separator: str) -> dict[str, str]:
    """For each entity with bytes a condition on its mart: the document names person `$person_nr` and nobody else.

    Or what it hangs on does.
    """
    contract, found = load_contract(partner), {}
    for name, entity in contract.entities.items():
        if not entity.content:
            continue
        tests = [_names_alone(db, contract, name, separator)]
        there = _columns(db, "partners", f"{partner}__{name}")
        for parent in names_through(contract, name):
            alone = _names_alone(db, contract, parent.entity, separator)
            ids = f'select external_id from partners."{partner}__{parent.entity}" where {alone}'
            columns = {parent.field, *entity.reference_columns[parent.field]} & there if alone else ()
            tests += [f'"{column}" in ({ids})' for column in sorted(columns)]
        if any(tests):
            found[name] = " or ".join(f"({test})" for test in tests if test)
    return found


def _names_alone(db: duckdb.DuckDBPyConnection, contract: Contract, entity: str, separator: str) -> str:
    """A condition on the mart of an entity: the row names person `$person_nr` and nobody else; empty: none does."""
    there = _columns(db, "partners", f"{contract.partner}__{entity}")
    left = [
        (column, field.without(separator, f'"{column}"'), field.is_list)
        for field in persons_in(contract, entity)
        for column in sorted(there & set(field.columns))
    ]
    named = " or ".join(f'"{column}" is distinct from {rest}' for column, rest, _ in left)
    nobody = " and ".join(
        f"coalesce(len({rest}), 0) = 0" if is_list else f"{rest} is null" for _, rest, is_list in left
    )
    return f"({named}) and {nobody}" if left else ""


def _document_tables(db: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Schema and name of the tables of ours with a row a document."""
    found = db.execute(
        "select c.schema_name, c.table_name from duckdb_columns() as c"
        " semi join duckdb_tables() as t on c.schema_name = t.schema_name and c.table_name = t.table_name"
        " where c.column_name = 'dokument_nr' and c.schema_name in ('staging', 'intermediate') order by all"
    ).fetchall()
    return [(schema, table) for schema, table in found]


def _sync_tables(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables that speak of records: all with partner, entity and external id."""
    return [
        name
        for (name,) in db.execute(
            "select table_name from duckdb_columns() where schema_name = 'sync'"
            " and column_name in ('partner', 'entity', 'external_id') group by table_name having count(*) = 3"
        ).fetchall()
    ]


def _sync_rows(
    db: duckdb.DuckDBPyConnection, table: str, partner: str, of_person: Mapping[str, str], person_nr: str
) -> int:
    test = " or ".join(f"(entity = '{entity}' and {condition})" for entity, condition in of_person.items())
    mine = f"partner = '{partner}' and ({test or 'false'})"
    if table == "attempts":
        hashed = "'sha256:' || sha256((select any_value(salt) from sync.forgotten) || external_id)"
        return _changed(
            db, f"update sync.attempts set external_id = {hashed}, fields = null where {mine}", person_nr
        )
    if table == "ledger":
        # A record that is still to be withdrawn keeps its ids, also those of its address, and nothing else.
        still = "remote_id is not null and state <> 'withdrawn'"
        left = _changed(
            db,
            "update sync.ledger set payload = null, payload_hash = null, fields = null"
            f" where {mine} and {still}",
            person_nr,
        )
        return left + _changed(db, f"delete from sync.ledger where {mine} and not ({still})", person_nr)
    return _changed(db, f"delete from sync.{table} where {mine}", person_nr)


def named_in_ledger(partner: str, separator: str) -> str:
    """A condition on `sync.ledger`: a record of somebody else names the person `$person_nr`, or may by an open plan."""
    fields = mentions(load_contract(partner))
    held = _named(fields, separator)
    return (
        f"partner = '{partner}' and ({held} or (id_space, external_id) in"
        f" (select (id_space, external_id) from sync.plan where partner = '{partner}' and {held}))"
    )


def _named(fields: Iterable[Mention], separator: str) -> str:
    tests = [field.is_in(separator, document) for field in fields for document in ("payload", "refs")]
    return f"({' or '.join(tests) or 'false'})"


def _out_of_others(
    db: duckdb.DuckDBPyConnection, partner: str, separator: str, person_nr: str
) -> list[tuple[str, int]]:
    """Takes the person out of records of others: of the mart alone, and what the partner holds is not known any more.

    Returns tables with their numbers of rows.
    """
    fields = mentions(load_contract(partner))
    named = named_in_ledger(partner, separator)
    changed = [("sync.ledger", _changed(db, f"update sync.ledger set {UNKNOWN} where {named}", person_nr))]
    # After the ledger, whose condition looks at the plan.
    plan = f"delete from sync.plan where partner = '{partner}' and {_named(fields, separator)}"
    changed.append(("sync.plan", _changed(db, plan, person_nr)))
    for field in fields:
        mart = f"{partner}__{field.entity}"
        for column in sorted(_columns(db, "partners", mart) & set(field.columns)):
            number = _without(db, f'partners."{mart}"', column, field, separator, person_nr)
            changed.append((f"partners.{partner}__", number))
    return changed


def _without(
    db: duckdb.DuckDBPyConnection, table: str, column: str, field: Mention, separator: str, person_nr: str
) -> int:
    left = field.without(separator, f'"{column}"')
    return _changed(
        db,
        f'update {table} set "{column}" = {left}'
        f' where contains("{column}"::varchar, $person_nr) and "{column}" is distinct from {left}',
        person_nr,
    )


def _findings(db: duckdb.DuckDBPyConnection, person_nr: str) -> int:
    if "findings" not in _tables(db, "quality"):
        return 0
    keys = ["key = $person_nr and table_name = 'person'"]
    keys += ["starts_with(key, $person_nr || '/') and table_name in ('kontaktweg', 'einwilligung')"]
    keys += ["ends_with(key, '/' || $person_nr) and table_name in ('mieter', 'eigentuemer')"]
    keys += ["contains(reason, 'person ' || $person_nr || ':')", "ends_with(reason, 'person ' || $person_nr)"]
    for table, key, test in (
        ("interessent", "interessent_nr", "person_nr = $person_nr"),
        ("dokument", "dokument_nr", "upper(trim(bezug_art)) = 'PERSON' and bezug_key = $person_nr"),
    ):
        if f"base_erp__{table}" in _tables(db, "staging"):
            own = f"select {key} from staging.base_erp__{table} where {test}"
            keys.append(f"table_name = '{table}' and key in ({own})")
    return _changed(
        db, f"delete from quality.findings where {' or '.join(f'({key})' for key in keys)}", person_nr
    )


def _refused_values(db: duckdb.DuckDBPyConnection, partner: str) -> int:
    """Takes out what is said (V3) of records that are not in the marts any more."""
    if "findings" not in _tables(db, "quality"):
        return 0
    there = set(_tables(db, "partners"))
    return sum(
        _changed(
            db,
            f"delete from quality.findings where rule = 'V3' and table_name = '{mart}'"
            f' and key not in (select external_id from partners."{mart}")',
            "",
        )
        for mart in (f"{partner}__{entity}" for entity in load_contract(partner).entities)
        if mart in there
    )


def _builds(db: duckdb.DuckDBPyConnection, person_nr: str) -> int:
    """Takes keys of the person out of what the last build said."""
    found = db.execute("select failures from sync.builds where failures is not null").fetchall()
    for (failures,) in found:
        kept = [
            {
                **failure,
                "keys": [key for key in failure["keys"] if person_nr not in re.split(r"[-_./|]", key)],
            }
            for failure in json.loads(failures)
        ]
        if kept != json.loads(failures):
            db.execute("update sync.builds set failures = ? where failures = ?", [json.dumps(kept), failures])
            return 1
    return 0


def _person_columns(db: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """Schema, table and column of everything built from the delivery that names persons by number."""
    found = db.execute(
        "select c.schema_name, c.table_name, c.column_name from duckdb_columns() as c"
        " inner join duckdb_tables() as t on c.schema_name = t.schema_name and c.table_name = t.table_name"
        " where (c.column_name = 'bezug_key' or ends_with(c.column_name, 'person_nr'))"
        f" and not regexp_full_match(c.schema_name, '{NOT_OURS}')"
    ).fetchall()
    return [(schema, table, column) for schema, table, column in found]


def _intermediate(db: duckdb.DuckDBPyConnection, person_nr: str) -> list[tuple[str, int]]:
    """Deletes rows that name the person under a name that the ERP has not; each build makes these tables anew."""
    columns = db.execute(
        "select c.table_name, list(c.column_name) filter (c.data_type = 'VARCHAR'),"
        " list(c.column_name) filter (ends_with(c.data_type, '[]')) from duckdb_columns() as c"
        " inner join duckdb_tables() as t on c.schema_name = t.schema_name and c.table_name = t.table_name"
        " where c.schema_name = 'intermediate' and c.column_name not in"
        " (select column_name from duckdb_columns() where schema_name = 'erp_raw')"
        " group by c.table_name order by c.table_name"
    ).fetchall()
    found = []
    for table, texts, lists in columns:
        tests = [f'"{column}" = $person_nr' for column in texts or ()]
        tests += [
            f"contains(to_json(\"{column}\")::varchar, '{before}' || $person_nr || '\"')"
            for column in lists or ()
            for before in ('"', *SEPARATORS)
        ]
        if tests:
            sql = f'delete from intermediate."{table}" where {" or ".join(tests)}'
            found.append((table, _changed(db, sql, person_nr)))
    return found


def _staging(db: duckdb.DuckDBPyConnection, table: str, column: str, person_nr: str) -> int:
    if column in PERSON_COLUMNS:
        return _changed(
            db, f"delete from {table} where {column} = $person_nr and {PERSON_COLUMNS[column]}", person_nr
        )
    # A reference in a row about something else, such as the owner of a WE.
    return _changed(db, f"update {table} set {column} = null where {column} = $person_nr", person_nr)


def _tables(db: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    return [
        name
        for (name,) in db.execute(
            "select table_name from duckdb_tables() where schema_name = ?", [schema]
        ).fetchall()
    ]


def _columns(db: duckdb.DuckDBPyConnection, schema: str, table: str) -> set[str]:
    found = db.execute(
        "select column_name from duckdb_columns() where schema_name = ? and table_name = ?", [schema, table]
    ).fetchall()
    return {name for (name,) in found}


def _changed(db: duckdb.DuckDBPyConnection, sql: str, person_nr: str) -> int:
    row = db.execute(sql, {"person_nr": person_nr} if "$person_nr" in sql else {}).fetchone()
    return int(row[0]) if row else 0


def _count(rows: dict[str, int], table: str, number: int) -> None:
    rows[table] = rows.get(table, 0) + number


def rewrite(home: Path) -> None:
    """Writes the database anew, so that blocks of deleted rows are gone from the disk, and puts it in place at once.

    Killed at any moment, the file is entirely the old or entirely the new one.
    """
    old, new, spill = database(home), home / "stammdaten.duckdb.new", home / "stammdaten.duckdb.tmp"
    for file in home.glob(f"{new.name}*"):
        file.unlink()
    settings = {"temp_directory": str(spill), "memory_limit": COPY_MEMORY}
    with closing(duckdb.connect(config=settings)) as db:
        db.execute(f"attach '{_quoted(old)}' as former (read_only)")
        # Views name their catalog, so the copy has to have the name of the original.
        db.execute(f"attach '{_quoted(new)}' as {old.stem}")
        db.execute(f"copy from database former to {old.stem}")
        db.execute(f"checkpoint {old.stem}")
    shutil.rmtree(spill, ignore_errors=True)
    new.chmod(0o600)
    with new.open("rb+") as written:
        os.fsync(written.fileno())
    new.replace(old)


def _quoted(file: Path) -> str:
    return str(file).replace("'", "''")


def scrub_journal(home: Path) -> None:
    """Leaves no byte of folded outcomes in the journal: they lie in free pages and in the write-ahead log."""
    file = home / "journal.sqlite"
    if not file.exists():
        return
    with closing(sqlite3.connect(file, isolation_level=None)) as journal:
        journal.execute("vacuum")
        journal.execute("pragma wal_checkpoint(truncate)")


def remove_leftovers(home: Path) -> None:
    """Removes working files that may hold rows: dlt's folders, what dbt said of its last run."""
    logs = [home / folder / "logs" for folder in FOLDERS]
    for folder in (home / "dlt", *logs, home / "stammdaten.duckdb.tmp"):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in FOLDERS:
        (home / folder / "run_results.json").unlink(missing_ok=True)


def values_of(db: duckdb.DuckDBPyConnection, person_nr: str) -> set[str]:
    """What a file can be searched for: the person's number and contacts as delivered, if long enough to be telling."""
    if "kontaktweg" not in raw_tables(db):
        return {person_nr} if len(person_nr) >= SHORTEST else set()
    found = db.execute(
        "select trim(wert) from erp_raw.kontaktweg where trim(person_nr) = ?", [person_nr]
    ).fetchall()
    return {value for value in (person_nr, *(v for (v,) in found)) if value and len(value) >= SHORTEST}


def files_with(home: Path, values: Iterable[str]) -> list[str]:
    """Files under this home, but the database, that hold one of the values; paths below `home`."""
    wanted = [value.encode() for value in values]
    return sorted(
        str(file.relative_to(home))
        for file in home.rglob("*")
        if file.is_file() and file != database(home) and _holds(file, wanted)
    )


def _holds(file: Path, values: list[bytes]) -> bool:
    if not file.stat().st_size:
        return False
    with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(value) >= 0 for value in values)


def raw_tables(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables of the raw layer that name persons by number."""
    found = db.execute(
        "select table_name from duckdb_columns() where schema_name = 'erp_raw' and column_name = 'person_nr' order by 1"
    ).fetchall()
    return [name for (name,) in found]
