"""The file that a run writes while it works: `runs/<number>-<id>.jsonl`, one event a line, locked until it ends.

A file without an end that nobody holds is that of a run which was killed: no clock and no process number is asked.
What is written are names, counts and codes of ours: no value of a row, no id of a record, no credential.
"""

import fcntl
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.current_run import new_id
from pipelines.versions import versions

FOLDER = "runs"
# Days of history that are kept where nobody says otherwise.
KEEP_DAYS = 180
# Of a report so many entries of a list, and signs of a text, are kept, and so many bytes in all.
MOST_ENTRIES, LONGEST_TEXT, LARGEST_REPORT = 200, 2_000, 1_048_576
# The command of a run of which the disk took neither the beginning nor the end.
UNKNOWN = "unknown"
# Of which a failure is one of `run`, as far as is known.
MAY_BE_RUN = ("run", UNKNOWN)
# How a run says that the backup that it should end with failed.
NO_BACKUP = "No backup was taken"
# Commands that take the name of one partner without an option.
OF_ONE_PARTNER = ("adopt", "verify", "rekey")
Json = dict[str, Any]
NAME = re.compile(r"[0-9]{6,9}-[0-9a-f]{12}\.jsonl")


class RunFile:
    """The file of the run that this process is. No method raises: what cannot be written is told by `trouble`."""

    def __init__(
        self, home: Path, command: str, use_case: str | None, echo: Callable[[str], None] = lambda _: None
    ):
        self.run_id = new_id()
        self._echo = echo
        self.trouble: str | None = None
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._is_torn = False
        self._called = {"command": command, "use_case": use_case}
        self._file: int | None = None
        try:
            folder = home / FOLDER
            folder.mkdir(mode=0o700, exist_ok=True)
            name = folder / f"{self._number(home):06}-{self.run_id}.jsonl"
            # Under its name it is never seen without its lock: that is a run that was killed.
            unseen = name.with_suffix(".new")
            self._file = os.open(unseen, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            unseen.rename(name)
        except OSError as problem:
            self.trouble = problem.strerror or type(problem).__name__
        self.note("begin", {"run_id": self.run_id, **self._called, **_versions()})

    @staticmethod
    def _number(home: Path) -> int:
        return max(map(_number_of, run_files(home)), default=0) + 1

    def note(self, event: str, values: Json) -> None:
        """Adds an event with its time."""
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **values}
        # Halves of characters are in no file and in no database.
        text = json.dumps(line, default=str, ensure_ascii=False).encode("utf-8", "replace")
        self._echo(text.decode())
        if self._file is None:
            return
        with self._lock:
            try:
                # After half a line the next one begins a new one.
                wanted = b"\n" * self._is_torn + text + b"\n"
                self._is_torn = os.write(self._file, wanted) < len(wanted)
                if event in ("begin", "end"):
                    os.fsync(self._file)
            except OSError as problem:
                self._is_torn = True
                self.trouble = problem.strerror or type(problem).__name__
            else:
                if self._is_torn:
                    self.trouble = "No space left on device"

    def end(self, status: int, message: str | None, is_refused: bool = False) -> None:
        """Notes the exit status, and why where the run broke off, and lets go of the file.

        `is_refused`: it did nothing, because another run was at work.
        """
        seconds = round(time.monotonic() - self._began, 3)
        refused = {"refused": True} if is_refused else {}
        # Once more what was called: a disk that was full then may not have taken the beginning.
        self.note("end", {**self._called, "exit": status, "message": message, "seconds": seconds, **refused})
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None


@dataclass(frozen=True)
class RecordedRun:
    """A run as its file tells it. Times are UTC; `seconds` are those of a clock that nobody sets.

    Of a file that a full disk cut it is what its whole lines say; `command` is `UNKNOWN` where none says it.

    `exit` is None for a run that is at work (`is_running`), and for one that ended without a word; `last_seen_at` is
    when it wrote last. `steps` in their order; one without seconds did not come to its end. `limited_to` are the
    partners that were asked for by name, none: all; `on` those that it was for, where its settings could be read (the
    database does not have them). `is_refused`: it did nothing, because another run was at work.
    """

    run_id: str
    number: int
    command: str
    use_case: str | None
    begun_at: datetime
    last_seen_at: datetime
    is_running: bool
    ended_at: datetime | None = None
    seconds: float | None = None
    exit: int | None = None
    message: str | None = None
    settings: str | None = None
    stichtag: str | None = None
    limited_to: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    is_refused: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    load_id: str | None = None
    plan_id: str | None = None
    steps: Mapping[str, float | None] = field(default_factory=dict)
    partners: tuple[Json, ...] = ()
    entities: tuple[Json, ...] = ()
    rules: tuple[Json, ...] = ()
    states: tuple[Json, ...] = ()
    flow: tuple[Json, ...] = ()
    report: Json | None = None

    @property
    def called(self) -> str:
        """What somebody would type to do it again, as far as it was limited."""
        words = ["stammdaten", self.command, *(["--use-case", self.use_case] if self.use_case else [])]
        option = [] if self.command in OF_ONE_PARTNER else ["--partner"]
        return " ".join([*words, *(word for name in self.limited_to for word in (*option, name))])


def read_files(home: Path, without: frozenset[str] = frozenset()) -> list[RecordedRun]:
    """The runs of which files are there, in their order, but for those of these ids."""
    found = []
    for file in run_files(home):
        if id_of(file) not in without and (run := read_file(file)):
            found.append(run)
    return found


def run_files(home: Path) -> list[Path]:
    """The files of runs, the oldest first."""
    folder = home / FOLDER
    found = folder.glob("*.jsonl") if folder.is_dir() else ()
    return sorted((file for file in found if NAME.fullmatch(file.name)), key=_number_of)


def id_of(file: Path) -> str:
    """The id of the run that wrote it."""
    return file.stem.partition("-")[2]


def _number_of(file: Path) -> int:
    return int(file.name.partition("-")[0])


def read_file(file: Path) -> RecordedRun | None:
    """The run that wrote the file; None where it cannot be read. What its lines do not say is not known of the run."""
    try:
        with file.open("rb") as opened:
            is_running = _is_held(opened.fileno())
            events = list(_events(opened))
            changed = datetime.fromtimestamp(os.fstat(opened.fileno()).st_mtime, UTC)
        return _run_of(file, events, is_running, changed)
    except (OSError, LookupError, ValueError, TypeError, AttributeError):
        return None


def _run_of(file: Path, events: list[Json], is_running: bool, changed: datetime) -> RecordedRun:
    """`changed`: when the file was written to last, for one in which no line is whole."""
    known: Json = {"command": UNKNOWN, "use_case": None, "steps": {}}
    requests: dict[tuple[str, str], int] = {}
    times = []
    for event in events:
        # What somebody else wrote keeps no line of ours from being read.
        with suppress(LookupError, ValueError, TypeError, AttributeError):
            moment = datetime.fromisoformat(event["at"])
            _take(known, requests, event)
            times.append(moment)
    begun_at, last_seen_at = (times[0], times[-1]) if times else (changed, changed)
    has_ended = "exit" in known
    if has_ended and events[0]["event"] != "begin":
        begun_at = min(begun_at, last_seen_at - timedelta(seconds=known["seconds"]))
    return RecordedRun(
        run_id=id_of(file),
        number=_number_of(file),
        begun_at=begun_at,
        last_seen_at=last_seen_at,
        ended_at=last_seen_at if has_ended else None,
        is_running=is_running and not has_ended,
        **known,
    )


def bounded(value: Any) -> Any:
    """The same with long lists and texts cut, and a word on what is left out."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}… ({len(value):,} signs)"
    if isinstance(value, list):
        more = len(value) - MOST_ENTRIES
        return [bounded(one) for one in value[:MOST_ENTRIES]] + ([f"… and {more:,} more"] if more > 0 else [])
    if isinstance(value, dict):
        more = len(value) - MOST_ENTRIES
        kept = {key: bounded(one) for key, one in list(value.items())[:MOST_ENTRIES]}
        return kept | ({"…": f"{more:,} more"} if more > 0 else {})
    return value


def _take(known: Json, requests: dict[tuple[str, str], int], event: Json) -> None:
    """Adds what an event tells to what is known of a run; `requests` by partner and entity come before entities."""
    kind = event["event"]
    if kind == "begin":
        known.update(command=event["command"], use_case=event["use_case"], versions=dict(event["versions"]))
    elif kind == "settings":
        known.update(
            settings=event["digest"],
            stichtag=event["stichtag"],
            limited_to=tuple(event.get("limited_to", ())),
            on=tuple(event.get("on", ())),
        )
    elif kind == "step":
        known["steps"][event["name"]] = event.get("seconds")
    elif kind in ("partners", "rules", "states", "flow"):
        known[kind] = tuple(event["lines"])
    elif kind == "requests":
        requests.update({(line["partner"], line["entity"]): line["requests"] for line in event["lines"]})
    elif kind == "entities":
        lines = event["lines"]
        known[kind] = tuple(
            {**line, "requests": requests.get((line["partner"], line["entity"]), 0)} for line in lines
        )
    elif kind == "report":
        known.update(load_id=event["load_id"], plan_id=event["plan_id"], report=event["report"])
    elif kind == "end":
        known.update(exit=event["exit"], message=event["message"], seconds=event["seconds"])
        known.update(is_refused=event.get("refused", False))
        known.update({name: event[name] for name in ("command", "use_case") if name in event})


def _events(lines: Iterator[bytes] | Any) -> Iterator[Json]:
    """The events of a file; a line that was not written whole is passed over."""
    for line in lines:
        with suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict) and {"at", "event"} <= event.keys():
                yield event


def _is_held(file: int) -> bool:
    """Whether the process that writes the file lives."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _versions() -> Json:
    return {"versions": versions()}
