"""YAML that people hand in: read so that neither its size nor its nesting can hurt.

Plain `yaml.safe_load` ends in a stack trace on deep nesting and on a date that does not exist, and a few aliases of
aliases, or merged maps, grow without end. Here all of it is one `YamlError`.
"""

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # both are safe; the one in C is ten times as fast

MOST_BYTES = 4 << 20
DEEPEST = 50
# Values in all, with those that aliases repeat.
MOST_VALUES = 200_000


class YamlError(Exception):
    """What is wrong in a YAML text, as the end of a sentence; `line` counts from 1, 0 where no line is to blame."""

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what)
        self.line = line


def read_yaml(path: Path) -> Any:
    """The content of a YAML file, of plain types only.

    Raises `YamlError` for what is no file, not UTF-8 or no YAML that can be used, and `OSError` as `open` does.
    """
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise YamlError("is no file")
    if facts.st_size > MOST_BYTES:
        raise YamlError(f"has more than {MOST_BYTES >> 20} MB")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise YamlError("is not UTF-8; save it as UTF-8") from None
    return parse_yaml(text)


def parse_yaml(text: str) -> Any:
    """The content of a YAML text, of plain types only. Raises `YamlError`."""
    if len(text) > MOST_BYTES:
        raise YamlError(f"has more than {MOST_BYTES >> 20} MB")
    try:
        _check_size(text)
        return yaml.load(text, Loader=LOADER)  # noqa: S506
    except yaml.MarkedYAMLError as problem:
        raise YamlError("is no YAML", problem.problem_mark.line + 1 if problem.problem_mark else 0) from None
    except yaml.YAMLError:
        raise YamlError("is no YAML") from None
    except (ValueError, OverflowError, TypeError, RecursionError, AttributeError):
        # A date such as 2026-02-30, a number of too many digits, a key that is a map.
        raise YamlError("holds a value that cannot be read; put it in quotes") from None


@dataclass
class _Opened:
    """A list or map that has begun: its anchor, the count of values in front of it, and the keys of a map so far."""

    anchor: str | None
    before: int
    keys: set[str] | None
    is_key_next: bool = True

    def comes(self, key: str | None) -> bool:
        """Takes the next key or value; whether it is a key that was there before."""
        if self.keys is None:
            return False
        is_twice = self.is_key_next and key is not None and key in self.keys
        if self.is_key_next and key is not None:
            self.keys.add(key)
        self.is_key_next = not self.is_key_next
        return is_twice


def _check_size(text: str) -> None:
    """Counts values without making them: one of an alias counts as much as what it repeats."""
    anchors: dict[str, int] = {}
    opened: list[_Opened] = []
    count = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.CollectionEndEvent):
            ended = opened.pop()
            if ended.anchor:
                anchors[ended.anchor] = count - ended.before
        elif isinstance(event, yaml.NodeEvent):
            key = event.value if isinstance(event, yaml.ScalarEvent) else None
            if opened and opened[-1].comes(key):
                raise YamlError("has the same entry twice", line)
            count += _values(event, anchors, opened, count, line)
        if len(opened) > DEEPEST:
            raise YamlError(f"is nested more than {DEEPEST} deep", line)
        if count > MOST_VALUES:
            raise YamlError(f"has more than {MOST_VALUES:,} values, counting those that aliases repeat", line)


def _values(event: Any, anchors: dict[str, int], opened: list[_Opened], before: int, line: int) -> int:
    """How many values an event stands for; notes what begins, and what an anchor stands for."""
    if isinstance(event, yaml.AliasEvent):
        if any(event.anchor == one.anchor for one in opened):
            raise YamlError("has an entry that is part of itself", line)
        return anchors.get(event.anchor or "", 1)
    if isinstance(event, yaml.CollectionStartEvent):
        keys: set[str] | None = set() if isinstance(event, yaml.MappingStartEvent) else None
        opened.append(_Opened(event.anchor, before, keys))
    elif event.anchor:
        anchors[event.anchor] = 1
    return 1
