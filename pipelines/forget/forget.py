"""Erasure of one person: withdrawn at every partner, then gone from every file but the raw delivery.

Records of others that name the person (co-tenants inside a lease) are no withdrawal: the next run sends them without.

`sync.forgotten` keeps a hash of the number, so that the person is not sent again while the ERP still delivers it.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines import current_run, interrupt
from pipelines.api.connector import MakesConnectors, once_a_run
from pipelines.contract.contract import load_contract, partners
from pipelines.errors import StammdatenError
from pipelines.forget import erase
from pipelines.forget.report import (
    AtPartner,
    ErasurePreview,
    ForgetReport,
    KeptRecord,
    Letter,
    RecordOfPerson,
)
from pipelines.ledger.journal import Journal, noting
from pipelines.ledger.ledger import one, open_database
from pipelines.ledger.target_systems import check_systems
from pipelines.personal.records import documents_of, is_of_person, person_entities, separator_of
from pipelines.plan.guards import DEFAULTS
from pipelines.plan.plan import plan_withdrawals
from pipelines.progress import Progress
from pipelines.push import push as engine
from pipelines.push.left_uploads import give_up_uploads
from pipelines.push.recovery import recover
from pipelines.settings import Vars

FORGOTTEN = """
create table if not exists sync.forgotten (
    digest varchar not null, salt varchar not null, forgotten_at timestamptz not null, in_raw boolean not null
)
"""


HELD = "partner, entity, id_space, external_id, remote_id, state, payload, refs, payload_hash"


@dataclass(frozen=True)
class HeldRecord(AtPartner):
    """A record of the ledger that is the person's, or names it."""

    partner: str
    entity: str
    id_space: str
    external_id: str
    remote_id: str | None
    state: str
    payload: str | None
    refs: str | None
    payload_hash: str | None


def preview(home: Path, settings: Vars, person_nr: str) -> ErasurePreview:
    """What `forget` would do. Changes nothing.

    Raises `StammdatenError` when nothing is known of this number, or the ledger has a partner without a contract here.
    """
    person_nr = person_nr.strip()
    with open_database(home) as db:
        db.execute(FORGOTTEN)
        _check_partners_known(db)
        held = find_held(db, settings, person_nr)
        named_in = find_named_in(db, settings, person_nr)
        in_raw = _is_in_raw(db, person_nr)
        if not (held or named_in or in_raw or is_forgotten(db, person_nr) or _is_staged(db, person_nr)):
            raise StammdatenError(
                f"--person {person_nr}: neither the delivery nor a partner has this number;"
                " look it up with: stammdaten explain PARTNER NUMBER"
            )
    return ErasurePreview(
        person=person_nr,
        in_raw=in_raw,
        records=_lines(held),
        named_in=_lines(named_in),
        partners=_to_call(held, settings),
        keepers=tuple(sorted({r.partner for r in held if r.remote_id and _kind(r) != "delete"})),
    )


def forget(home: Path, settings: Vars, person_nr: str, progress: Progress = lambda *_: None) -> ForgetReport:
    """Withdraws the person at the partners that are on, then erases it from all files but the raw delivery.

    Calling it again finishes what was interrupted. Raises like `preview`, and `SettingsError` before anything is sent.
    The caller holds the lock of this home.
    """
    person_nr = person_nr.strip()
    seen = preview(home, settings, person_nr)
    make = once_a_run()
    for name in seen.partners:
        make(name).client.close()
    check_systems(home, list(seen.partners))
    recover(home, settings.active, progress, make)
    before = _remember(home, settings, person_nr, seen.in_raw)
    held = [record for record in before if record.partner in settings.active]
    stopped = _withdraw(home, settings, person_nr, held, progress, make)
    with engine.after_sending(bool(seen.partners)), open_database(home) as db:
        after = _as_now(db, before, find_held(db, settings, person_nr))
        named_in = find_named_in(db, settings, person_nr)
        values = erase.values_of(db, person_nr)
        separators = {name: separator_of(settings.partners, name) for name in partners()}
        erased = erase.erase_rows(db, person_nr, separators)
    erase.scrub_journal(home)
    erase.remove_leftovers(home)
    erase.rewrite(home)
    return ForgetReport(
        person=person_nr,
        records=_lines(after),
        named_in=_lines(named_in),
        still_there=_lines(record for record in after if record.remote_id),
        letters=letters(after, settings.active),
        erased=erased,
        files=tuple(erase.files_with(home, values)),
        in_raw=seen.in_raw,
        stopped=stopped,
    )


def lift(home: Path, person_nr: str) -> bool:
    """Lets a forgotten person be sent again, after a new lease for example; False when it was not forgotten.

    The caller holds the lock of this home.
    """
    with open_database(home) as db:
        if not is_forgotten(db, person_nr.strip()):
            return False
        db.execute("delete from sync.forgotten where digest = sha256(salt || ?)", [person_nr.strip()])
        return True


def finish(home: Path) -> int:
    """After a load: erases the blocks of the last delivery that held forgotten persons; returns how many persons.

    Nothing happens while the ERP still delivers them. The caller holds the lock of this home.
    """
    with open_database(home) as db:
        db.execute(FORGOTTEN)
        if not db.execute("select 1 from sync.forgotten where in_raw").fetchone():
            return 0
        numbers = " union all ".join(
            f"select trim(person_nr) as person_nr from erp_raw.{table}" for table in erase.raw_tables(db)
        )
        still = (
            "select sha256((select any_value(salt) from sync.forgotten) || person_nr)"
            f" from ({numbers or 'select null as person_nr'}) where person_nr is not null"
        )
        gone = f"in_raw and digest not in ({still})"
        number = int(one(db, f"select count(*) from sync.forgotten where {gone}")[0])
    if number:
        # Noted last: killed in between, the next load does it again.
        erase.rewrite(home)
        with open_database(home) as db:
            db.execute(f"update sync.forgotten set in_raw = false where {gone}")
    return number


def find_held(db: duckdb.DuckDBPyConnection, settings: Vars, person_nr: str) -> list[HeldRecord]:
    """Records of the person in the ledger, of every partner, children before parents."""
    found = []
    for name in _in_ledger(db):
        contract = load_contract(name)
        separator = separator_of(settings.partners, name)
        for condition in documents_of(contract, separator).values():
            found += _held(db, f"partner = '{name}' and {condition}", person_nr)
        for entity in reversed(person_entities(contract)):
            mine = f"partner = '{name}' and entity = '{entity.name}' and {is_of_person(entity, separator)}"
            found += _held(db, mine, person_nr)
    return found


def _in_ledger(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Partners that the ledger has records of; of the others nothing need be asked."""
    there = {name for (name,) in db.execute("select distinct partner from sync.ledger").fetchall()}
    return [name for name in partners() if name in there]


def _as_now(
    db: duckdb.DuckDBPyConnection, before: list[HeldRecord], found: list[HeldRecord]
) -> list[HeldRecord]:
    """The records of the person as the ledger has them now, in the order of withdrawal.

    One that was told by what it refers to (a document) has lost that by now.
    """
    keys = {(record.partner, record.id_space, record.external_id) for record in found}
    lost = [r for r in before if (r.partner, r.id_space, r.external_id) not in keys]
    again = [
        HeldRecord(*row)
        for record in lost
        for row in db.execute(
            f"select {HELD} from sync.ledger where partner = ? and id_space = ? and external_id = ?",
            [record.partner, record.id_space, record.external_id],
        ).fetchall()
    ]
    return [*again, *found]


def find_named_in(db: duckdb.DuckDBPyConnection, settings: Vars, person_nr: str) -> list[HeldRecord]:
    """Records of others that name the person and are there, of every partner."""
    found = []
    for name in _in_ledger(db):
        named = erase.named_in_ledger(name, separator_of(settings.partners, name))
        found += [record for record in _held(db, named, person_nr) if record.is_there]
    return found


def _held(db: duckdb.DuckDBPyConnection, condition: str, person_nr: str) -> list[HeldRecord]:
    rows = db.execute(
        f"select {HELD} from sync.ledger where {condition} order by external_id",
        {"person_nr": person_nr} if "$person_nr" in condition else {},
    ).fetchall()
    return [HeldRecord(*row) for row in rows]


def is_forgotten(db: duckdb.DuckDBPyConnection, person_nr: str) -> bool:
    """Whether this number was forgotten."""
    db.execute(FORGOTTEN)
    return bool(
        db.execute("select 1 from sync.forgotten where digest = sha256(salt || ?)", [person_nr]).fetchone()
    )


def _remember(home: Path, settings: Vars, person_nr: str, in_raw: bool) -> list[HeldRecord]:
    """Notes the hash first, so that nothing brings the person back whenever the rest is interrupted."""
    with open_database(home) as db:
        known = is_forgotten(db, person_nr)
        salt = one(db, "select any_value(salt) from sync.forgotten")[0] or secrets.token_hex(16)
        if known:
            db.execute(
                "update sync.forgotten set in_raw = in_raw or ? where digest = sha256(salt || ?)",
                [in_raw, person_nr],
            )
        else:
            digest = hashlib.sha256(f"{salt}{person_nr}".encode()).hexdigest()
            db.execute(
                "insert into sync.forgotten values (?, ?, ?, ?)", [digest, salt, datetime.now(UTC), in_raw]
            )
        return find_held(db, settings, person_nr)


def _withdraw(
    home: Path,
    settings: Vars,
    person_nr: str,
    held: list[HeldRecord],
    progress: Progress,
    make: MakesConnectors,
) -> Mapping[str, str]:
    """Sends a plan that holds the person's withdrawals and nothing else; returns partners that were given up."""
    records = [record for record in held if record.is_there]
    begun = _give_up_documents(home, settings, person_nr)
    if not records and not begun:
        return {}
    names = list(dict.fromkeys([*(record.partner for record in records), *begun]))
    with open_database(home) as db:
        made = plan_withdrawals(
            db,
            [load_contract(name) for name in names],
            [(record.partner, record.id_space, record.external_id) for record in records],
            settings.stichtag,
            current_run.run_id(),
        )
    # A person with many records is no accident: no guard keeps an erasure back.
    with interrupt.finishing(interrupt.WITH_PARTNERS):
        return engine.push(home, made.plan_id, names, DEFAULTS, frozenset(DEFAULTS), progress, make).stopped


def _give_up_documents(home: Path, settings: Vars, person_nr: str) -> list[str]:
    """Notes files of the person's documents that were begun and never made; returns the partners that have some."""
    if not (home / "journal.sqlite").exists():
        return []
    with noting():
        journal = Journal(home / "journal.sqlite")
    try:
        with open_database(home) as db:
            return [
                name
                for name in settings.active
                if give_up_uploads(db, journal, load_contract(name), _in_marts(db, settings, name, person_nr))
            ]
    finally:
        journal.close()


def _in_marts(
    db: duckdb.DuckDBPyConnection, settings: Vars, partner: str, person_nr: str
) -> set[tuple[str, str]]:
    """Id space and external id of the person's documents in the marts of a partner."""
    conditions = erase.documents_in_marts(db, partner, separator_of(settings.partners, partner))
    entities = load_contract(partner).entities
    return {
        (entities[name].id_space, external_id)
        for name, condition in conditions.items()
        for (external_id,) in db.execute(
            f'select external_id from partners."{partner}__{name}" where {condition}',
            {"person_nr": person_nr},
        ).fetchall()
    }


def _check_partners_known(db: duckdb.DuckDBPyConnection) -> None:
    """Without its contract nobody can tell which records of a partner are the person's."""
    for (name,) in db.execute("select distinct partner from sync.ledger order by all").fetchall():
        if name not in partners():
            raise StammdatenError(
                f"the ledger has records at {name}, of which no contract is known here; set STAMMDATEN_PARTNERS to the"
                " folder that holds it. Nothing was changed."
            )


def _is_in_raw(db: duckdb.DuckDBPyConnection, person_nr: str) -> bool:
    return any(
        db.execute(f"select 1 from erp_raw.{table} where trim(person_nr) = ? limit 1", [person_nr]).fetchone()
        for table in erase.raw_tables(db)
    )


def _is_staged(db: duckdb.DuckDBPyConnection, person_nr: str) -> bool:
    found = db.execute(
        "select 1 from duckdb_tables() where schema_name = 'staging' and table_name = 'base_erp__person'"
    ).fetchone()
    return bool(found) and bool(
        db.execute(
            "select 1 from staging.base_erp__person where person_nr = ? limit 1", [person_nr]
        ).fetchone()
    )


def _to_call(held: list[HeldRecord], settings: Vars) -> tuple[str, ...]:
    """Partners that are on and hold something that is to be withdrawn."""
    return tuple(dict.fromkeys(r.partner for r in held if r.is_there and r.partner in settings.active))


# What a partner still holds once a record is withdrawn; a deleted one is gone.
KEPT = {
    "keep": "stays as it is",
    "end": "stays with an end date",
    "detach": "stays without its link to us",
    "deactivate": "stays, switched off",
}


def letters(records: list[HeldRecord], active: list[str]) -> tuple[Letter, ...]:
    """One letter for each partner that keeps records of the person; it names them by ids alone."""
    found = []
    for name in dict.fromkeys(record.partner for record in records if record.remote_id):
        kept = [record for record in records if record.partner == name and record.remote_id]
        title = load_contract(name).title
        lines = tuple(
            KeptRecord(**asdict(_line(record)), what=_what_is_left(record, active)) for record in kept
        )
        listed = "; ".join(f"{r.entity} {r.remote_id} (our id {r.external_id})" for r in kept)
        text = (
            f"To {title}: please erase the following records of one person, with their history and all copies"
            f" (Article 17 GDPR), and confirm it to us: {listed}."
        )
        found.append(Letter(partner=name, title=title, records=lines, text=text))
    return tuple(found)


def _what_is_left(record: HeldRecord, active: list[str]) -> str:
    if not record.is_there:
        return KEPT.get(_kind(record), "stays")
    if record.partner not in active:
        return f"stays untouched, because {record.partner} is switched off here (partners.{record.partner}.aktiv)"
    return "stays, because its withdrawal is not confirmed yet"


def _kind(record: HeldRecord) -> str:
    return load_contract(record.partner).entities[record.entity].withdraw.kind


def _lines(records: Iterable[HeldRecord]) -> tuple[RecordOfPerson, ...]:
    return tuple(_line(record) for record in records)


def _line(record: HeldRecord) -> RecordOfPerson:
    return RecordOfPerson(
        partner=record.partner,
        entity=record.entity,
        external_id=record.external_id,
        remote_id=record.remote_id,
        state=record.state,
        withdrawal=_kind(record),
    )
