"""What a customer's process does in tests of processes: each word is something that goes wrong, or tells."""

import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from pipelines import interrupt
from pipelines.api.http.client import Client
from pipelines.contract.contract import Limits


def main() -> None:
    what, *rest = sys.argv[1:]
    if what == "tell":
        Path(rest[0]).write_text(
            json.dumps(
                {
                    "environment": dict(os.environ),
                    "folder": os.getcwd(),
                    "pid": os.getpid(),
                    "session": os.getsid(0),
                    "umask": os.umask(0o077),
                    "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
                }
            )
        )
        print("told")
        print("and said", file=sys.stderr)
    elif what == "exit":
        sys.exit(int(rest[0]))
    elif what == "end":
        os._exit(int(rest[0]))
    elif what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "sleep":
        Path(rest[0]).write_text(str(os.getpid()))
        time.sleep(600)
    elif what == "wait":
        with interrupt.handled():
            Path(rest[0]).write_text(str(os.getpid()))
            with suppress(interrupt.Interrupted):
                time.sleep(600)
            sys.exit(interrupt.exit_code())
    elif what == "raise":
        raise ValueError(os.environ["SECRET"])
    elif what == "push":
        push(rest[0], int(rest[1]), float(rest[2]))


def push(url: str, number: int, per_second: float) -> None:
    """So many requests as fast as they may go, over a connector's own client."""
    client = Client("etg24", url, Limits(in_flight=16, per_second=per_second), lambda _: ({}, None))
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda row: client.call("post", f"/things/{row}", {"row": row}), range(number))
        )
    assert all(answer.ok for answer in answers)
