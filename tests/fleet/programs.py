"""What a customer's process does in tests of processes: each word is something that goes wrong, or tells."""

import json
import os
import signal
import sys
import time
from pathlib import Path


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
    elif what == "raise":
        raise ValueError(os.environ["SECRET"])
