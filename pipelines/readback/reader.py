"""Reads what a partner holds, kind by kind and page by page, into the scratch database of `remote.py`."""

import json
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.api.connector import Connector, LookupFailed
from pipelines.api.http.client import Answer
from pipelines.api.lookup import READS, external_ids_of
from pipelines.api.protocols.protocol import Page, filled
from pipelines.api.protocols.remote_ids import checked_id
from pipelines.contract.contract import Contract, Entity
from pipelines.errors import StammdatenError
from pipelines.progress import Progress

ROWS = 5_000
# So many missing records are asked for one by one, because lists may lag behind.
CONFIRMED = 1_000

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
    """All records that are written in one place, and the entities that they may belong to."""

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
        """The innermost field in the path of the list, or None when the list is read at once."""
        return self._path_fields[-1] if self._path_fields else None

    @property
    def outer_field(self) -> str | None:
        """The field in the path before that, which names what the parent lies in."""
        return self._path_fields[-2] if len(self._path_fields) > 1 else None

    @property
    def _path_fields(self) -> list[str]:
        """Parents in the path of the list; a setting may stand there too."""
        known = {parent.field for entity in self.entities for parent in entity.parents}
        return [name for name in re.findall(r"\{(\w+)\}", self.entity.list) if name in known]

    @property
    def at_once(self) -> bool:
        """Whether some of the records are listed without naming a parent."""
        return self.parent_field is None and any(entity.list_below is None for entity in self.entities)

    @property
    def parents(self) -> set[str]:
        """Entities by whose records the list is asked for, one after the other."""
        below = {entity.list_below.entity for entity in self.entities if entity.list_below}
        return below | {
            p.entity for entity in self.entities for p in entity.above if p.field == entity.above[-1].field
        }

    def entity_of(self, record: dict[str, Any], parent_entity: str | None) -> str | None:
        """The entity that a record belongs to; below a parent only what hangs on that entity comes into question."""
        for entity in self.entities:
            parents = {parent.entity for parent in entity.parents if parent.in_path}
            parents |= {entity.list_below.entity} if entity.list_below else set()
            if entity.holds(record) and (parent_entity is None or parent_entity in parents):
                return entity.name
        return None


def kinds(contract: Contract) -> list[Kind]:
    """The kinds of records of a partner, parents before children."""
    order = [name for level in contract.levels for name in level if contract.entities[name].can_be_read]
    paths = list(dict.fromkeys(contract.entities[name].record for name in reversed(order)))
    found = []
    for path in reversed(paths):
        entities = tuple(contract.entities[name] for name in order if contract.entities[name].record == path)
        whole = contract.shown_schema(entities[0].name)
        fields = frozenset(contract.schema(entities[0].name, "create")["properties"])
        # Size and hash of bytes are told by the partner alone.
        told = [place for entity in entities if entity.content for place in entity.content.shown.values()]
        fields |= {place.split(".")[0] for place in told}
        is_soft_deleted = bool(whole["properties"].get("deleted", {}).get("readOnly"))
        found.append(Kind(path, entities, fields, is_soft_deleted))
    return found


def to_read(contract: Contract, use_case: str | None) -> frozenset[str]:
    """Entities of a use case, and those without whose records its own are not found or not understood."""
    found = set(contract.of_use_case(use_case))
    size = -1
    while size != (size := len(found)):
        for entity in [contract.entities[name] for name in found]:
            found |= {parent.entity for parent in entity.above}
            found |= {
                p.entity for p in entity.parents if contract.entities[p.entity].refer_by == "external_id"
            }
            found |= {
                name for name in (entity.created_with, entity.list_below and entity.list_below.entity) if name
            }
    return frozenset(found)


class PartnerReader:
    """Reads kind by kind; keeps at most some thousand records in memory."""

    def __init__(self, db: duckdb.DuckDBPyConnection, connector: Connector, progress: Progress):
        self.db, self.connector, self.progress = db, connector, progress
        self._rows: list[tuple[Any, ...]] = []
        self._visible: dict[str, set[str]] = {}
        self._pool = ThreadPoolExecutor(connector.limits.in_flight or 1)

    def __enter__(self) -> "PartnerReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        rows = [(kind, name) for kind, names in self._visible.items() for name in sorted(names)]
        if rows:
            self.db.executemany("insert into visible values (?, ?)", rows)

    def read(self, kind: Kind) -> None:
        """All records of a kind, and external ids that lie behind a route of their own."""
        if kind.at_once:
            self._read_list(kind)
        if kind.parents:
            self._read_below(kind)
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
            found, total, has_moved = self._read_pages(kind)
            if found >= total and not has_moved:
                return
        if has_moved:
            raise LookupFailed(Answer(None, None, {}, 0, problem="cut"))
        raise StammdatenError(
            f"{self.connector.contract.partner}: {kind.entity.list} speaks of {total:,} records and shows {found:,};"
            " nothing was changed; try again when nobody works there"
        )

    def _read_pages(self, kind: Kind) -> tuple[int, int, bool]:
        """Reads the list from its first page to its last.

        How many records were read so far, and should have been, and whether that number changed meanwhile.
        """
        done = total = 0
        totals = set[int | None]()
        for page in self._pages_of(kind):
            records = page.known()
            done, total = done + len(records), page.total or 0
            totals.add(page.total)
            self._take(kind, records)
            self.progress(self._what(kind), done, total)
        self._flush()
        found = count(self.db, "from (select distinct remote_id from record where kind = ?)", [kind.path])
        return found, total, len(totals - {None}) > 1

    def _pages_of(self, kind: Kind) -> Iterator[Page]:
        """The list; where a partner has none, a search without conditions."""
        entity = next(entity for entity in kind.entities if entity.list_below is None)
        looks = [
            look for e in kind.entities for look in (e.find, e.candidates) if look and look.method == "post"
        ]
        try:
            yield from self.connector.pages(entity, entity.listing)
        except LookupFailed as failed:
            if failed.answer.status not in (404, 405) or not looks:
                raise
            yield from self.connector.pages(entity, replace(looks[0], query=None, body=None))

    def _read_below(self, kind: Kind) -> None:
        """Records that can be listed by parent only: one request a parent, as many at a time as are allowed."""
        self._flush()
        names, total = self._records_of(kind.parents)
        done = 0

        def read(parent: tuple[str, str, str | None]) -> tuple[str, str, list[dict[str, Any]]]:
            return *parent[:2], self._list_of_one(kind, *parent)

        for batch in names:
            for parent_entity, parent_id, records in self._pool.map(read, batch):
                self._take(kind, records, parent_entity, parent_id if kind.parent_field else None)
                done += 1
                self.progress(self._what(kind), done, total)

    def _records_of(self, entities: set[str]) -> tuple[Iterator[list[tuple[str, str, str | None]]], int]:
        """Entity, id and parent of all records of some entities, in batches, and how many there are."""
        where = "list_contains(?, entity) and not gone"
        total = count(self.db, f"from record where {where}", [sorted(entities)])
        # A cursor of its own: results stay open while new records are written.
        found = self.db.cursor().execute(
            f"select entity, remote_id, parent_id from record where {where}", [sorted(entities)]
        )
        return iter(lambda: found.fetchmany(1_000), []), total

    def _list_of_one(
        self, kind: Kind, parent_entity: str, parent_id: str, above: str | None
    ) -> list[dict[str, Any]]:
        """What hangs on one record; nothing when that has gone meanwhile."""
        below = next(
            (e for e in kind.entities if e.list_below and e.list_below.entity == parent_entity), kind.entity
        )
        find = replace(
            below.listing,
            path=filled(
                below.list, {kind.parent_field or "": parent_id, kind.outer_field or "": above or ""}
            ),
            query=below.list_below.query if below.list_below else None,
        )
        try:
            return [r for page in self.connector.pages(below, find, parent_id) for r in page.known()]
        except LookupFailed as failed:
            if failed.answer.status in (404, 410):
                return []
            raise

    def _read_external_ids(self, kind: Kind) -> None:
        """Lists of external ids, as long as one of ours is still looked for.

        First of the records that the ledger names for such an id; then of those that show none of ours; and of the
        others too, as a record that the partner merged shows one of its ids and has several.
        """
        for which in (
            "r.remote_id in (select remote_id from wanted)",
            "not r.is_settled and exists (from wanted where remote_id is null)",
            "exists (from wanted where remote_id is null)",
        ):
            self._read_lists(kind, which)

    def _read_lists(self, kind: Kind, which: str) -> None:
        lacking = f"""
            with shown as (
                select remote_id, unnest(shown_ids) as external_id from record where kind = $kind
                union all
                select remote_id, external_id from more_ids where kind = $kind
            ),
            known as (select external_id, remote_id from ours where id_space = $space),
            wanted as (from known anti join shown on known.external_id = shown.external_id),
            settled as (select remote_id from shown semi join known on shown.external_id = known.external_id),
            open_record as (
                select r.remote_id, exists (from settled as s where r.remote_id = s.remote_id) as is_settled
                from record as r
                anti join list_read as d on d.kind = $kind and r.remote_id = d.remote_id
                where r.kind = $kind and not r.gone
            )
            select r.remote_id from open_record as r where {which}
        """
        names = {"kind": kind.path, "space": kind.entity.id_space}
        ids = [remote_id for (remote_id,) in self.db.execute(lacking, names).fetchall()]
        if ids:
            read = pa.table({"kind": [kind.path] * len(ids), "remote_id": ids})
            self.db.register("page", read)
            self.db.execute("insert into list_read select * from page")
            self.db.unregister("page")
        for place, found in enumerate(
            self._pool.map(lambda i: self._external_ids_of(kind.entity, i), ids), 1
        ):
            rows = [(kind.path, ids[place - 1], external_id) for external_id in found]
            if rows:
                self.db.executemany("insert into more_ids values (?, ?, ?)", rows)
            self.progress(f"{self._what(kind)}, external ids", place, len(ids))

    def _external_ids_of(self, entity: Entity, remote_id: str) -> list[str]:
        try:
            return self.connector.external_ids(entity, remote_id)[0]
        except LookupFailed as failed:
            if failed.answer.status in (404, 410):
                return []
            raise

    def ask_for_missing(self) -> None:
        """Asks for records of ours that no list has shown, one by one: a list may lag, a record may be moved."""
        by_path = {kind.path: kind for kind in kinds(self.connector.contract)}
        missing = self.db.execute(
            "select o.kind, o.remote_id, o.external_id, o.parent_id from ours as o"
            " anti join record as r on o.kind = r.kind and o.remote_id = r.remote_id"
            " where o.remote_id is not null order by all"
        ).fetchall()
        if len(missing) > CONFIRMED:
            return
        for place, (path, remote_id, external_id, parent_id) in enumerate(missing, 1):
            self._ask_for(by_path[path], remote_id, external_id, parent_id)
            self.progress(
                f"{self.connector.contract.partner}: asking for what is missing", place, len(missing)
            )
        self._flush()

    def _ask_for(self, kind: Kind, remote_id: str, external_id: str, parent_id: str | None) -> None:
        names: dict[str, str | None] = (
            {kind.parent_field: parent_id} if kind.parent_field and parent_id else {}
        )
        if kind.parent_field and not names:
            return
        if kind.outer_field:
            found = self.db.execute(
                "select parent_id from record where list_contains(?, entity) and remote_id = ?",
                [sorted(kind.parents), parent_id],
            ).fetchone()
            names[kind.outer_field] = found[0] if found else None
        answer, record = self.connector.protocol.one(kind.entity, remote_id, external_id, names)
        if answer.status in (404, 405, 410):
            return
        if not answer.ok:
            raise LookupFailed(answer)
        # One that is no record of ours by `where` (inactive, say) is as good as gone.
        if record is not None and kind.entity_of(record, None) is not None:
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
            if kind.entity.id_is_ours and record.get(kind.entity.id) is None:
                continue  # made by hand at the partner: it has no id of ours
            whole = kind.entity.name in self.connector.contract.whole_ids
            remote_id = checked_id(record.get(kind.entity.id), whole)
            if remote_id is None:
                # Passed over, it would count as missing, and be made a second time.
                raise StammdatenError(
                    f"{self.connector.contract.partner}: {kind.entity.list} shows a record without a usable"
                    f" {kind.entity.id}; nothing was changed; ask the partner"
                )
            body = {name: value for name, value in record.items() if name in kind.fields}
            visible.update(body)
            self._rows.append(
                (
                    kind.path,
                    kind.entity_of(record, parent_entity),
                    remote_id,
                    parent_id,
                    external_ids_of(kind.entity, record),
                    (kind.is_soft_deleted and bool(record.get("deleted"))) or kind.entity.is_archived(record),
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

    def _what(self, kind: Kind) -> str:
        return f"{self.connector.contract.partner}: reading {', '.join(e.title for e in kind.entities)}"


def count(db: duckdb.DuckDBPyConnection, what: str, values: list[Any] | None = None) -> int:
    """The number of rows of a `from …`; leaves no open result, which would keep Arrow tables from being registered."""
    [(number,)] = db.execute(f"select count(*) {what}", values or []).fetchall()
    return int(number)
