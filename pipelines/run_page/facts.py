"""What the page of a run says, taken from the history: words and numbers, no markup."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median

from pipelines.api.reasons import BLOCKED, DELIVERED, PENDING, REASONS, REJECTED, STATE_FORBIDS, WITHOUT_TAKEN
from pipelines.explain.rules import RULES, rule_of
from pipelines.history.due import german
from pipelines.history.run_file import Json, RecordedRun
from pipelines.history.shown import advice, in_words
from pipelines.history.stations import HELD, MART, RAW
from pipelines.reports.look import NextRun
from pipelines.run_page.plots import Flow, Part, Spark, bar, flows, spark

# So many runs are compared with.
LAST = 20
# Of a table whose rows barely change so many lines stand in the open, the rest below.
OPEN_RULES = 12
PUSHING = ("run", "push")
SYNCED = "synced"
Key = tuple[str, str]

HEADLINES = {
    0: ("good", "Everything is delivered"),
    1: ("look", "Not everything is delivered"),
    2: ("bad", "Nothing was sent"),
}
# What the state of a record is called on a page, and how it is drawn.
STATES = {
    REJECTED: ("bad", "refused"),
    BLOCKED: ("look", "waiting for another record"),
    PENDING: ("look", "not answered yet"),
    DELIVERED: ("info", "handed over, not confirmed"),
    HELD: ("held", "held as it is"),
    SYNCED: ("info", "there without a field"),
}
SEVERITY = ("bad", "look", "held", "info")
HELD_ADVICE = (
    "It stays at the partner as it is. Mend the row in the ERP; which row, and what is in doubt:"
    " `stammdaten explain PARTNER KEY`"
)


@dataclass(frozen=True)
class Counts:
    """What became of an entity's records; `there`: at the partner, `other`: handed over and not confirmed.

    `behind`: there, too, and its update or removal waits or is refused.
    """

    in_mart: int = 0
    created: int = 0
    updated: int = 0
    withdrawn: int = 0
    there: int = 0
    refused: int = 0
    waiting: int = 0
    held: int = 0
    other: int = 0
    requests: int = 0
    behind: int = 0

    def __add__(self, more: "Counts") -> "Counts":
        return Counts(*(a + b for a, b in zip(self._all, more._all, strict=True)))

    @property
    def _all(self) -> tuple[int, ...]:
        return tuple(vars(self).values())

    @property
    def undelivered(self) -> int:
        """Records that should be at the partner, or gone from there, and are not."""
        return self.refused + self.waiting

    @property
    def parts(self) -> list[tuple[str, str, int]]:
        """Tone, word and rows of each outcome; what is held is at the partner, too."""
        return [
            ("good", "at the partner", max(self.there - self.held - self.behind, 0)),
            ("held", "held as it is", self.held),
            ("info", "handed over, not confirmed", self.other),
            ("look", "waiting", self.waiting),
            ("bad", "refused", self.refused),
        ]


@dataclass(frozen=True)
class PartnerRow:
    """A partner in one line."""

    name: str
    tone: str
    word: str
    counts: Counts
    parts: tuple[Part, ...]
    plot: Spark | None


@dataclass(frozen=True)
class EntityRow:
    """An entity in one line; `change` of its mart since the run before, None where there is none."""

    name: str
    counts: Counts
    change: int | None
    plot: Spark | None


@dataclass(frozen=True)
class Point:
    """Something that somebody should look at."""

    tone: str
    kind: str
    title: str
    meaning: str
    todo: str
    rows: int | None = None
    where: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True)
class RuleRow:
    """Rows that a rule hits in a table; `jump` since the build before, None where there is none."""

    rule: str
    table: str
    partner: str | None
    rows: int
    share: float | None
    jump: int | None
    is_warned: bool
    meaning: str
    drops: bool


@dataclass(frozen=True)
class StepRow:
    """A part of the run; `seconds` None: it did not come to its end. `usual`: the median of the runs before."""

    name: str
    seconds: float | None
    usual: float | None
    share: float


@dataclass(frozen=True)
class Head:
    """A run in one line: what was called, when in German time, how it ended."""

    run_id: str
    number: int
    command: str
    begun: str
    begun_utc: str
    took: str
    exit: str
    tone: str
    headline: str
    what: str


@dataclass(frozen=True)
class Page:
    """Everything that the page of a run says; `broke_off`: in its push, so nobody knows here what it sent."""

    head: Head
    what: str
    todo: str | None
    facts: tuple[tuple[str, str], ...]
    totals: Counts
    compared: int
    partners: tuple[PartnerRow, ...]
    as_of: str | None
    broke_off: bool
    points: tuple[Point, ...]
    flows: tuple[Flow, ...]
    entities: tuple[tuple[str, tuple[EntityRow, ...]], ...]
    rules: tuple[RuleRow, ...]
    quiet_rules: tuple[RuleRow, ...]
    steps: tuple[StepRow, ...]
    notes: tuple[str, ...]
    due: tuple[tuple[str, str], ...]
    made: str


def page_of(run: RecordedRun, before: Sequence[RecordedRun], due: Iterable[NextRun], why: str | None) -> Page:
    """The page of a run; `before`: earlier ones with their lines, the last one first; `why` some may be missing."""
    past = [one for one in before if is_alike(one, run) and has_pushed(one)][: LAST - 1]
    counted = run if has_pushed(run) else past[0] if run.command in PUSHING and past else None
    series = [*reversed(past), run] if counted is run else list(reversed(past))
    counts = counts_of(counted) if counted else {}
    if counted is not run:
        counts = {
            key: replace(one, created=0, updated=0, withdrawn=0, requests=0) for key, one in counts.items()
        }
    history = [counts_of(one) for one in series]
    rules = _rules(run, before)
    # What stands still is worth no more than a line below.
    has_moved = [row for row in rules if row.jump or row.is_warned]
    is_open = has_moved or rules[:OPEN_RULES]
    return Page(
        head=head(run),
        what=_what(run),
        todo=None if has_pushed(run) and run.exit == 1 else advice(run),
        facts=_facts(run),
        totals=sum(counts.values(), Counts()),
        compared=len(series),
        partners=tuple(_partners(run, counts, history, past)),
        as_of=head(counted).begun if counted and counted is not run else None,
        broke_off=broke_off(run),
        points=(*_points(run), *(_reasons(counted) if counted else ())),
        flows=tuple(flows(run.flow, {key: one.parts for key, one in counts_of(run).items()})),
        entities=tuple(_entities(counts, history)),
        rules=tuple(is_open),
        quiet_rules=tuple(row for row in rules if row not in is_open),
        steps=tuple(_steps(run, before)),
        notes=(*(_texts((run.report or {}).get("notes"))), *((why,) if why else ())),
        due=due_in_words(due),
        made=german(datetime.now(UTC)),
    )


def due_in_words(due: Iterable[NextRun]) -> tuple[tuple[str, str], ...]:
    """Command and time of what is due next."""
    return tuple((one.command, german(datetime.fromisoformat(one.at))) for one in due)


def head(run: RecordedRun) -> Head:
    """A run in one line."""
    tone, headline = tone_of(run)
    return Head(
        run_id=run.run_id,
        number=run.number,
        command=run.called,
        begun=german(run.begun_at),
        begun_utc=run.begun_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        took=took(run.seconds),
        exit="none" if run.exit is None else str(run.exit),
        tone=tone,
        headline=headline,
        what=in_words(run),
    )


def tone_of(run: RecordedRun) -> tuple[str, str]:
    """How a run ended, as a colour and as words."""
    if run.is_running:
        return "info", "At work"
    if run.is_refused:
        return "off", "Not begun: another run was at work"
    if run.exit is None:
        return "bad", "Ended without a word"
    if run.exit >= 128:
        return "look", "Ended by a signal"
    tone, words = HEADLINES.get(run.exit, ("bad", f"Exit status {run.exit}"))
    if run.command not in PUSHING and run.exit < 2:
        words = "All is as it should be" if run.exit == 0 else "Somebody has to look"
    return tone, words


def took(seconds: float | None) -> str:
    """Seconds as people say it."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _what(run: RecordedRun) -> str:
    """How the run ended, in a sentence or two."""
    if not (has_pushed(run) and run.exit == 1):
        text = in_words(run)
        return f"{text[:1].upper()}{text[1:]}"
    found: dict[str, list[str]] = {}
    for line in run.partners:
        found.setdefault(line["result"], []).append(line["partner"])
    totals = sum(counts_of(run).values(), Counts())
    told = [
        f"{words}: {', '.join(found[result])}"
        for result, words in (
            ("guard", "Held back by a guard"),
            ("failure", "Held back by a test"),
            ("stopped", "Given up in mid-push"),
        )
        if result in found
    ]
    rows = ((totals.refused, "Refused"), (totals.waiting, "Waiting"), (totals.other, "Not confirmed yet"))
    told += [f"{words}: {number:,} records" for number, words in rows if number]
    return ". ".join(told) + "." if told else in_words(run)


def _facts(run: RecordedRun) -> tuple[tuple[str, str], ...]:
    known = {
        "Run": run.run_id,
        "Key date": run.stichtag,
        "Load": run.load_id,
        "Plan": run.plan_id,
        "Settings": run.settings,
        **{name: version for name, version in run.versions.items()},
    }
    return tuple((name, str(value)) for name, value in known.items() if value)


def is_alike(one: RecordedRun, run: RecordedRun) -> bool:
    """Whether a run can be compared with: of the same use case, and not of other partners alone."""
    is_of_others = one.limited_to and run.limited_to and not set(one.limited_to) & set(run.limited_to)
    return one.command in PUSHING and one.use_case == run.use_case and not is_of_others


def has_pushed(run: RecordedRun) -> bool:
    """Whether it came as far as the push."""
    return run.command in PUSHING and bool(run.entities or run.states)


def given_up(run: RecordedRun) -> tuple[str, ...]:
    """The partners that were given up in mid-push."""
    return tuple(line["partner"] for line in run.partners if line["result"] == "stopped")


def broke_off(run: RecordedRun) -> bool:
    """Whether it began to push and did not get as far as to say what became of it."""
    return run.command in PUSHING and "push" in run.steps and not has_pushed(run)


def _asked(run: RecordedRun) -> set[str]:
    """The partners that a run was for, as far as is known; the database has them by their marts alone."""
    return {*(run.on or run.limited_to or (line["partner"] for line in run.flow if line["station"] == MART))}


def counts_of(run: RecordedRun) -> dict[Key, Counts]:
    """By partner and entity what became of the records; also of partners that were held back."""
    states: dict[Key, dict[str, int]] = {}
    behind: dict[Key, int] = {}
    for line in run.states:
        own = states.setdefault((line["partner"], line["entity"]), {})
        own[line["state"]] = own.get(line["state"], 0) + line["rows"]
        if line["state"] in (REJECTED, BLOCKED, PENDING):  # another version may not have noted it
            key = line["partner"], line["entity"]
            behind[key] = behind.get(key, 0) + (line.get("there") or 0)
    marts = {(line["partner"], line["entity"]): line["rows"] for line in run.flow if line["station"] == MART}
    lines = {(line["partner"], line["entity"]): line for line in run.entities}
    found = {}
    for key in [*lines, *(key for key in (*marts, *states) if key not in lines)]:
        # What the closing table has counts: in it, what is overdue to be confirmed waits.
        one = _closing(lines[key]) if key in lines else _standing(states.get(key, {}), marts.get(key, 0))
        late = behind.get(key, 0)
        found[key] = replace(one, there=one.there + late, behind=late)
    return found


def _closing(line: Json) -> Counts:
    """A line of the closing table; another version may have noted fewer columns."""
    said = {name: value or 0 for name, value in line.items() if name not in ("partner", "entity")}

    def rows(*names: str) -> int:
        return sum(int(said.get(name, 0)) for name in names)

    return Counts(
        in_mart=rows("in_mart"),
        created=rows("created"),
        updated=rows("updated"),
        withdrawn=rows("withdrawn"),
        there=rows("unchanged", "created", "updated", "held"),
        refused=rows("rejected"),
        waiting=rows("blocked", "pending"),
        held=rows("held"),
        other=rows("delivered"),
        requests=rows("requests"),
    )


def _standing(state: dict[str, int], in_mart: int) -> Counts:
    """What a partner holds to which nothing went."""
    return Counts(
        in_mart=in_mart,
        there=state.get(SYNCED, 0),
        refused=state.get(REJECTED, 0),
        waiting=state.get(BLOCKED, 0) + state.get(PENDING, 0),
        held=state.get(HELD, 0),
        other=state.get(DELIVERED, 0),
    )


def _partners(
    run: RecordedRun, counts: dict[Key, Counts], history: list[dict[Key, Counts]], past: list[RecordedRun]
) -> Iterator[PartnerRow]:
    results = {line["partner"]: line for line in run.partners}
    # Who left out the others by name does not miss them.
    former = {partner for partner, _ in counts_of(past[0])} if past and not run.limited_to else set()
    reached = {line["partner"] for line in (*run.entities, *run.states)}
    asked = _asked(run) if broke_off(run) else set()
    names = dict.fromkeys([*(partner for partner, _ in counts), *results, *sorted(former | asked)])
    for name in names:
        own = sum((one for (partner, _), one in counts.items() if partner == name), Counts())
        totals = [_total(one, name) for one in history]
        if name in results or name in reached:
            tone, word = _result(results.get(name), own)
        elif broke_off(run) and (name in asked or not asked):
            tone, word = ("info", "at work") if run.is_running else ("look", "not known how far")
        else:
            tone, word = "off", "not in this run" if reached or asked else "not reached"
        yield PartnerRow(
            name=name,
            tone=tone,
            word=word,
            counts=own,
            parts=bar(own.parts),
            plot=spark(
                [one.there if one else None for one in totals],
                [one.undelivered if one else None for one in totals],
            ),
        )


def _total(counts: dict[Key, Counts], partner: str) -> Counts | None:
    own = [one for (name, _), one in counts.items() if name == partner]
    return sum(own, Counts()) if own else None


def _result(line: Json | None, counts: Counts) -> tuple[str, str]:
    """What a run came to at a partner, as a colour and as words."""
    result = line["result"] if line else None
    if result == "guard":
        return "bad", "held back by a guard"
    if result == "failure":
        return "bad", "held back by a test"
    if result == "stopped":
        return "bad", "given up"
    if counts.refused:
        return "look", "some refused"
    if counts.waiting:
        return "look", "some waiting"
    if counts.created + counts.updated + counts.withdrawn:
        return "good", "delivered"
    return "good", "nothing to send"


def _points(run: RecordedRun) -> Iterator[Point]:
    """What keeps partners back."""
    report = run.report or {}
    for line in run.partners:
        if line["result"] == "stopped":
            yield Point(
                "bad", "Given up", str(line["partner"]), str(line["why"] or ""),
                "The next run goes on with what is left. Is it the credential or the network: `stammdaten doctor`",
            )  # fmt: skip
    tripped = _lines(report, "guards") or [
        {"partner": line["partner"], "guard": line["why"]}
        for line in run.partners
        if line["result"] == "guard"
    ]
    every = sorted({str(guard.get("guard")) for guard in tripped})
    for partner in dict.fromkeys(str(guard.get("partner")) for guard in tripped):
        own = [guard for guard in tripped if str(guard.get("partner")) == partner]
        yield Point(
            "bad", "Guard", f"{partner}: {', '.join(sorted({str(guard.get('guard')) for guard in own}))}",
            "; ".join(str(guard["message"]) for guard in own if guard.get("message")),
            "Look at the rows: `stammdaten plan --rows`. If this is meant, for this one plan only:"
            f" `stammdaten push --plan {run.plan_id} {' '.join(f'--allow {name}' for name in every)}`",
        )  # fmt: skip
    failed = _lines(report, "failures") or [
        {"partner": line["partner"], "node": line["why"]}
        for line in run.partners
        if line["result"] == "failure"
    ]
    for failure in failed:
        yield Point(
            "bad", "Test", f"{failure.get('partner')}: {failure.get('node')}",
            "The partner is not pushed while this test, model or column does not hold.",
            "The rows by their keys: `stammdaten build`",
        )  # fmt: skip


def _reasons(run: RecordedRun) -> Iterator[Point]:
    """What is not delivered or held, by reason: the worst first, then the most rows."""
    said = {
        (line.get("partner"), line.get("entity"), line.get("reason")): str(line.get("how") or "")
        for line in _lines(run.report or {}, "reasons")
    }
    groups: dict[tuple[str, str, str], list[tuple[str, str, int]]] = {}
    for line in run.states:
        state, reason = line["state"], line["reason"] or ""
        if state not in STATES or (state == SYNCED and reason not in (WITHOUT_TAKEN, STATE_FORBIDS)):
            continue
        how = said.get((line["partner"], line["entity"], reason)) or _how(state, reason)
        groups.setdefault((state, reason, how), []).append((line["partner"], line["entity"], line["rows"]))
    points = [
        Point(
            tone=STATES[state][0],
            kind=STATES[state][1].capitalize(),
            title=reason or "no reason is known",
            meaning=rule_of(reason).meaning if state == HELD else _meaning(reason),
            todo=how,
            rows=sum(rows for _, _, rows in where),
            where=tuple(where),
        )
        for (state, reason, how), where in groups.items()
    ]
    yield from sorted(points, key=lambda point: (SEVERITY.index(point.tone), -(point.rows or 0)))


def _how(state: str, reason: str) -> str:
    if state == HELD:
        return HELD_ADVICE
    return REASONS[reason].how if reason in REASONS else ""


def _meaning(reason: str) -> str:
    return REASONS[reason].meaning if reason in REASONS else ""


def _entities(
    counts: dict[Key, Counts], history: list[dict[Key, Counts]]
) -> Iterator[tuple[str, tuple[EntityRow, ...]]]:
    groups: dict[str, list[EntityRow]] = {}
    for key, own in counts.items():
        values = [one.get(key) for one in history]
        former = values[-2] if len(values) > 1 else None
        groups.setdefault(key[0], []).append(
            EntityRow(
                name=key[1],
                counts=own,
                change=own.in_mart - former.in_mart if former else None,
                plot=spark(
                    [one.in_mart if one else None for one in values],
                    [one.undelivered if one else None for one in values],
                ),
            )
        )
    yield from ((partner, tuple(rows)) for partner, rows in groups.items())


def _rules(run: RecordedRun, before: Sequence[RecordedRun]) -> list[RuleRow]:
    """What has moved most first. The build before is compared with, whichever command it was of."""
    last = next((one for one in before if one.rules), None)
    former = {_rule_key(line): line["rows"] for line in last.rules} if last else None
    warned = {
        (line.get("rule"), line.get("table"), line.get("partner"))
        for line in _lines(run.report or {}, "warnings")
    }
    raw = {line["table"]: line["rows"] for line in run.flow if line["station"] == RAW}
    now = {_rule_key(line): line["rows"] for line in run.rules}
    # A rule that hits nothing any more has moved, too.
    keys = [*now, *(key for key in former or () if run.rules and key not in now)]
    rows = [
        RuleRow(
            rule=key[0],
            table=key[1],
            partner=key[2],
            rows=now.get(key, 0),
            share=100 * now.get(key, 0) / raw[key[1]] if raw.get(key[1]) else None,
            jump=None if former is None else now.get(key, 0) - former.get(key, 0),
            is_warned=key in warned,
            meaning=rule_of(key[0]).meaning,
            drops=key[0] in RULES and rule_of(key[0]).drops,
        )
        for key in keys
    ]
    return sorted(
        rows, key=lambda row: (not row.is_warned, -abs(row.jump or 0), -row.rows, row.rule, row.table)
    )


def _rule_key(line: Json) -> tuple[str, str, str | None]:
    return line["rule"], line["table"], line["partner"]


def _steps(run: RecordedRun, before: Sequence[RecordedRun]) -> Iterator[StepRow]:
    alike = [one for one in before if (one.command, one.use_case) == (run.command, run.use_case)][: LAST - 1]
    longest = max((seconds or 0 for seconds in run.steps.values()), default=0)
    for name, seconds in run.steps.items():
        usual = [found for one in alike if (found := one.steps.get(name)) is not None]
        yield StepRow(
            name=name,
            seconds=seconds,
            usual=median(usual) if usual else None,
            share=round(100 * (seconds or 0) / longest, 1) if longest else 0.0,
        )


def _lines(report: Json, name: str) -> list[Json]:
    """The lines of a report; one that was cut has a word at its end."""
    found = report.get(name) or ()
    return [line for line in found if isinstance(line, dict)]


def _texts(found: object) -> list[str]:
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
