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
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pyarrow as pa

from pipelines.errors import StammdatenError
from pipelines.push.client import Answer, PartnerStopped
from pipelines.push.connector import Connector, LookupFailed
from pipelines.push.contract import Contract, Entity, Find, dig, resolve

Progress = Callable[[str, int, int], None]

FOLDER = "read_back"
ROWS = 5_000
# A list that loses records between two pages is read again so often before it is believed to be cut.
READS = 3
# So many missing records are asked for one by one, because lists may lag behind.
CONFIRMED = 1_000

SCHEMA = """
create table record (
    kind varchar, entity varchar, remote_id varchar, parent_id varchar, shown_ids varchar[], gone boolean, body varchar
);
create table more_ids (kind varchar, remote_id varchar, external_id varchar);
create table visible (kind varchar, field varchar);
create table carried (kind varchar, remote_id varchar, external_id varchar);
create table link (kind varchar, remote_id varchar, field varchar, parent_kind varchar, parent_id varchar);
create table if not exists ours (
    id_space varchar, external_id varchar, kind varchar, remote_id varchar, parent_id varchar
);
"""
RECORDS = pa.schema(
    [
        ("kind", pa.string()),
        ("entity", pa.string()),
        ("remote_id", pa.string()),
        ("parent_id", pa.string()),
        ("shown_ids", pa.list_(pa.string())),
        ("gone", pa.bool_()),
        ("body", pa.string()),
    ]
)


@dataclass(frozen=True)
class Kind:
    """All records behind one path, and the entities that they may belong to."""

    path: str
    entities: tuple[Entity, ...]
    fields: frozenset[str]
    is_soft_deleted: bool

    @property
    def entity(self) -> Entity:
        """Any of the entities: they share paths, id and external id."""
        return self.entities[0]

    @property
    def parent_field(self) -> str | None:
        """The field that stands in the path of the list, or None when the list is read at once."""
        found = re.search(r"\{(\w+)\}", self.entity.list)
        return found[1] if found else None

    def entity_of(self, record: dict[str, Any], parent_entity: str | None) -> str | None:
        """The entity that a record belongs to; below a parent only what hangs on that entity comes into question."""
        for entity in self.entities:
            parents = {parent.entity for parent in entity.parents if parent.in_path}
            if entity.holds(record) and (parent_entity is None or parent_entity in parents):
                return entity.name
        return None


def kinds(contract: Contract) -> list[Kind]:
    """The kinds of records of a partner, parents before children."""
    order = [name for level in contract.levels for name in level]
    paths = list(dict.fromkeys(contract.entities[name].record for name in reversed(order)))
    found = []
    for path in reversed(paths):
        entities = tuple(contract.entities[name] for name in order if contract.entities[name].record == path)
        whole = _whole_schema(contract, entities[0])
        fields = frozenset(contract.schema(entities[0].name, "create")["properties"])
        is_soft_deleted = bool(whole["properties"].get("deleted", {}).get("readOnly"))
        found.append(Kind(path, entities, fields, is_soft_deleted))
    return found


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


def read_back(path: Path, connector: Connector, progress: Progress, confirm: bool = False) -> None:
    """Reads all records of a partner into the scratch database at `path`, obeying the partner's limits.

    `confirm` asks once more for records of `ours` that no list has shown. Raises `StammdatenError` when the partner
    does not answer as it should: then nothing may be concluded.
    """
    name = connector.contract.partner
    with closing(duckdb.connect(str(path))) as db:
        db.execute(SCHEMA)
        try:
            with _Reader(db, connector, progress) as reader:
                for kind in kinds(connector.contract):
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
    db.executemany(
        "insert into entity_kind values (?, ?, ?)",
        [[entity.name, entity.id_space, entity.record] for entity in contract.entities.values()],
    )


def write_references(db: duckdb.DuckDBPyConnection, known: str) -> None:
    """Puts into the temp table `back_refs` what each known record refers to, in our external ids.

    `known` is a table with kind, remote_id and external_id; a target that is not in it counts as null.
    """
    db.execute(
        f"""
        create or replace temp table back_refs as
        with

        target as (
            select l.kind, l.remote_id, l.field, list(t.external_id order by t.external_id) as ids
            from back.link as l
            semi join {known} as k on l.kind = k.kind and l.remote_id = k.remote_id
            left join {known} as t on l.parent_kind = t.kind and l.parent_id = t.remote_id
            group by l.kind, l.remote_id, l.field
        )

        select kind, remote_id, json_group_object(field, to_json(ids))::varchar as refs
        from target
        group by kind, remote_id
        """
    )


def count(db: duckdb.DuckDBPyConnection, what: str, values: list[Any] | None = None) -> int:
    """The number of rows of a `from …`; leaves no open result, which would keep Arrow tables from being registered."""
    [(number,)] = db.execute(f"select count(*) {what}", values or []).fetchall()
    return int(number)


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


class _Reader:
    """Reads kind by kind; keeps at most some thousand records in memory."""

    def __init__(self, db: duckdb.DuckDBPyConnection, connector: Connector, progress: Progress):
        self.db, self.connector, self.progress = db, connector, progress
        self._rows: list[tuple[Any, ...]] = []
        self._visible: dict[str, set[str]] = {}
        self._pool = ThreadPoolExecutor(connector.limits.in_flight or 1)

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        rows = [(kind, name) for kind, names in self._visible.items() for name in sorted(names)]
        if rows:
            self.db.executemany("insert into visible values (?, ?)", rows)

    def read(self, kind: Kind) -> None:
        """All records of a kind, and external ids that lie behind a route of their own."""
        if kind.parent_field:
            self._read_below(kind)
        else:
            self._read_list(kind)
        self._flush()
        # A record that moved from one page to another came twice: the later one counts.
        self.db.execute(
            "delete from record where kind = $kind and rowid not in"
            " (select max(rowid) from record where kind = $kind group by remote_id)",
            {"kind": kind.path},
        )
        if kind.entity.external_ids:
            self._read_external_ids(kind)

    def _read_list(self, kind: Kind) -> None:
        for _ in range(READS):
            found, total = self._read_pages(kind)
            if found >= total:
                return
        raise StammdatenError(
            f"{self.connector.contract.partner}: {kind.entity.list} speaks of {total:,} records and shows {found:,};"
            " nothing was changed; try again when nobody works there"
        )

    def _read_pages(self, kind: Kind) -> tuple[int, int]:
        """Reads the list from its first page to its last; how many records were read so far, and should have been."""
        done = total = 0
        for answer in self._pages_of(kind):
            page = _page(answer, kind.entity)
            done, total = done + len(page), self._total(answer) or 0
            self._take(kind, page)
            self.progress(self._what(kind), done, total)
        self._flush()
        return count(
            self.db, "from (select distinct remote_id from record where kind = ?)", [kind.path]
        ), total

    def _pages_of(self, kind: Kind) -> Iterator[Answer]:
        """The list; where a partner has none, a search without conditions."""
        looks = [
            look for e in kind.entities for look in (e.find, e.candidates) if look and look.method == "post"
        ]
        try:
            yield from self.connector.pages(Find("get", kind.entity.list), None)
        except LookupFailed as failed:
            if failed.answer.status not in (404, 405) or not looks:
                raise
            yield from self.connector.pages(Find("post", looks[0].path), None)

    def _read_below(self, kind: Kind) -> None:
        """Records that can be listed by parent only: one request a parent, as many at a time as are allowed."""
        parents = {p.entity for entity in kind.entities for p in entity.parents if p.in_path}
        names, total = self._records_of(parents)
        done = 0

        def read(parent: tuple[str, str]) -> tuple[str, str, list[dict[str, Any]]]:
            path = _filled(kind.entity.list, {kind.parent_field or "": parent[1]})
            return *parent, self._list_of_one(kind, path)

        for batch in names:
            for parent_entity, parent_id, records in self._pool.map(read, batch):
                self._take(kind, records, parent_entity, parent_id)
                done += 1
                self.progress(self._what(kind), done, total)

    def _records_of(self, entities: set[str]) -> tuple[Iterator[list[tuple[str, str]]], int]:
        """Entity and id of all records of some entities, in batches, and how many there are."""
        where = "list_contains(?, entity) and not gone"
        total = count(self.db, f"from record where {where}", [sorted(entities)])
        # A cursor of its own: results stay open while new records are written.
        found = self.db.cursor().execute(
            f"select entity, remote_id from record where {where}", [sorted(entities)]
        )
        return iter(lambda: found.fetchmany(1_000), []), total

    def _list_of_one(self, kind: Kind, path: str) -> list[dict[str, Any]]:
        """What hangs on one parent; nothing when the parent has gone meanwhile."""
        try:
            return [
                r
                for answer in self.connector.pages(Find("get", path), None)
                for r in _page(answer, kind.entity)
            ]
        except LookupFailed as failed:
            if failed.answer.status in (404, 410):
                return []
            raise

    def _read_external_ids(self, kind: Kind) -> None:
        """Lists of external ids, for records that show none of ours, as long as one of ours is still looked for."""
        lacking = """
            with shown as (select remote_id, unnest(shown_ids) as external_id from record where kind = $kind),
            known as (select external_id from ours where id_space = $space),
            wanted as (from known anti join shown on known.external_id = shown.external_id),
            settled as (select remote_id from shown semi join known on shown.external_id = known.external_id)
            select r.remote_id from record as r anti join settled on r.remote_id = settled.remote_id
            where r.kind = $kind and not r.gone and exists (from wanted)
        """
        names = {"kind": kind.path, "space": kind.entity.id_space}
        ids = [remote_id for (remote_id,) in self.db.execute(lacking, names).fetchall()]
        for place, found in enumerate(
            self._pool.map(lambda i: self._external_ids_of(kind.entity, i), ids), 1
        ):
            rows = [(kind.path, ids[place - 1], external_id) for external_id in found]
            if rows:
                self.db.executemany("insert into more_ids values (?, ?, ?)", rows)
            self.progress(f"{self._what(kind)}, external ids", place, len(ids))

    def _external_ids_of(self, entity: Entity, remote_id: str) -> list[str]:
        path = _filled(entity.external_ids or "", {"id": remote_id})
        try:
            answers = list(self.connector.pages(Find("get", path), None))
        except LookupFailed as failed:
            if failed.answer.status in (404, 410):
                return []
            raise
        bodies = [dig(a.body, entity.items) if isinstance(a.body, dict) else a.body for a in answers]
        return [str(value) for body in bodies if isinstance(body, list) for value in body]

    def ask_for_missing(self) -> None:
        """Asks for records of ours that no list has shown, one by one: a list may lag, a record may be moved."""
        by_path = {kind.path: kind for kind in kinds(self.connector.contract)}
        missing = self.db.execute(
            "select o.kind, o.remote_id, o.parent_id from ours as o"
            " anti join record as r on o.kind = r.kind and o.remote_id = r.remote_id"
            " where o.remote_id is not null order by all"
        ).fetchall()
        if len(missing) > CONFIRMED:
            return
        for place, (path, remote_id, parent_id) in enumerate(missing, 1):
            self._ask_for(by_path[path], remote_id, parent_id)
            self.progress(
                f"{self.connector.contract.partner}: asking for what is missing", place, len(missing)
            )
        self._flush()

    def _ask_for(self, kind: Kind, remote_id: str, parent_id: str | None) -> None:
        names = {"id": remote_id}
        if kind.parent_field and parent_id:
            names[kind.parent_field] = parent_id
        path = _filled(kind.path, names)
        if "{" in path:
            return
        answer = self.connector.client.call("get", path)
        if answer.status in (404, 405, 410):
            return
        record = dig(answer.body, kind.entity.unwrap) if kind.entity.unwrap else answer.body
        if not answer.ok or not isinstance(record, dict):
            raise LookupFailed(answer)
        if str(record.get(kind.entity.id)) == remote_id:
            self._take(kind, [record], parent_id=parent_id)

    def _take(
        self,
        kind: Kind,
        records: Iterable[dict[str, Any]],
        parent_entity: str | None = None,
        parent_id: str | None = None,
    ) -> None:
        visible = self._visible.setdefault(kind.path, set())
        for record in records:
            if record.get(kind.entity.id) is None:
                continue
            body = {name: value for name, value in record.items() if name in kind.fields}
            visible.update(body)
            self._rows.append(
                (
                    kind.path,
                    kind.entity_of(record, parent_entity),
                    str(record[kind.entity.id]),
                    parent_id,
                    _shown_ids(kind.entity, record),
                    kind.is_soft_deleted and bool(record.get("deleted")),
                    json.dumps(body, ensure_ascii=False),
                )
            )
        if len(self._rows) >= ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        columns = list(zip(*self._rows, strict=True))
        table = pa.table([pa.array(c, t.type) for c, t in zip(columns, RECORDS, strict=True)], RECORDS)
        self.db.register("page", table)
        self.db.execute("insert into record select * from page")
        self.db.unregister("page")
        self._rows = []

    def _total(self, answer: Answer) -> int | None:
        paging = self.connector.contract.paging
        told = answer.headers.get(paging.count) if paging.count else dig(answer.body, paging.total)
        return int(told) if told is not None else None

    def _what(self, kind: Kind) -> str:
        return f"{self.connector.contract.partner}: reading {', '.join(e.title for e in kind.entities)}"


def _derive(db: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """External ids and references as tables of their own, to be joined."""
    db.execute(
        "insert into carried select distinct * from"
        " (select kind, remote_id, unnest(shown_ids) from record union all select * from more_ids)"
    )
    references = {
        (entity.record, parent.field, contract.entities[parent.entity].record, parent.in_path)
        for entity in contract.entities.values()
        for parent in entity.parents
    }
    for kind, name, parent_kind, in_path in sorted(references):
        value = (
            "[parent_id]"
            if in_path
            else f"""case json_type(body, '$."{name}"') when 'ARRAY' then json_extract_string(body, '$."{name}"[*]')"""
            f""" else [json_extract_string(body, '$."{name}"')] end"""
        )
        db.execute(
            "insert into link select distinct * from"
            f" (select kind, remote_id, ?, ?, unnest({value}) as parent_id from record where kind = ?)"
            " where parent_id is not null",
            [name, parent_kind, kind],
        )
        if in_path:
            db.execute("insert into visible values (?, ?)", [kind, name])


def _described(answer: Answer) -> str:
    if answer.ok:
        return "an answer in another form than contract.yaml says"
    return f"the answer {answer.status}" if answer.status else "no answer"


def _page(answer: Answer, entity: Entity) -> list[dict[str, Any]]:
    """The records of one page. An answer without a list is no empty list."""
    page = dig(answer.body, entity.items) if entity.items else answer.body
    if not isinstance(page, list):
        raise LookupFailed(answer)
    return [record for record in page if isinstance(record, dict)]


def _shown_ids(entity: Entity, record: dict[str, Any]) -> list[str]:
    value = record.get(entity.external_id or "")
    return [str(part) for part in (value if isinstance(value, list) else [value]) if part not in (None, "")]


def _filled(path: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        path = path.replace("{" + name + "}", quote(value, safe=""))
    return path


def _whole_schema(contract: Contract, entity: Entity) -> dict[str, Any]:
    """The record as the partner shows it, fields included that only the partner sets."""
    posted = contract.document["paths"][entity.collection]["post"]["requestBody"]["content"][
        "application/json"
    ]
    return resolve(contract.document, posted["schema"])
