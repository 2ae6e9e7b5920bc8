"""What every step knows of some records of one partner: read for `explain`, never changed."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contract.contract import Contract
from pipelines.explain.erp_keys import ErpRow
from pipelines.personal.fields import masked, personal_fields
from pipelines.personal.records import PersonEntity, is_of_person, person_entities

Json = dict[str, Any]
Key = tuple[str, str]
MOST = 50
WITH_PERSONS = ("person", "mietvertrag", "eigentuemervertrag")


class Evidence:
    """Reads what every step knows of one partner; a table that is not there yet reads as empty."""

    def __init__(self, db: duckdb.DuckDBPyConnection, contract: Contract, separator: str, home: Path):
        self._db, self._contract, self._separator, self._home = db, contract, separator, home
        self._tables = {
            f"{schema}.{name}"
            for schema, name in db.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        }

    def delivery(self) -> Json | None:
        """The load that lies in the raw layer, and whether the marts were built from it."""
        loads = self._all(
            "sync.loads",
            f"select load_id, source, {_text('loaded_at')} as loaded_at from sync.loads"
            " order by sync.loads.loaded_at desc limit 1",
        )
        if not loads:
            return None
        built = self._all(
            "sync.builds",
            f"select {_text('started_at')} as started_at, {_text('finished_at')} as built_at from sync.builds"
            " order by sync.builds.started_at desc limit 1",
        )
        last = built[0] if built else {"started_at": None, "built_at": None}
        is_built = "staging.base_erp__person" in self._tables and (
            last["started_at"] is None or last["started_at"] >= loads[0]["loaded_at"]
        )
        return {**loads[0], "built_at": last["built_at"], "is_built": is_built}

    def findings(self, rows: Iterable[ErpRow]) -> list[Json]:
        """What rules said about these rows and the vacancies of units, for this partner or for all, in their order."""
        order: dict[tuple[str, str], int] = {}
        for place, row in enumerate(rows):
            order[row.table, row.key] = place
            if row.table == "verwaltungseinheit":
                order["leerstand", row.key] = place
        found = self._all(
            "quality.findings",
            "select rule, table_name as table, key, column_name as column, value, reason as why"
            " from quality.findings where key in (select unnest($keys))"
            " and (partner is null or partner = $partner)",
            {"keys": sorted({key for _, key in order}), "partner": self._contract.partner},
        )
        mine = [f for f in found if (f["table"], f["key"]) in order]
        return sorted(mine, key=lambda f: (order[f["table"], f["key"]], f["rule"], f["column"] or ""))

    def refused_values(self, records: Iterable[Json]) -> list[Json]:
        """What of these records the contract of the partner does not take (V3)."""
        keys = [(f"{self._contract.partner}__{r['entity']}", r["external_id"]) for r in records]
        found = self._all(
            "quality.findings",
            "select rule, table_name as table, key, column_name as column, value, reason as why"
            " from quality.findings where rule = 'V3' and key in (select unnest($keys)) order by all",
            {"keys": sorted({key for _, key in keys})},
        )
        return [finding for finding in found if (finding["table"], finding["key"]) in keys]

    def held_back(self, keys: Iterable[str]) -> list[Json]:
        """Models and tests of the last build that keep the partner from being pushed."""
        builds = self._all("sync.builds", "select failures from sync.builds where failures is not null")
        asked = set(keys)
        return [
            {**failure, "names_this_row": bool(asked & set(failure["keys"]))}
            for build in builds
            for failure in json.loads(build["failures"])
            if failure["partner"] == self._contract.partner
        ]

    def forgotten_since(self, numbers: Iterable[str]) -> str | None:
        """The day on which the person with one of these numbers was forgotten, or None."""
        found = self._all(
            "sync.forgotten",
            f"select {_text('forgotten_at')} as at from sync.forgotten"
            " where digest in (select sha256(salt || n) from (select unnest($numbers) as n))",
            {"numbers": sorted(set(numbers))},
        )
        return found[0]["at"] if found else None

    def records(self, key: str, rows: list[ErpRow], show_personal_data: bool) -> list[Json]:
        """Every record of the partner that the key, or the ERP rows that it names, stand for.

        `rows` are those rows and what is around them; a person stands for all its leases and contracts too.
        """
        asked = [row for row in rows if row.asked]
        persons = {row.parts[0] for row in asked if row.table == "person"}
        meant = [*asked, *(row for row in rows if row.parts[-1] in persons)]
        ids = sorted({key, *(i for row in meant for i in row.ids(self._separator))})
        in_mart = {(e, i) for e in self._contract.entities for i in self._mart_ids(e, ids, asked)}
        order = list(self._contract.entities)
        chosen = sorted(in_mart | set(self._sent(ids, asked)), key=lambda k: (order.index(k[0]), k[1]))[:MOST]
        ledger, plan, attempts, in_doubt = (
            self._ledger(chosen, show_personal_data),
            self._plan(chosen),
            self._attempts(chosen),
            self._chosen("held", "rule, table_name as table, reason as why", chosen),
        )
        by_law = self._by_law(chosen)
        return [
            {
                "entity": record[0],
                "external_id": record[1],
                "in_mart": record in in_mart,
                "ledger": next(iter(ledger.get(record, [])), None),
                "plan": next(iter(plan.get(record, [])), None),
                "attempts": attempts.get(record, []),
                "held": next(iter(in_doubt.get(record, [])), None),
                "by_law": next(iter(by_law.get(record, [])), None),
                "on_its_way": self._on_its_way(*record),
                "upload_step": self._upload_step(*record),
            }
            for record in chosen
        ]

    def _mart_ids(self, entity: str, ids: list[str], asked: list[ErpRow]) -> set[str]:
        mart = f"partners.{self._contract.partner}__{entity}"
        tests: list[tuple[str, Json]] = [("external_id in (select unnest($ids))", {"ids": ids})]
        for own in person_entities(self._contract):
            for row in asked:
                # Contact details follow a person, records of persons a contract.
                if own.name == entity and own.begins == (row.table == "person") and row.table in WITH_PERSONS:
                    below = row.ids(self._separator)[0] + self._separator
                    tests.append(("starts_with(external_id, $below)", {"below": below}))
        return {
            row["external_id"]
            for test, values in tests
            for row in self._all(mart, f"select external_id from {mart} where {test}", values)
        }

    def _sent(self, ids: list[str], asked: list[ErpRow]) -> Iterator[Key]:
        """What was sent, or tried, at some time."""
        for table in ("ledger", "attempts"):
            yield from self._keys(table, "external_id in (select unnest($ids))", {"ids": ids})
        for entity in person_entities(self._contract):
            # Many simple queries are ten times as fast as one with all conditions in it.
            for test, values in self._of(entity, asked):
                yield from self._keys("ledger", f"entity = '{entity.name}' and {test}", values)

    def _of(self, entity: PersonEntity, asked: list[ErpRow]) -> Iterator[tuple[str, Json]]:
        """Conditions for the records of persons and those below a contract, each with its values."""
        for row in asked:
            if row.table == "person":
                yield is_of_person(entity, self._separator), {"person_nr": row.parts[0]}
            elif row.table in WITH_PERSONS and not entity.begins:
                below = row.ids(self._separator)[0] + self._separator
                yield "starts_with(external_id, $below)", {"below": below}

    def _keys(self, table: str, test: str, values: Json) -> Iterator[Key]:
        found = self._all(
            f"sync.{table}",
            f"select distinct entity, external_id from sync.{table} where partner = $partner and {test}",
            {**values, "partner": self._contract.partner},
        )
        yield from ((row["entity"], row["external_id"]) for row in found)

    def _ledger(self, chosen: list[Key], show_personal_data: bool) -> dict[Key, list[Json]]:
        """What the partner holds, as far as it confirmed it."""
        columns = f"state, reason, fields, remote_id, tries, {_text('last_synced_at')} as last_synced_at, payload, refs"
        found = self._chosen("ledger", columns, chosen)
        for (entity, _), rows in found.items():
            hidden = frozenset() if show_personal_data else personal_fields(self._contract.partner, entity)
            for row in rows:
                held = {**json.loads(row.pop("refs") or "{}"), **json.loads(row.pop("payload") or "{}")}
                row["holds"] = {name: masked(v) if name in hidden else v for name, v in held.items()}
        return found

    def _plan(self, chosen: list[Key]) -> dict[Key, list[Json]]:
        found = self._chosen("plan", "plan_id, operation, changed_fields, sends", chosen)
        plans = self._all("sync.plans", f"select plan_id, {_text('created_at')} as at from sync.plans")
        made = {row["plan_id"]: row["at"] for row in plans}
        for rows in found.values():
            for row in rows:
                row["created_at"] = made.get(row["plan_id"])
        return found

    def _attempts(self, chosen: list[Key]) -> dict[Key, list[Json]]:
        columns = (
            f"{_text('settled_at')} as at, plan_id, operation, state, reason, fields, http_status, requests"
        )
        found = self._chosen("attempts", columns, chosen)
        return {key: sorted(rows, key=lambda row: str(row["at"])) for key, rows in found.items()}

    def _chosen(self, table: str, columns: str, chosen: list[Key]) -> dict[Key, list[Json]]:
        rows = self._all(
            f"sync.{table}",
            f"select entity, external_id, {columns} from sync.{table}"
            " where external_id in (select unnest($ids)) and partner = $partner",
            {"ids": [external_id for _, external_id in chosen], "partner": self._contract.partner},
        )
        found: dict[Key, list[Json]] = {}
        for row in rows:
            found.setdefault((row.pop("entity"), row.pop("external_id")), []).append(row)
        return found

    def _by_law(self, chosen: list[Key]) -> dict[Key, list[Json]]:
        """What must not stay at the partner, as the marts say it."""
        mart = f"partners.{self._contract.partner}__by_law"
        found: dict[Key, list[Json]] = {}
        for row in self._all(
            mart,
            f"select entity, external_id, rule, reason as why from {mart} where external_id in (select unnest($ids))",
            {"ids": [external_id for _, external_id in chosen]},
        ):
            found.setdefault((row.pop("entity"), row.pop("external_id")), []).append(row)
        return found

    def _on_its_way(self, entity: str, external_id: str) -> str | None:
        """The state of an outcome that the journal has and the ledger has not yet, or None."""
        return self._in_journal(
            entity,
            external_id,
            "select state from outcome where partner = ? and id_space = ? and external_id = ?"
            " order by settled_at desc limit 1",
        )

    def _upload_step(self, entity: str, external_id: str) -> str | None:
        """The step of an upload that was sent last and behind which the next run goes on, or None."""
        return self._in_journal(
            entity,
            external_id,
            "select step from upload where partner = ? and id_space = ? and external_id = ? and not is_whole",
        )

    def _in_journal(self, entity: str, external_id: str, sql: str) -> str | None:
        file = self._home / "journal.sqlite"
        if not file.exists():
            return None
        key = (self._contract.partner, self._contract.entities[entity].id_space, external_id)
        try:
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as journal:
                row = journal.execute(sql, key).fetchone()
        except sqlite3.Error:
            return None
        return row[0] if row else None

    def _all(self, table: str, sql: str, values: Mapping[str, Any] | None = None) -> list[Json]:
        if table not in self._tables:
            return []
        found = self._db.execute(sql, values or {})
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _text(moment: str) -> str:
    """SQL of a moment (UTC without a zone, or with one) as text in UTC."""
    return f"strftime({moment}::timestamptz at time zone 'UTC', '%Y-%m-%d %H:%M:%S UTC')"
