"""Runs a program and writes down what it cost: `launcher.py FIGURES PROGRAM ARGUMENT…`.

Linux counts what its parent held as a program's own peak of memory, so the parent has to be as small as this one.
"""

import json
import os
import subprocess
import sys
import time


def main(figures: str, argv: list[str]) -> int:
    """The program's exit status; wall and processor time in seconds and the peak in MB go into the file."""
    started = time.monotonic()
    process = subprocess.Popen(argv)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = {
        "seconds": time.monotonic() - started,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
        "status": process.returncode,
    }
    with open(figures, "w", encoding="utf-8") as file:
        json.dump(cost, file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
