"""What a partner holds, read back page by page into a scratch database of its own.

The scratch database lies in a file, so that memory does not grow with the partner, and goes when the work is done.
It is filled while the DuckDB file of the run is closed, and then attached to it as `back`:

| table | one row |
|---|---|
| `record` | one record: kind, entity (null: none of ours), id, id of the parent in its path, `gone` (deleted), body |
| `carried` | one external id on one record |
| `link` | one reference from a record to a parent |
| `visible` | one field that some record of a kind shows |
| `ours` | one row of mart or ledger, given by the caller: what is looked for |

A kind is the path of one record: entities that share a path share their records.
"""

import hashlib
import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipelines.api.connector import Connector, LookupFailed
from pipelines.api.http.client import PROBLEMS, Answer, PartnerStopped
from pipelines.contract.contract import Contract
from pipelines.errors import StammdatenError
from pipelines.ledger.ledger import IDS_IN
from pipelines.progress import Progress
from pipelines.readback.reader import ROWS, PartnerReader, count, kinds

__all__ = [
    "Progress",
    "attach",
    "count",
    "held",
    "in_batches",
    "read_back",
    "scratch",
    "strangers_sql",
    "visible_fields",
    "write_kinds",
    "write_references",
]

FOLDER = "read_back"

SCHEMA = """
create table record (
    kind varchar, entity varchar, remote_id varchar, parent_id varchar, shown_ids varchar[], gone boolean, body varchar
);
create table more_ids (kind varchar, remote_id varchar, external_id varchar);
create table list_read (kind varchar, remote_id varchar);
create table visible (kind varchar, field varchar);
create table carried (kind varchar, remote_id varchar, external_id varchar);
create table link (kind varchar, remote_id varchar, field varchar, parent_kind varchar, parent_id varchar);
create table if not exists ours (
    id_space varchar, external_id varchar, kind varchar, remote_id varchar, parent_id varchar
);
"""


@contextmanager
def scratch(home: Path) -> Iterator[Path]:
    """Path of a scratch database that is removed at the end, as it holds what partners hold."""
    folder = home / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder / "scratch.duckdb"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_back(
    path: Path,
    connector: Connector,
    progress: Progress,
    entities: Collection[str] | None = None,
    confirm: bool = False,
) -> None:
    """Reads all records of a partner, or those of some entities, into the scratch database at `path`, obeying limits.

    `confirm` asks once more for records of `ours` that no list has shown. Raises `StammdatenError` when the partner
    does not answer as it should: then nothing may be concluded.
    """
    name = connector.contract.partner
    with closing(duckdb.connect(str(path))) as db:
        db.execute(SCHEMA)
        try:
            with PartnerReader(db, connector, progress) as reader:
                for kind in kinds(connector.contract):
                    if entities is None or any(entity.name in entities for entity in kind.entities):
                        reader.read(kind)
                if confirm:
                    reader.ask_for_missing()
        except LookupFailed as failed:
            raise StammdatenError(
                f"{name}: reading back ended with {_described(failed.answer)}; nothing was changed; try again"
            ) from None
        except PartnerStopped as stop:
            raise StammdatenError(f"{name}: {stop}; nothing was changed") from None
        finally:
            connector.client.close()
        _derive(db, connector.contract)


@contextmanager
def attach(db: duckdb.DuckDBPyConnection, path: Path, read_only: bool = True) -> Iterator[None]:
    """The scratch database as `back` beside the one that is open."""
    quoted = str(path).replace("'", "''")
    db.execute(f"attach '{quoted}' as back" + (" (read_only)" if read_only else ""))
    try:
        yield
    finally:
        db.execute("detach back")


def write_kinds(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Puts kind and id space of each entity into the temp table `entity_kind`."""
    db.execute("create or replace temp table entity_kind (entity varchar, id_space varchar, kind varchar)")
    rows = [[e.name, e.id_space, e.record] for e in contract.entities.values() if e.can_be_read]
    if rows:
        db.executemany("insert into entity_kind values (?, ?, ?)", rows)


def write_references(db: duckdb.DuckDBPyConnection, known: str) -> None:
    """Puts into the temp table `back_refs` what each known record refers to, in our external ids.

    `known` is a table with kind, remote_id and external_id; a target that is not in it counts as null, one that
    serves several rows has several ids: each reference is a list of lists.
    """
    db.execute(
        f"""
        create or replace temp table back_refs as
        with

        target as (
            select
                l.kind, l.remote_id, l.field, l.parent_kind, l.parent_id,
                list(t.external_id order by t.external_id) as ids
            from back.link as l
            semi join {known} as k on l.kind = k.kind and l.remote_id = k.remote_id
            left join {known} as t on l.parent_kind = t.kind and l.parent_id = t.remote_id
            group by all
        ),

        reference as (
            select kind, remote_id, field, list(ids order by ids) as ids
            from target
            group by all
        )

        select kind, remote_id, json_group_object(field, to_json(ids))::varchar as refs
        from reference
        group by kind, remote_id
        """
    )


def in_batches(db: duckdb.DuckDBPyConnection, table: str) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table that are numbered from 1 in its column `n`, some thousand at a time."""
    total = count(db, f"from {table}")
    for start in range(0, total, ROWS):
        found = db.sql(f"select * from {table} where n > {start} and n <= {start + ROWS} order by n")
        yield found.to_arrow_table().to_pylist()


def visible_fields(db: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """By kind: the fields that the partner shows on any record (scratch attached as `back`)."""
    found: dict[str, set[str]] = {}
    for kind, name in db.execute("select kind, field from back.visible").fetchall():
        found.setdefault(kind, set()).add(name)
    return found


def held(payload: Mapping[str, Any], refs: Mapping[str, Any]) -> dict[str, str]:
    """Payload, references and hash of a ledger row, for what a partner was seen to hold."""
    texts = [json.dumps(part, ensure_ascii=False, separators=(",", ":")) for part in (payload, refs)]
    digest = hashlib.sha256("".join(texts).encode()).hexdigest()
    return {"payload": texts[0], "refs": texts[1], "payload_hash": digest}


def strangers_sql(contract: Contract, claimed: str) -> str:
    """Select of records (kind, entity, remote_id) that belong to our entities and are not in the table `claimed`.

    A record that came into being with its parent is counted with it.
    """
    children = [
        (entity.record, contract.entities[entity.created_with].record)
        for entity in contract.entities.values()
        if entity.created_with
    ]
    with_parent = "".join(
        f" and not (s.kind = '{kind}' and exists (from unclaimed as p where p.kind = '{parent}'"
        " and p.remote_id = s.remote_id))"
        for kind, parent in children
    )
    return f"""
        with unclaimed as (
            select r.kind, r.entity, r.remote_id from back.record as r
            anti join {claimed} as c on r.kind = c.kind and r.remote_id = c.remote_id
            where r.entity is not null and not r.gone
        )
        select s.kind, s.entity, s.remote_id from unclaimed as s where true{with_parent}
    """


def _derive(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """External ids and references as tables of their own, to be joined."""
    db.execute(IDS_IN)
    db.execute(
        "insert into carried select distinct * from"
        " (select kind, remote_id, unnest(shown_ids) from record union all select * from more_ids)"
    )
    references = {
        (
            entity.record,
            parent.field,
            contract.entities[parent.entity].record,
            parent.in_path,
            contract.entities[parent.entity].refer_by == "external_id",
            contract.entities[entity.above[-1].entity].record if parent in entity.above[:-1] else "",
        )
        for entity in contract.entities.values()
        for parent in entity.parents
    }
    for kind, name, parent_kind, in_path, by_our_id, between in sorted(references):
        # What stands further out in the address is the parent of the parent.
        source = (
            "select r.kind, r.remote_id, r.body, p.parent_id from record as r inner join record as p"
            f" on p.kind = '{between}' and p.remote_id = r.parent_id"
            if between
            else "select kind, remote_id, body, parent_id from record"
        )
        value = "[parent_id]" if in_path else "ids_in(body, $name)"
        db.execute(
            f"""
            insert into link
            select distinct
                r.kind, r.remote_id, $name, $parent_kind,
                -- What is no record of theirs stays a reference, to something unknown.
                case when $by_our_id then coalesce(c.remote_id, 'unknown ' || r.parent_id) else r.parent_id end
            from (
                select kind, remote_id, unnest({value}) as parent_id from ({source}) where kind = $kind
            ) as r
            left join carried as c
                on $by_our_id and c.kind = $parent_kind and c.external_id = r.parent_id
            where r.parent_id is not null
            """,
            {"name": name, "parent_kind": parent_kind, "kind": kind, "by_our_id": by_our_id},
        )
        if in_path:
            db.execute("insert into visible values (?, ?)", [kind, name])


def _described(answer: Answer) -> str:
    if answer.problem:
        return PROBLEMS.get(answer.problem, answer.problem)
    if answer.ok:
        return "an answer in another form than contract.yaml says"
    return f"the answer {answer.status}" if answer.status else "no answer"
