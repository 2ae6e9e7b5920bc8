"""A run in a process of its own that stands still in a step until it is ended."""

import time

from pipelines import current_run, interrupt
from pipelines.history.record import recorded


def main() -> None:
    with interrupt.handled(), recorded("run", "leerstaende", print), current_run.step("push"):
        print("at work", flush=True)
        time.sleep(60)


if __name__ == "__main__":
    main()
