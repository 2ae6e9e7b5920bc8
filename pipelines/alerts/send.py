"""Brings messages to their targets: all at once, each by a process of its own, and none for longer than is set."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Message:
    """A title, and a line for each thing that is told."""

    title: str
    lines: Sequence[str]
    kind: Literal["new", "over", "info"] = "info"


# Target → why it did not take the message; None: it did.
Told = Callable[[str, str | None], None]


def send(messages: Mapping[str, Message], targets: Mapping[str, str], timeout: float, told: Told) -> None:
    """Sends each target its message within `timeout` seconds; `told` is called as it is known what became of each."""
    lock = threading.Lock()

    def bring(name: str) -> None:
        why = _bring(messages[name], targets[name], timeout)
        with lock:
            told(name, why)

    threads = [threading.Thread(target=bring, args=(name,), daemon=True) for name in messages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _bring(message: Message, url: str, timeout: float) -> str | None:
    """Why the message was not taken; None where it was."""
    asked = {
        "url": url, "title": message.title, "lines": list(message.lines), "kind": message.kind, "timeout": timeout
    }  # fmt: skip
    words = [sys.executable, "-P", "-m", "pipelines.alerts.courier"]
    try:
        # In a session of its own: Ctrl-C is for the run, and a message half sent would be sent twice.
        done = subprocess.run(  # noqa: S603 -- words of ours, no shell
            words,
            input=json.dumps(asked),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=timeout,
            check=False,
            start_new_session=True,
        )
        answer = json.loads(done.stdout)
        return None if answer["sent"] else str(answer["why"])
    except subprocess.TimeoutExpired:
        return f"no answer in {timeout:g} s"
    except (OSError, ValueError, KeyError) as problem:
        return f"its process did not come to its end ({type(problem).__name__})"
