"""What a push is held against: the same rows over the same number of connections, without ledger and journal.

`python -m benchmarks.bare requests URL HOME CONNECTIONS` is a loop over `requests` sessions; `… dlt URL HOME` a plain
dlt destination as its documentation shows it, at dlt's own batch size, one POST a row.
"""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import duckdb
import requests

from benchmarks.push import ENTITY, PARTNER

PATH = "/2023-02-01/locations"
QUERY = f"select to_json(m)::varchar from partners.{PARTNER}__{ENTITY} as m"


def rows(home: Path) -> Iterator[dict[str, Any]]:
    """The rows of the mart as bodies."""
    with duckdb.connect(str(home / "stammdaten.duckdb"), read_only=True) as db:
        cursor = db.execute(QUERY)
        while batch := cursor.fetchmany(10_000):
            for (body,) in batch:
                yield json.loads(body)


def by_requests(url: str, home: Path, connections: int) -> int:
    """One session and one thread a connection; the rows are in memory before the clock starts."""
    waiting: SimpleQueue[dict[str, Any]] = SimpleQueue()
    for body in rows(home):
        waiting.put(body)
    size = waiting.qsize()

    def work() -> None:
        with requests.Session() as session:
            session.trust_env = False
            while True:
                try:
                    body = waiting.get_nowait()
                except Empty:
                    return
                session.post(
                    url + PATH, json=body, headers={"Authorization": "Bearer token"}
                ).raise_for_status()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return size


def by_dlt(url: str, home: Path) -> int:
    """A dlt destination function at the default batch size, as a user would write it first."""
    import dlt

    sent = 0
    session = requests.Session()
    session.trust_env = False

    @dlt.destination(name="plain")
    def plain(items: list[dict[str, Any]], table: Any) -> None:
        nonlocal sent
        for item in items:
            session.post(url + PATH, json=item).raise_for_status()
            sent += 1

    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("plain", destination=plain, pipelines_dir=folder)
        pipeline.run(dlt.resource(rows(home), name="locations", max_table_nesting=0))
    return sent


if __name__ == "__main__":
    started = time.monotonic()
    kind, url, home = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    done = by_requests(url, home, int(sys.argv[4])) if kind == "requests" else by_dlt(url, home)
    print(json.dumps({"rows": done, "seconds": time.monotonic() - started}))
