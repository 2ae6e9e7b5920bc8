"""The customers of a measured fleet: a base home of each size, and fresh copies of it with partners of their own.

A small base is filled by two real runs. One of many units would be pushed for an hour, so its ledger is written as
if all had been delivered, and its sandbox gets the records that a changed delivery touches, and those above them.
"""

import csv
import hashlib
import json
import os
import pprint
import shutil
import sqlite3
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dbt.config.runtime import load_profile
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context

from benchmarks.process import Cost, python, run
from pipelines.contract.contract import Contract, load_contract
from pipelines.erp.sample import write_sample
from pipelines.fleet.customers import Customer
from pipelines.fleet.secrets import is_secret
from pipelines.ledger.ledger import open_database
from pipelines.partners.plentific.sandbox import TYPES
from pipelines.sandbox.server import Sandbox

ROOT = Path(__file__).resolve().parent.parent
PARTNERS = ("etg24", "facilioo", "plentific", "kiwi")
PREFIXES = tuple(f"DESTINATION__{name.upper()}__" for name in PARTNERS)
VARS = {"partners": {name: {"aktiv": True, "separator": "/", "mandanten": "alle"} for name in PARTNERS}}
# Of each partner a kind of records to which no others refer.
LEAVES = {
    "etg24": "mieter",
    "facilioo": "kontaktdaten",
    "plentific": "unterobjekte_mieter",
    "kiwi": "mietvertraege",
}
PLACE = Path("/where/a/home/is")
# More units than are pushed one by one.
MANY = 1_500
UNITS = "verwaltungseinheit.csv"
REMOTE_IDS = """
update sync.ledger set remote_id = case
    when partner in ('facilioo', 'kiwi') then (1000000000 + rowid)::varchar
    else md5(partner || id_space || external_id)::uuid::varchar
end
"""


@dataclass(frozen=True)
class Base:
    """A home to which everything is delivered, and the delivery as it is now, or was then (`first`)."""

    folder: Path
    units: int

    @property
    def home(self) -> Path:
        """Where it is copied from."""
        return self.folder / "home"

    @property
    def sandbox(self) -> Path:
        """What its partners hold."""
        return self.folder / "sandbox.sqlite"

    def call(self, *words: str, url: Sandbox) -> None:
        """The plain command line."""
        called(self.home, {**self.erp(), **partners_at(url)}, *words)

    def erp(self) -> dict[str, str]:
        """Where the delivery lies; the same for all customers of the size."""
        return {"SOURCES__ERP__KIND": "files", "SOURCES__ERP__FILES__FOLDER": str(self.folder / "erp")}

    def deliver(self, percent: float) -> None:
        """The delivery anew, as the ERP would write it, so many of a hundred units changed, and as many added."""
        shutil.rmtree(self.folder / "erp", ignore_errors=True)
        shutil.copytree(self.folder / "first", self.folder / "erp", copy_function=shutil.copyfile)
        if percent:
            _change(self.folder / "erp" / UNITS, round(100 / percent))


def called(home: Path, settings: dict[str, str], *words: str) -> Cost:
    """What a command of a customer costs as a shell would start it."""
    given = ("--vars", json.dumps(VARS)) if words[0] in ("run", "load", "build") else ()
    line = [sys.executable, "-m", "pipelines.cli.main", *words, *given]
    return run(line, {**settings, "STAMMDATEN_HOME": str(home)})


def partners_at(sandbox: Sandbox) -> dict[str, str]:
    """The settings with which the partners are reached."""
    return {name: value for name, value in sandbox.environment().items() if name.startswith(PREFIXES)}


def filled(folder: Path, units: int, percent: float) -> Base:
    """The base of a size; one that was filled before is taken as it is. `percent`: what will have changed at most."""
    base = Base(folder, units)
    if (folder / "filled").exists():
        return base
    shutil.rmtree(folder, ignore_errors=True)
    write_sample(folder / "first", units, 1)
    base.deliver(0)
    base.home.mkdir(mode=0o700)
    with Sandbox(base.sandbox) as sandbox:
        if units > MANY:
            base.call("load", url=sandbox)
            base.call("build", url=sandbox)
            python("benchmarks.steps", "deliver", base.home, *PARTNERS)
            with open_database(base.home) as db:
                db.execute(REMOTE_IDS)
            _stock(base, sandbox, percent)
        for _ in range(2):
            base.call("run", url=sandbox)
    (folder / "filled").touch()
    return base


def behind(base: Base, folder: Path) -> Base:
    """The same, but of a hundred records one is another at the partners, and of some kinds five are not there.

    So a run has as much to send as after a changed delivery, and does not have to build for it.
    """
    left = Base(folder, base.units)
    folder.mkdir()
    shutil.copytree(base.folder / "first", folder / "first")
    _copy(base.home, left.home)
    shutil.copy(base.sandbox, left.sandbox)
    with open_database(left.home) as db:
        gone = [
            row
            for partner, entity in LEAVES.items()
            for row in db.execute(
                "delete from sync.ledger where partner = ? and entity = ? and hash(external_id) % 20 = 3"
                " returning partner, remote_id",
                [partner, entity],
            ).fetchall()
        ]
    with closing(sqlite3.connect(left.sandbox)) as sandbox:
        for table in ("record", "external_id", "reference"):
            sandbox.executemany(f"delete from {table} where partner = ? and id = ?", gone)
        sandbox.commit()
    python("benchmarks.steps", "outdate", left.home)
    return left


def _copy(home: Path, target: Path) -> None:
    """A home elsewhere, with what dbt has read: a real one would not have moved."""
    shutil.copytree(home, target)
    read = target / "dbt" / "partial_parse.msgpack"
    content = read.read_bytes()
    for former, present in zip(_hashes(home), _hashes(target), strict=True):
        assert former in content, "dbt would read the project anew: it knows a home by other hashes"
        content = content.replace(former, present)
    read.write_bytes(content)


def _change(path: Path, every: int) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=";")
        heads, rows = list(reader.fieldnames or ()), list(reader)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, heads, delimiter=";")
        writer.writeheader()
        for number, row in enumerate(rows):
            if number % every:
                writer.writerow(row)
            else:
                writer.writerow({**row, "bezeichnung": f"{row['bezeichnung']} neu", "wohnflaeche": "77.70"})
                writer.writerow({**row, "ve_nr": f"9{row['ve_nr'][1:]}", "quelle_id": f"9{row['quelle_id']}"})


def _touched(path: Path, every: int) -> set[str]:
    """Our ids of the units that a changed delivery changes."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    names = ("mandant_nr", "we_nr", "gebaeude_nr", "ve_nr")
    return {"/".join(row[name] for name in names) for row in rows[::every]}


def _stock(base: Base, sandbox: Sandbox, percent: float) -> None:
    """Gives the partners the records of these units and those that they refer to, under the ids that the ledger has."""
    units = _touched(base.folder / "first" / UNITS, round(100 / percent)) if percent else set()
    for partner in PARTNERS:
        contract = load_contract(partner)
        with open_database(base.home) as db:
            lines = db.execute(
                "select entity, id_space, external_id, remote_id, payload, refs from sync.ledger where partner = ?",
                [partner],
            ).fetchall()
        remote = {(space, ours): theirs for _, space, ours, theirs, *_ in lines}
        rows = {
            (entity, ours): (json.loads(body), json.loads(refs)) for entity, _, ours, _, body, refs in lines
        }
        del lines
        wanted = {key for key in rows if key[1] in units}
        for entity, ours in _upwards(contract, sorted(wanted), rows):
            body, refs = rows[entity, ours]
            told = contract.entities[entity]
            for parent in told.parents:
                if parent.field in refs:
                    above = contract.entities[parent.entity]
                    body[parent.field] = _ids(above.id_space, above.refer_by, refs[parent.field], remote)
            if told.external_id:
                body[told.external_id] = ours
            body |= {lookup.field: TYPES[lookup.where["slug"]] for lookup in told.lookups}
            sandbox.make(partner, entity, {**body, **told.fixed}, remote[told.id_space, ours])


def _upwards(
    contract: Contract, wanted: list[tuple[str, str]], rows: dict[Any, Any]
) -> Iterator[tuple[str, str]]:
    """Each record after those that it refers to, each once."""
    done: set[tuple[str, str]] = set()

    def above(key: tuple[str, str]) -> Iterator[tuple[str, str]]:
        if key in done or key not in rows:
            return
        done.add(key)
        for parent in contract.entities[key[0]].parents:
            given = rows[key][1].get(parent.field)
            for one in given if isinstance(given, list) else [given]:
                yield from above((parent.entity, one))
        yield key

    for key in wanted:
        yield from above(key)


def _ids(space: str, refer_by: str, given: Any, remote: dict[tuple[str, str], str]) -> Any:
    if isinstance(given, list):
        return [_ids(space, refer_by, one, remote) for one in given]
    found = given if refer_by == "external_id" else remote[space, given]
    return int(found) if found.isdecimal() and refer_by != "external_id" else found


class Company:
    """A customer with a copy of a base: home and sandbox are there between `open` and `close`."""

    def __init__(self, name: str, base: Base, folder: Path):
        self.name, self.base, self.folder = name, base, folder / name
        self.home = self.folder / "home"
        self.state = self.folder / "sandbox.sqlite"
        self.sandbox: Sandbox | None = None
        self._stack = ExitStack()

    def announce(self) -> Customer:
        """The customer as the fleet gets it; its sandbox begins, because its address is in there."""
        self.folder.mkdir(parents=True)
        shutil.copy(self.base.sandbox, self.state)
        self.sandbox = self._stack.enter_context(Sandbox(self.state))
        given = {**self.base.erp(), **partners_at(self.sandbox)}
        for name, value in given.items():
            if is_secret(name, value):
                file = self.folder / name
                file.touch(0o600)
                file.write_text(value)
                given[name] = f"file:{file}"
        return Customer(self.name, ROOT, str(self.home), "bench", given, VARS, self.base.units)

    def copy(self) -> None:
        """Its home begins."""
        _copy(self.base.home, self.home)

    def slow(self, milliseconds: int) -> None:
        """Its partners take so long for each answer."""
        assert self.sandbox is not None
        self.sandbox.set_options({f"{name}.latency_ms": str(milliseconds) for name in PARTNERS})

    def plain(self) -> dict[str, str]:
        """Its settings as a shell has them."""
        assert self.sandbox is not None
        return {**self.base.erp(), **partners_at(self.sandbox)}

    def close(self) -> None:
        """Its sandbox ends, and what it took on the disk is free."""
        self._stack.close()
        shutil.rmtree(self.folder)


def write(customers: list[Customer], folder: Path) -> Path:
    """The table of the fleet."""
    lines = [
        {
            "name": one.name,
            "folder": str(one.folder),
            "home": one.home,
            "size": one.size,
            "vars": json.dumps(VARS),
        }
        | dict(one.settings)
        for one in customers
    ]
    path = folder / "customers.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, lines[0], delimiter=";")
        writer.writeheader()
        writer.writerows(lines)
    return path


def _hashes(home: Path) -> tuple[bytes, bytes]:
    """By what dbt knows that the path of a home is the same: `ManifestLoader.build_manifest_state_check`."""
    connection = [
        (name, value.replace(str(PLACE), str(home)) if isinstance(value, str) else value)
        for name, value in _connection()
    ]
    texts = f"STAMMDATEN_HOME:{home}|", pprint.pformat(connection)
    return tuple(hashlib.sha256(text.encode()).hexdigest().encode() for text in texts)  # type: ignore[return-value]


@cache
def _connection() -> list[tuple[str, Any]]:
    """The connection of the profile as dbt writes it down, for a home at PLACE."""
    set_invocation_context({**os.environ, "STAMMDATEN_HOME": str(PLACE)})
    set_from_args(Namespace(PROFILES_DIR=str(ROOT)), None)
    return sorted(load_profile(str(ROOT), {}).credentials.connection_info())
