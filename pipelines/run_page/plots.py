"""Where the lines and bars of a plot lie, in units of its own; the templates draw them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from pipelines.explain.rules import rule_of
from pipelines.history.run_file import Json
from pipelines.history.stations import DROPPED, LIVING, MART, RAW

SPARK_WIDTH, SPARK_HEIGHT, SPARK_BARS = 120, 19, 7
# A change of less than so much of the largest value is drawn as small as it is.
LEAST_RANGE = 0.05


@dataclass(frozen=True)
class Spark:
    """Counts of some runs as a line, and below it as bars what was not delivered; `last` is the dot at its end."""

    points: str
    last: tuple[float, float] | None
    bars: tuple[tuple[float, float, float, float], ...]
    text: str


def spark(values: Sequence[int | None], undelivered: Sequence[int | None] = ()) -> Spark | None:
    """The last one at the right; None in it: no such count in that run. None where there is nothing to draw."""
    known = [value for value in values if value is not None]
    if len(values) < 2 or not known:
        return None
    low, high = min(known), max(known)
    span = max(high - low, high * LEAST_RANGE, 1)
    middle = (low + high) / 2
    step = SPARK_WIDTH / max(len(values) - 1, 1)
    top, bottom = 3, SPARK_HEIGHT - 3

    def place(at: int, value: int) -> tuple[float, float]:
        x = SPARK_WIDTH - step * (len(values) - 1 - at)
        return round(x, 1), round((top + bottom) / 2 - (value - middle) / span * (bottom - top), 1)

    dots = [place(at, value) for at, value in enumerate(values) if value is not None]
    most = max((value or 0 for value in undelivered), default=0)
    width = min(step * 0.7, 6)
    bars = []
    for at, value in enumerate(undelivered):
        if value:
            x = SPARK_WIDTH - step * (len(undelivered) - 1 - at)
            height = max(value / most * SPARK_BARS, 1.5)
            lies = SPARK_HEIGHT + SPARK_BARS - height
            bars.append((round(x - width / 2, 1), round(lies, 1), round(width, 1), round(height, 1)))
    return Spark(
        points=" ".join(f"{x:g},{y:g}" for x, y in dots) if len(dots) > 1 else "",
        last=dots[-1] if values[-1] is not None else None,
        bars=tuple(bars),
        text=_in_words(known, low, high, undelivered),
    )


def _in_words(known: Sequence[int], low: int, high: int, undelivered: Sequence[int | None]) -> str:
    if len(known) == 1:
        text = f"{known[0]:,} in one run"
    elif low == high:
        text = f"{low:,} in each of {len(known)} runs"
    else:
        text = f"{len(known)} runs: from {known[0]:,} to {known[-1]:,}, lowest {low:,}, highest {high:,}"
    if undelivered and any(undelivered):
        most = max(value or 0 for value in undelivered)
        text += f"; not delivered in the last one {undelivered[-1] or 0:,}, at most {most:,}"
    return text


@dataclass(frozen=True)
class Part:
    """A piece of a bar: where it begins, how long it is, and what it is."""

    tone: str
    word: str
    rows: int
    x: float
    width: float


def bar(
    parts: Sequence[tuple[str, str, int]], whole: int | None = None, length: float = 100
) -> tuple[Part, ...]:
    """Tone, word and rows side by side; what is there at all can be seen. `whole`: rows that the length stands for."""
    whole = whole or sum(rows for _, _, rows in parts)
    least = length / 100
    x, found = 0.0, []
    for tone, word, rows in parts:
        if rows > 0:
            width = max(rows / max(whole, rows) * length, least)
            found.append(Part(tone, word, rows, round(x, 1), round(width, 1)))
            x += width
    shrink = min(length / x, 1) if x else 1
    return tuple(
        Part(p.tone, p.word, p.rows, round(p.x * shrink, 1), round(p.width * shrink, 1)) for p in found
    )


# What a housing company counts by.
UNITS = "verwaltungseinheit"
# The picture of one ERP table, from left to right: what came in, what lives or was dropped, what became of it.
NODE, DROP_X, LIVING_X, LANE_X, LANE_LENGTH = 12, 130, 420, 556, 160
TOP, FLOW_HEIGHT, DROP_SLOT, LANE_SLOT = 22, 132, 32, 26


# Signs of a partner's and an entity's name that fit before the bar.
LONGEST_LABEL = 28


@dataclass(frozen=True)
class Ribbon:
    """A band between two stations; `path` is what SVG draws."""

    path: str
    tone: str
    text: str


@dataclass(frozen=True)
class Dropped:
    """Rows that a rule kept from going on, and where their stub lies."""

    rule: str
    rows: int
    meaning: tuple[str, ...]
    y: float
    height: float


@dataclass(frozen=True)
class Lane:
    """What became of a table's living rows at one entity of a partner."""

    partner: str
    entity: str
    label: str
    in_mart: int
    y: float
    parts: tuple[Part, ...]
    left_out: int


@dataclass(frozen=True)
class Flow:
    """The way of one ERP table's rows to the partners."""

    table: str
    raw: int
    living: int
    height: float
    raw_height: float
    living_height: float
    ribbons: tuple[Ribbon, ...]
    dropped: tuple[Dropped, ...]
    lanes: tuple[Lane, ...]


Outcomes = Mapping[tuple[str, str], Sequence[tuple[str, str, int]]]


def flows(lines: Sequence[Json], outcomes: Outcomes) -> list[Flow]:
    """One for each table that a mart is made from: units, then what most is made from.

    `outcomes`: by entity, tone, word and rows.
    """
    tables = {line["table"] for line in lines if line["station"] == MART}
    found = [_flow(table, [line for line in lines if line["table"] == table], outcomes) for table in tables]
    return sorted(
        (flow for flow in found if flow.lanes),
        key=lambda flow: (flow.table != UNITS, -len(flow.lanes), flow.table),
    )


def _flow(table: str, lines: Sequence[Json], outcomes: Outcomes) -> Flow:
    raw = sum(line["rows"] for line in lines if line["station"] == RAW)
    living = sum(line["rows"] for line in lines if line["station"] == LIVING)
    drops = [(str(line["rule"]), line["rows"]) for line in lines if line["station"] == DROPPED]
    scale = FLOW_HEIGHT / raw if raw else 0.0
    living_height = _at_least(living * scale, living)
    dropped, ribbons = [], []
    from_y, y = TOP + living * scale, TOP + living_height + (18 if living else 0)
    if living:
        ribbons.append(
            Ribbon(_band(NODE, TOP, living * scale, LIVING_X, TOP, living_height), "flow", f"{living:,} live")
        )
    for rule, rows in drops:
        height = _at_least(rows * scale, rows)
        dropped.append(Dropped(rule, rows, _wrapped(rule), round(y, 1), round(height, 1)))
        ribbons.append(
            Ribbon(
                _band(NODE, from_y, rows * scale, DROP_X, y, height),
                "drop",
                f"{rows:,} kept back by {rule}",
            )
        )
        from_y += rows * scale
        y += max(height + 8, DROP_SLOT)
    marts = [line for line in lines if line["station"] == MART]
    lanes = tuple(_lane(line, place, living, outcomes) for place, line in enumerate(marts))
    for place, lane in enumerate(lanes):
        share = living_height / len(lanes)
        thick = min(max(share * 0.6, 1), 10)
        begins = TOP + share * (place + 0.5) - thick / 2
        if living and lane.in_mart:
            path = _band(LIVING_X + NODE, begins, thick, LANE_X - 8, lane.y + 2, 8)
            ribbons.append(Ribbon(path, "flow", f"{lane.in_mart:,} to {lane.partner} {lane.entity}"))
    return Flow(
        table=table,
        raw=raw,
        living=living,
        height=max(y, TOP + FLOW_HEIGHT, TOP + LANE_SLOT * len(lanes)) + 8,
        raw_height=round(_at_least(raw * scale, raw), 1),
        living_height=round(living_height, 1),
        ribbons=tuple(ribbons),
        dropped=tuple(dropped),
        lanes=lanes,
    )


def _lane(line: Json, place: int, living: int, outcomes: Outcomes) -> Lane:
    entity = (line["partner"], line["entity"])
    parts = outcomes.get(entity, ())
    rows = line["rows"]
    left_out = max(living - rows, 0)
    known = sum(number for _, _, number in parts)
    unsent = [("unsent", "not sent yet", rows - known)] if rows > known else []
    whole = max(living, rows, known)
    return Lane(
        partner=entity[0],
        entity=entity[1],
        label=shortened(entity[1], LONGEST_LABEL - len(entity[0])),
        in_mart=rows,
        y=TOP + LANE_SLOT * place,
        parts=bar([*parts, *unsent, ("none", "not for this partner", left_out)], whole, LANE_LENGTH),
        left_out=left_out,
    )


def shortened(name: str, most: int) -> str:
    """A name that has no more signs than fit; the table beside the picture has all of it."""
    most = max(most, 4)
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _wrapped(rule: str) -> tuple[str, ...]:
    """What the rule says, in lines that fit beside its stub: the first one begins behind its number."""
    return tuple(wrap(rule_of(rule).meaning, 42, initial_indent=" " * 12)) or ("",)


def _at_least(height: float, rows: int) -> float:
    return max(height, 2.0) if rows else 0.0


def _band(x: float, y: float, thick: float, to_x: float, to_y: float, to_thick: float) -> str:
    """A band whose upper edge goes from one point to the other, as SVG writes it."""
    middle = (x + to_x) / 2
    up, down = round(y, 1), round(y + max(thick, 0.5), 1)
    to_up, to_down = round(to_y, 1), round(to_y + max(to_thick, 0.5), 1)
    return (
        f"M{x:g},{up:g}C{middle:g},{up:g} {middle:g},{to_up:g} {to_x:g},{to_up:g}V{to_down:g}"
        f"C{middle:g},{to_down:g} {middle:g},{down:g} {x:g},{down:g}Z"
    )
