"""Kills processes of a fleet at random, and compares what became of its customers with a fleet that was left alone."""

import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks.fleet_customers import PARTNERS, Company

TABLES = """
create table ledger (fleet varchar, customer varchar, units integer, partner varchar, entity varchar, id_space varchar,
    external_id varchar, remote varchar, state varchar, reason varchar, fields varchar, payload varchar, refs varchar,
    payload_hash varchar, content varchar);
create table record (fleet varchar, customer varchar, units integer, partner varchar, resource varchar,
    external_ids varchar, body varchar);
"""
# What each customer of a fleet should hold: what the first of that size holds of the fleet that was left alone.
EXPECTED = """
select c.customer, r.* exclude (fleet, customer)
from {table} as r
inner join (select distinct customer, units from {table} where fleet = $fleet) as c on r.units = c.units
where r.customer in (select min(customer) from {table} where fleet = $reference group by units)
"""
# Of half of those that are killed: at most so many seconds after their first request.
SOON = 0.5


class Books:
    """Ledgers and partners of all customers of fleets, in one database."""

    def __init__(self, file: Path) -> None:
        self._db = duckdb.connect(str(file), config={"memory_limit": "1GB"})
        self._db.execute(TABLES)

    def note(self, fleet: str, company: Company) -> None:
        """What its ledger and its partners hold. Ids that partners gave in another order become ours."""
        records, names = _records(company.state)
        self._db.register("records", records)
        self._db.register("names", names)
        self._db.execute(
            "insert into record select ?, ?, ?, * from records", [fleet, company.name, company.base.units]
        )
        self._db.execute(f"attach '{company.home / 'stammdaten.duckdb'}' as home (read_only)")
        self._db.execute(
            "insert into ledger by name select ? as fleet, ? as customer, ? as units, l.partner, entity, id_space,"
            " external_id, case when remote_id is not null then coalesce(ours, 'not there') end as remote,"
            " state, reason, fields, payload, refs, payload_hash, content from home.sync.ledger as l"
            # A partner whose ids are numbers gives them once for all kinds of records.
            " left join names as n on l.partner = n.partner and l.remote_id = n.theirs",
            [fleet, company.name, company.base.units],
        )
        self._db.execute("detach home")

    def compared(self, reference: str, fleet: str) -> dict[str, int]:
        """How many rows of a fleet differ from those of the one that was left alone, and what partners hold twice."""
        found = {
            "customers": self._count(
                "(select distinct customer from ledger where fleet = $fleet)", fleet=fleet
            )
        }
        for table in ("ledger", "record"):
            expected = EXPECTED.format(table=table)
            held = f"select * exclude (fleet) from {table} where fleet = $fleet"
            given = {"fleet": fleet, "reference": reference}
            found[f"{table} rows"] = self._count(f"({held})", fleet=fleet)
            found[f"{table} rows missing"] = self._count(f"({expected} except all {held})", **given)
            found[f"{table} rows too many"] = self._count(f"({held} except all {expected})", **given)
        for what, columns in {
            "one of our ids": "external_ids",
            "the same text": "external_ids, body",
        }.items():
            found[f"records held twice under {what}"] = self._count(
                f"(select 1 from record where fleet = $fleet and external_ids <> '[]'"
                f" group by customer, partner, resource, {columns} having count(*) > 1)",
                fleet=fleet,
            )
        return found

    def _count(self, what: str, **given: str) -> int:
        [(number,)] = self._db.execute(f"select count(*) from {what}", given).fetchall()
        return int(number)


def _records(state: Path) -> tuple[pa.Table, pa.Table]:
    """All records of a sandbox (partner, resource, our ids, body), and our name for each of its ids."""
    with closing(sqlite3.connect(f"file:{state}?mode=ro", uri=True)) as db:
        ours: dict[tuple[str, str, str], list[str]] = {}
        for *key, value in db.execute("select partner, resource, id, value from external_id order by value"):
            ours.setdefault((key[0], key[1], key[2]), []).append(value)
        above: dict[tuple[str, str, str], dict[str, list[str]]] = {}
        for *key, field, target, id_ in db.execute(
            "select partner, resource, id, field, target, target_id from reference"
        ):
            named = f"{target} {ours.get((key[0], target, id_))}"
            above.setdefault((key[0], key[1], key[2]), {}).setdefault(field, []).append(named)
        rows = [
            row for row in db.execute("select partner, resource, id, body from record") if row[0] in PARTNERS
        ]
    records, names = [], []
    for partner, resource, id_, body in rows:
        key = partner, resource, id_
        named_body = {
            **_told(json.loads(body)),
            **{name: sorted(ids) for name, ids in above.get(key, {}).items()},
        }
        mine = json.dumps(ours.get(key, []))
        records.append((partner, resource, mine, json.dumps(named_body, sort_keys=True)))
        names.append((partner, id_, f"{resource} {mine}"))
    return _table(records, ("partner", "resource", "external_ids", "body")), _table(
        names, ("partner", "theirs", "ours")
    )


def _told(value: Any) -> Any:
    """A body without fields that are null: an update says so of what a creation leaves out."""
    if isinstance(value, dict):
        return {name: _told(one) for name, one in value.items() if one is not None}
    return [_told(one) for one in value] if isinstance(value, list) else value


def _table(rows: Sequence[tuple[str, ...]], names: tuple[str, ...]) -> pa.Table:
    return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))


class Killer:
    """Kills, of some customers, the worker or the process of the customer inside the `with`, each at a random moment.

    Half of them at any moment of a run, half while their requests are on their way. `seconds`: how long runs take.
    """

    def __init__(self, companies: list[Company], number: int, seed: int, seconds: float):
        chance = random.Random(seed)
        self._waiting = {
            one.name: Victim(one, at % 2 == 0, chance.random(), chance.choice(("worker", "process")), seconds)
            for at, one in enumerate(chance.sample(companies, number))
        }
        self.killed: list[str] = []
        self._over = threading.Event()

    def __enter__(self) -> "Killer":
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            children, names = _processes()
            for pid, name in names.items():
                victim = self._waiting.get(name)
                if victim and victim.is_due():
                    servers = children.get(pid, [])
                    own = [one for server in servers for one in children.get(server, [])]
                    if pids := [pid] if victim.whom == "worker" else own:
                        for one in pids:
                            with suppress(ProcessLookupError):
                                os.kill(one, signal.SIGKILL)
                        del self._waiting[name]
                        self.killed.append(f"{name}: {victim}")


class Victim:
    """A customer whose process or worker is killed."""

    def __init__(self, company: Company, at_any_moment: bool, luck: float, whom: str, seconds: float):
        self._company, self._at_any_moment, self.whom = company, at_any_moment, whom
        self._after = luck * (seconds if at_any_moment else SOON)
        self._begun: float | None = None
        self._sent = self._requests()

    def __str__(self) -> str:
        since = "it began" if self._at_any_moment else "its first request"
        return f"{self.whom}, {self._after:.1f} s after {since}"

    def is_due(self) -> bool:
        """Whether the moment is there; asked while the customer is at work."""
        if self._begun is None and (self._at_any_moment or self._requests() > self._sent):
            self._begun = time.monotonic()
        return self._begun is not None and time.monotonic() >= self._begun + self._after

    def _requests(self) -> int:
        with closing(sqlite3.connect(f"file:{self._company.state}?mode=ro", uri=True)) as db:
            [(number,)] = db.execute("select count(*) from request").fetchall()
        return int(number)


def _processes() -> tuple[dict[int, list[int]], dict[int, str]]:
    """Children of each process, and the customers at work: Ray names a worker after the task that it has."""
    children: dict[int, list[int]] = {}
    names: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(folder.name))
                line = (folder / "cmdline").read_text().replace("\0", " ").strip()
                if line.startswith("ray::"):
                    names[int(folder.name)] = line.removeprefix("ray::")
    return children, names
