"""The process that brings one message to one target, so that one that hangs can be ended, whatever it waits for.

Reads one JSON object from stdin (the address is in it, and in no list of processes), writes one to stdout.
"""

import json
import logging
import re
import sys
from collections.abc import Sequence
from typing import Any

# More than a page is read by nobody, whatever the target would take.
LONGEST = 4_000
SHORTEST = 60


def main() -> None:
    """Says whether the message was taken, and if not, why in words of ours: those of apprise may quote the address."""
    asked = json.load(sys.stdin)
    words = _Words()
    try:
        sent = _send(asked, words)
    except Exception as problem:  # of a plugin, whose text may quote anything
        print(json.dumps({"sent": False, "why": f"its plugin failed ({type(problem).__name__})"}))
        return
    print(json.dumps({"sent": sent, "why": "" if sent else words.why()}))


def body(lines: Sequence[str], most: int) -> str:
    """The lines as far as they fit, and how many do not."""
    most = max(min(most, LONGEST), SHORTEST)
    text = "\n".join(lines)
    if len(text) <= most:
        return text
    kept: list[str] = []
    for line in lines:
        rest = f"… and {len(lines) - len(kept) - 1:,} more: stammdaten alerts"
        if len("\n".join([*kept, line, rest])) > most:
            break
        kept.append(line)
    rest = f"… and {len(lines) - len(kept):,} more: stammdaten alerts"
    if kept:
        return "\n".join([*kept, rest])
    end = "" if len(lines) == 1 else f" +{len(lines) - 1:,}"
    return shortened(lines[0], most - len(end)) + end


def shortened(text: str, most: int) -> str:
    """A line of so many signs at most; what says how to go on, after its last `; `, stays whole where there is room."""
    if len(text) <= most:
        return text
    begin, between, rest = text.rpartition("; ")
    end = f"…{between}{rest}"
    if not begin or len(end) > most * 2 / 3:
        return f"{text[: most - 1]}…"
    return text[: most - len(end)] + end


def _send(asked: dict[str, Any], words: "_Words") -> bool:
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

    log = logging.getLogger("apprise")
    log.handlers, log.propagate = [words], False
    log.setLevel(logging.WARNING)
    asset = AppriseAsset(
        async_mode=False, app_id="Stammdaten", app_desc="Stammdaten", app_url="", allow_templates=False
    )
    plugin = Apprise.instantiate(asked["url"], asset=asset)
    if plugin is None:
        words.text = "not an address"
        return False
    # Its own are four seconds, in which many a mail server has not answered yet.
    plugin.socket_connect_timeout = max(plugin.socket_connect_timeout, asked["timeout"] / 2)
    plugin.socket_read_timeout = max(plugin.socket_read_timeout, asked["timeout"] / 2)
    carrier = Apprise(asset=asset)
    carrier.add(plugin)
    room = plugin.body_maxlen - (len(asked["title"]) + 2 if plugin.title_maxlen <= 0 else 0)
    kind = {"new": NotifyType.FAILURE, "over": NotifyType.SUCCESS}.get(asked["kind"], NotifyType.INFO)
    return bool(
        carrier.notify(
            body=body(asked["lines"], room),
            title=asked["title"],
            notify_type=kind,
            body_format=NotifyFormat.TEXT,
        )
    )


class _Words(logging.Handler):
    """Takes what apprise logs, to tell a status of it and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += f"{record.getMessage()}\n"

    def why(self) -> str:
        """Why the message was not taken."""
        if status := re.search(r"\berror[=:]\s?(\d{3})\b", self.text):
            return f"it answered {status[1]}"
        if re.search(r"connection|socket|smtp|timed? ?out", self.text, re.IGNORECASE):
            return "it cannot be reached, or broke off"
        return "it did not take it"


if __name__ == "__main__":
    main()
