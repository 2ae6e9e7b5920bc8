"""Documents with their bytes to one partner, as a process of its own.

`python -m benchmarks.documents prepare HOME NUMBER SIZE` writes marts with so many documents of so many bytes, the plan
of their first push, and the one file that all of them are. `… go HOME` pushes that plan through the reader of a folder,
and prints documents and seconds. `… bare HOME URL CONNECTIONS` sends the same bytes to the same storage in a loop over
`requests` sessions, and nothing else; `… hashing HOME URL CONNECTIONS` takes the SHA-256 of what it sends as well;
`… hash HOME` takes it alone, in one thread. `… unchanged HOME NUMBER` has all documents at the partner already.
"""

import hashlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import dlt  # noqa: F401  (its import is no part of a push)
import duckdb
import requests

from benchmarks.push import write_empty
from benchmarks.steps import onboard
from pipelines.contract.contract import load_contract
from pipelines.erp.content import content_reader
from pipelines.erp.content.document import PIECE
from pipelines.ledger.ledger import open_database
from pipelines.plan.guards import DEFAULTS
from pipelines.push import push as engine

PARTNER, ENTITY, HOUSE = "facilioo", "dokumente", "001/1/01"
TODAY = date(2026, 11, 21)
FILE = "dokument.bin"


def write_marts(db: duckdb.DuckDBPyConnection, number: int, size: int) -> None:
    """The marts of the partner: empty but for so many documents of one Gebäude, which is at the partner."""
    contract = load_contract(PARTNER)
    write_empty(db, contract)
    references = {c for columns in contract.entities[ENTITY].reference_columns.values() for c in columns}
    others = sorted(references - {"gebaeude_external_id"})
    empty = ", ".join(f'null::varchar as "{name}"' for name in others)
    db.execute(
        f"create or replace table partners.{PARTNER}__{ENTITY} as"
        f" select 'D' || lpad(n::varchar, 7, '0') as external_id, {empty},"
        f" '{HOUSE}' as gebaeude_external_id, 'Dokument ' || n as title,"
        f" {{'dokument_nr': 'D' || n, 'pfad': '{FILE}', 'dateiname': 'dokument ' || n || '.pdf',"
        f" 'mime_typ': 'application/pdf', 'groesse_bytes': {size}, 'geaendert_am': '2026-01-01T00:00:00'}} as fileId"
        f" from range(1, {number + 1}) as numbers (n)"
    )
    db.execute(
        "insert into sync.ledger by name select ? as partner, 'gebaeude' as entity, ? as id_space, ? as external_id,"
        " '1' as remote_id, 'synced' as state",
        [PARTNER, contract.entities["gebaeude"].id_space, HOUSE],
    )


def prepare(home: Path, number: int, size: int) -> None:
    """Marts, file and plan."""
    home.mkdir(parents=True, exist_ok=True)
    folder = home / "documents"
    folder.mkdir()
    (folder / FILE).write_bytes(bytes(range(256)) * (size // 256) + bytes(size % 256))
    with open_database(home) as db:
        write_marts(db, number, size)
    made = engine.plan(home, [PARTNER], TODAY, use_case="dokumente")
    (home / "plan.txt").write_text(made.plan_id)


def unchanged(home: Path, number: int) -> None:
    """Marts whose documents are all at the partner."""
    home.mkdir(parents=True, exist_ok=True)
    with open_database(home) as db:
        write_marts(db, number, 10_000)
        # Its mart is empty: it would be withdrawn.
        db.execute("delete from sync.ledger")
    onboard(home, [PARTNER])


def go(home: Path) -> dict[str, float]:
    """Pushes the prepared plan."""
    plan_id = (home / "plan.txt").read_text()
    started = time.monotonic()
    with content_reader() as contents:
        pushed = engine.push(home, plan_id, [PARTNER], DEFAULTS, frozenset(DEFAULTS), contents=contents)
    seconds = time.monotonic() - started
    if not pushed.is_complete:
        raise RuntimeError(f"not everything was delivered: {pushed}")
    return {"rows": sum(line.created for line in pushed.lines), "seconds": seconds}


def pieces_of(file: Path) -> Iterator[bytes]:
    """The bytes of a file, read once."""
    with file.open("rb", buffering=0) as opened:
        while piece := opened.read(PIECE):
            yield piece


def hashed(file: Path) -> Iterator[bytes]:
    """The same, hashed on their way."""
    digest = hashlib.sha256()
    for piece in pieces_of(file):
        digest.update(piece)
        yield piece
    digest.hexdigest()


def hash_alone(home: Path) -> dict[str, float]:
    """The SHA-256 of the file, in one thread; at least 1 GiB of it."""
    file = home / "documents" / FILE
    times = 2**30 // file.stat().st_size + 1
    started = time.monotonic()
    for _ in range(times):
        for _ in hashed(file):
            pass
    return {"rows": times, "seconds": time.monotonic() - started}


def bare(
    home: Path, url: str, connections: int, pieces: Callable[[Path], Iterator[bytes]] = pieces_of
) -> dict[str, float]:
    """The bytes of every document by PUT, streamed from the file."""
    with open_database(home) as db:
        [(number,)] = db.execute(f"select count(*) from partners.{PARTNER}__{ENTITY}").fetchall()
    file, left, lock = home / "documents" / FILE, iter(range(number)), threading.Lock()

    class Body:
        def __len__(self) -> int:
            return file.stat().st_size

        def __iter__(self) -> Iterator[bytes]:
            return pieces(file)

    def work() -> None:
        with requests.Session() as session:
            session.trust_env = False
            while True:
                with lock:
                    if next(left, None) is None:
                        return
                session.put(f"{url}/_storage/1", data=Body()).raise_for_status()  # type: ignore[arg-type]

    started = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"rows": number, "seconds": time.monotonic() - started}


def main() -> None:
    """One of the steps."""
    step, home, *given = sys.argv[1:]
    if step == "prepare":
        prepare(Path(home), int(given[0]), int(given[1]))
    elif step == "unchanged":
        unchanged(Path(home), int(given[0]))
    elif step == "go":
        print(json.dumps(go(Path(home))))
    elif step == "hash":
        print(json.dumps(hash_alone(Path(home))))
    else:
        pieces = hashed if step == "hashing" else pieces_of
        print(json.dumps(bare(Path(home), given[0], int(given[1]), pieces)))


if __name__ == "__main__":
    main()
