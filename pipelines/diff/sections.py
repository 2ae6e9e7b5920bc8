"""What a comparison says, as sentences and tables: terminal, comment and page all show these, each in its form."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.reports.diff import DiffReport, FieldDiff, RowDiff
from pipelines.reports.run import FailureLine

Cell = str | int | float | None
WORDS = {"come": "comes", "go": "goes", "held": "held"}
# A value is told up to so many characters, and in a sentence up to fewer.
LONGEST, SHORT = 90, 40
# So many fields are told in sentences, those of most records.
FIELDS = 8


@dataclass(frozen=True)
class Sentence:
    """Something that has to be known; `tone` as on the pages of runs, `strong`: it is always in bold."""

    tone: str
    text: str
    strong: bool = False


@dataclass(frozen=True)
class Section:
    """A table. `code`: columns with names and values of the data, which are shown as they are; `strong`: in bold."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    code: frozenset[str] = frozenset()
    strong: frozenset[str] = frozenset()


def headline(report: DiffReport) -> str:
    """The comparison in a line."""
    if not report.differs:
        return "No difference in what would be sent"
    partners = sorted({line.partner for line in report.entities})
    rows = sum(line.come + line.go + line.change + line.new_ids + line.held for line in report.entities)
    lost = sorted({line.partner for line in report.failures})
    nothing = f"{', '.join(lost)} would get nothing" if lost else ""
    if rows:
        differ = f"{rows:,} {'record differs' if rows == 1 else 'records differ'} at {', '.join(partners)}"
        return f"{nothing}; {differ}" if nothing else differ
    return nothing or "The same records would be sent, and something else differs"


def sentences(report: DiffReport) -> Iterator[Sentence]:
    """What nobody may overlook, the worst first."""
    for line in report.failures:
        yield Sentence("bad", f"{line.partner} would get nothing: {line.node}: {line.message}{_keys(line)}")
    moved: dict[tuple[str, str], list[str]] = {}
    for entity in report.entities:
        if entity.new_ids:
            moved.setdefault((entity.partner, entity.withdrawal), []).append(
                f"{entity.entity}: {entity.new_ids:,} records get another external id."
                f" They are {_left(entity.withdrawal)} and made anew at the partner."
            )
    for (partner, _), messages in moved.items():
        # Always in bold: the partner loses what hangs on the record.
        yield Sentence("bad", f"{partner} {_joined(messages)}", strong=True)
    tripped: dict[tuple[str, str], list[str]] = {}
    for guard in report.guards:
        tripped.setdefault((guard.partner, guard.guard), []).append(guard.message)
    for (partner, name), messages in tripped.items():
        yield Sentence("bad", f"{partner}: the guard {name} would trip: {_joined(messages)}")
    for part in report.contracts:
        if part.rows:
            yield Sentence(
                "bad",
                f"{part.partner} {part.entity}: {part.rows:,} rows would be refused: {part.part} is now {part.new}",
            )
    for row in report.rows:
        if row.against:
            yield Sentence(
                "bad",
                f"{row.partner} {row.entity}: {row.rows:,} records come although rule {row.against} takes them out:"
                f" {row.meaning}",
            )
        elif row.what != "held" and row.rule is None:
            verb = "leave" if row.what == "go" else "come"
            yield Sentence(
                "look",
                f"{row.partner} {row.entity}: {row.rows:,} records {verb}, and no rule says why: {row.meaning}",
            )
    stays = [line for line in report.fields if line.stays]
    for field in stays:
        yield Sentence(
            "look",
            f"{field.partner} {field.entity}: {field.field} loses its value in {field.stays:,} records, and the partner"
            " keeps the old one, because it does not let the field be empty",
        )
    most = sorted(report.fields, key=lambda line: (-line.rows, line.partner, line.entity, line.field))
    for field in most[:FIELDS]:
        yield Sentence(
            "look",
            f"{field.partner} {field.entity}: {field.field} changes in {field.rows:,}"
            f" {'record' if field.rows == 1 else 'records'}{_seen(field)}",
        )
    if len(most) > FIELDS:
        yield Sentence("look", f"{len(most) - FIELDS} more fields change, see below")
    if report.failed_on:
        yield Sentence("bad", f"Came true of --fail-on: {', '.join(report.failed_on)}")


def _keys(line: FailureLine) -> str:
    """Which rows a test found, some of them."""
    keys = _distinct(line.keys)
    return f": {', '.join(keys[:3])}{' and others' if len(keys) > 3 else ''}" if keys else ""


def _distinct(keys: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(keys))


def _seen(field: FieldDiff) -> str:
    """The two most frequent changes, and how many records change otherwise."""
    first = field.values[:2]
    # Of a person's values only some were looked at, so that their number says nothing.
    is_counted = len(first) > 1 and not field.personal
    said = [
        f"{cut(one.old, SHORT)} → {cut(one.new, SHORT)}{f' ({one.rows:,})' if is_counted else ''}"
        for one in first
    ]
    others = 0 if field.personal else field.rows - sum(one.rows for one in first)
    more = f" and {others:,} {'other' if others == 1 else 'others'}" if others > 0 else ""
    return f": {', '.join(said)}{more}" if said else ""


def _joined(messages: list[str]) -> str:
    """Sentences as one: with which words all of them end is said once."""
    words = [message.split(" ") for message in messages]
    # Of each its beginning is left.
    most = min(len(one) for one in words) - 1
    alike = 0
    while alike < most and len({one[-alike - 1] for one in words}) == 1:
        alike += 1
    if len(messages) == 1 or not alike:
        return "; ".join(messages)
    return f"{'; '.join(' '.join(one[:-alike]) for one in words)} {' '.join(words[0][-alike:])}"


def _left(withdrawal: str) -> str:
    return {
        "delete": "deleted", "end": "ended", "deactivate": "switched off", "detach": "cut off", "keep": "left behind",
    }[withdrawal]  # fmt: skip


def overview(report: DiffReport) -> Section:
    """Records by partner and entity."""
    return Section(
        "Records",
        ("partner", "entity", "base", "head", "come", "go", "change", "new id", "held"),
        tuple(
            (
                line.partner, line.entity, line.base_rows, line.head_rows, line.come, line.go, line.change,
                line.new_ids, line.held,
            )
            for line in report.entities
        ),
        strong=frozenset({"new id"}),
    )  # fmt: skip


def details(report: DiffReport) -> tuple[Section, ...]:
    """All other tables that have a row."""
    found = (
        Section(
            "External ids that change",
            ("partner", "entity", "records", "told by", "from", "to"),
            tuple(
                (line.partner, line.entity, line.rows, line.told_by, pair.old, pair.new)
                for line in report.ids
                for pair in line.examples
            ),
            code=frozenset({"from", "to"}),
            strong=frozenset({"from", "to"}),
        ),
        Section(
            "Fields that change",
            ("partner", "entity", "field", "records", "old", "new", "so often"),
            tuple(row for line in report.fields for row in _of_field(line)),
            code=frozenset({"field", "old", "new"}),
        ),
        Section(
            "Records that come, go or are held, by rule",
            ("partner", "entity", "what", "rule", "records", "meaning", "for example"),
            tuple(
                (
                    line.partner, line.entity, WORDS[line.what], _rule(line), line.rows, line.meaning,
                    ", ".join(line.examples),
                )
                for line in report.rows
            ),
            code=frozenset({"for example"}),
        ),
        Section(
            "Rows of the ERP that rules hit",
            ("rule", "table", "partner", "base", "head", "more", "fewer", "meaning", "takes rows out"),
            tuple(
                (
                    line.rule, line.table, line.partner or "all", line.base_rows, line.head_rows, line.more, line.fewer,
                    line.meaning, "yes" if line.drops else "no",
                )
                for line in report.findings
            ),
        ),
        Section(
            "Contracts",
            ("partner", "entity", "part", "old", "new", "rows refused"),
            tuple(
                (line.partner, line.entity or "", line.part, cut(line.old), cut(line.new), line.rows)
                for line in report.contracts
            ),
            code=frozenset({"part", "old", "new"}),
        ),
        Section(
            "Tests and models that keep a partner back",
            ("partner", "test or model", "what", "keys"),
            tuple(
                (line.partner, line.node, line.message, ", ".join(_distinct(line.keys)[:5]))
                for line in report.failures
            ),
            code=frozenset({"test or model", "keys"}),
        ),
        Section(
            "Requests",
            ("partner", "requests", "minutes", "limit"),
            tuple(
                (line.partner, line.requests, line.minutes, line.limit or "the contract names none in time")
                for line in report.effort
            ),
        ),
        Section(
            "Settings that differ",
            ("setting", "base", "head"),
            tuple((line.setting, cut(line.old), cut(line.new)) for line in report.settings),
            code=frozenset({"setting", "base", "head"}),
        ),
        Section(
            "Models that were built again",
            ("model", "why"),
            tuple((line.name, _why(line.what)) for line in report.models),
            code=frozenset({"model"}),
        ),
    )  # fmt: skip
    return tuple(section for section in found if section.rows)


def _of_field(line: FieldDiff) -> Iterator[tuple[Cell, ...]]:
    for place, value in enumerate(line.values):
        first = (line.partner, line.entity, line.field, line.rows) if not place else ("", "", "", None)
        # Of a person's values only some were looked at, so that their number says nothing.
        yield (*first, cut(value.old), cut(value.new), None if line.personal else value.rows)


def _rule(line: RowDiff) -> str:
    return f"against {line.against}" if line.against else line.rule or "none"


def _why(what: str) -> str:
    return "stands on one that differs" if what == "depends" else what


def cut(text: str, longest: int = LONGEST) -> str:
    """A text that is not too long for a cell, or a sentence."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def facts(report: DiffReport) -> tuple[tuple[str, str], ...]:
    """What was compared."""
    return (
        ("Base", report.base),
        ("Head", report.head),
        ("Data", report.data),
        ("Key date", report.stichtag),
        ("Partners", ", ".join(report.partners)),
    )
