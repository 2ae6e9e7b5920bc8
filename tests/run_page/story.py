"""Histories to look at: files of runs as a run writes them, with times and counts of our choice."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.history.run_file import FOLDER
from pipelines.versions import versions

Json = dict[str, Any]
BEGAN = datetime(2026, 11, 3, 4, 0, tzinfo=UTC)
COUNTED = (
    "in_mart", "created", "updated", "withdrawn", "unchanged", "rejected", "blocked", "pending", "held", "delivered",
    "seconds",
)  # fmt: skip
PARTNERS = {
    "etg24": ("objektgruppen", "objekte", "einheiten", "mietvertraege", "mieter"),
    "facilioo": ("projekte", "gebaeude", "einheiten", "parteien_mieter", "vertraege_mieter"),
    "plentific": ("objekte", "unterobjekte", "unterobjekte_mieter"),
    "kiwi": ("gebaeude", "einheiten"),
    "everreal": ("properties", "units", "leases", "owners"),
    "casavi": ("communities", "units", "users"),
    "pricehubble": ("wohnungen",),
    "quis": ("objekte", "wohnungen"),
    "aktivbo": ("apartments", "tenants"),
    "idwell": ("houses", "units", "users", "roles"),
    "immomio": ("gruppen", "objekte", "inserate"),
    "wohnungshelden": ("inserate",),
    "spiribo": ("gebaeude", "wohnungen", "vertraege", "mieter"),
    "dormakaba": ("sites", "contracts", "tenants"),
}
TABLES = {
    "wirtschaftseinheit": (
        61,
        ("objektgruppen", "projekte", "properties", "communities", "gruppen", "sites"),
    ),
    "gebaeude": (214, ("objekte", "gebaeude", "houses")),
    "mieter": (6_230, ("mieter", "parteien_mieter", "unterobjekte_mieter", "users", "tenants")),
    "mietvertrag": (
        7_412,
        ("mietvertraege", "vertraege_mieter", "leases", "vertraege", "contracts", "roles"),
    ),
    "eigentuemer": (480, ("owners",)),
    "leerstand": (190, ("inserate",)),
    "verwaltungseinheit": (4_812, ("einheiten", "unterobjekte", "units", "wohnungen", "apartments")),
}
DROPS = {
    "verwaltungseinheit": {"L2": 301, "L1": 64, "C6": 9, "C7": 4, "L3": 2},
    "mietvertrag": {"L4": 1_903, "L2": 40},
}


def at_time(moment: datetime, event: str, **values: Any) -> Json:
    return {"at": moment.isoformat(timespec="milliseconds"), "event": event, **values}


def write_run(
    home: Path,
    number: int,
    events: Sequence[Json] = (),
    *,
    at: datetime | None = None,
    command: str = "run",
    use_case: str | None = None,
    partners: Sequence[str] = (),
    exit: int | None = 0,
    message: str | None = None,
    seconds: float = 60.0,
) -> str:
    """The file of a run, that of a lost one where `exit` is None; returns its id."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    run_id = f"{number:012x}"
    begun = at or BEGAN + timedelta(days=number)
    lines = [at_time(begun, "begin", run_id=run_id, command=command, use_case=use_case, versions=versions())]
    if partners:
        lines.append(
            at_time(begun, "settings", digest="d", stichtag="2026-11-30", limited_to=partners, on=partners)
        )
    lines += [{"at": begun.isoformat(), **line} for line in events]
    if exit is not None:
        lines.append(at_time(begun, "end", exit=exit, message=message, seconds=seconds))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / f"{number:06}-{run_id}.jsonl").write_text(text, encoding="utf-8")
    return run_id


def noted(event: str, **values: Any) -> Json:
    return {"event": event, **values}


def entity(partner: str, name: str, **counts: float) -> Json:
    """A line of the closing table."""
    return {"partner": partner, "entity": name, **dict.fromkeys(COUNTED, 0), **counts}


def steps(**seconds: float | None) -> list[Json]:
    return [
        noted("step", name=name, **({} if value is None else {"seconds": value}))
        for name, value in seconds.items()
    ]


def report(**values: Any) -> Json:
    """The report of a run that told nothing but this."""
    return noted("report", load_id="20261130_050003", plan_id="9f1c0d27aa31", report=values)


def month(home: Path, runs: int = 22) -> str:
    """Some weeks of a site with all partners, in which much goes wrong at the end; returns the id of the last run."""
    chance = random.Random(4)
    of_table = {name: table for table, (_, names) in TABLES.items() for name in names}
    sizes = {table: rows for table, (rows, _) in TABLES.items()}
    refused = {("etg24", "mieter"): 12, ("idwell", "users"): 4, ("facilioo", "parteien_mieter"): 1}
    run_id = ""
    for number in range(1, runs + 1):
        is_last = number == runs
        lines, flow, states, result = [], [], [], []
        for table in sizes:
            sizes[table] += chance.choice((-3, -1, 0, 0, 1, 2, 4))
            drops = DROPS.get(table, {"L1": 3})
            flow.append({"station": "raw", "table": table, "rule": None, "rows": sizes[table]})
            flow += [
                {"station": "dropped", "table": table, "rule": rule, "rows": n} for rule, n in drops.items()
            ]
            living = sizes[table] - sum(drops.values())
            flow.append({"station": "living", "table": table, "rule": None, "rows": living})
        for place, (partner, names) in enumerate(PARTNERS.items()):
            is_off = (partner == "kiwi" and number < runs - 5) or (partner == "quis" and is_last)
            if is_off:
                continue
            is_kept = is_last and partner in ("casavi", "plentific")
            for name in names:
                table = of_table[name]
                living = sizes[table] - sum(DROPS.get(table, {"L1": 3}).values())
                rows = living if place < 3 else living * (13 - place % 5) // 16
                bad = refused.get((partner, name), 0) if number > runs - 4 else 0
                held = 7 if (partner, name) == ("everreal", "leases") else 0
                blocked = 3 * bad if name in ("mieter", "users") else 0
                made = rows if number == 1 else chance.randrange(9)
                flow.append(
                    {"station": "mart", "table": table, "partner": partner, "entity": name, "rows": rows}
                )
                there = rows - bad - blocked
                for state, reason, count in (
                    ("synced", None, there), ("rejected", "email_refused", bad), ("blocked", "parent_missing", blocked),
                    ("held", "H1", held),
                ):  # fmt: skip
                    if count:
                        states.append(
                            {
                                "partner": partner,
                                "entity": name,
                                "state": state,
                                "reason": reason,
                                "rows": count,
                            }
                        )
                if not is_kept:
                    changed = made // 2 if number > 1 else 0
                    lines.append(
                        entity(
                            partner, name, in_mart=rows, created=made - changed, updated=changed,
                            withdrawn=chance.randrange(3), unchanged=max(there - made - held, 0), rejected=bad,
                            blocked=blocked, held=held, seconds=chance.random() * 4,
                        )
                    )  # fmt: skip
            what = {
                "casavi": ("guard", "withdraw"),
                "plentific": ("failure", "valid_plentific__unterobjekte"),
            }
            kind, why = what[partner] if is_kept else ("pushed", None)
            if is_last and partner == "immomio":
                kind, why = "stopped", "the partner answered 503 to 5 requests in a row; given up after 120 s"
            result.append({"partner": partner, "result": kind, "why": why})
        rules = [
            {
                "rule": rule,
                "table": table,
                "partner": None,
                "rows": rows + (40 if is_last and rule == "L2" else 0),
            }
            for table, drops in DROPS.items()
            for rule, rows in drops.items()
        ]
        rules += [
            {
                "rule": "E2",
                "table": "mieter",
                "partner": None,
                "rows": 811 + (312 if is_last else number % 3),
            },
            {"rule": "E6", "table": "verwaltungseinheit", "partner": "spiribo", "rows": 388 + number % 2},
            {"rule": "C4", "table": "kontaktweg", "partner": None, "rows": 96},
            {"rule": "C9", "table": "verwaltungseinheit", "partner": None, "rows": 5},
        ]
        told: Json = {"notes": [], "load": {}}
        if is_last:
            told |= {
                "guards": [
                    {
                        "partner": "casavi", "guard": "withdraw", "entity": "units",
                        "message": "withdraw: 610 of 3,333 units would be withdrawn (18 %), at most 5 % may be",
                    }
                ],
                "failures": [
                    {"partner": "plentific", "node": "valid_plentific__unterobjekte", "status": "fail"}
                ],
                "warnings": [{"rule": "E2", "table": "mieter", "partner": None}],
                "notes": ["etg24 mieter: 4 without phone, which was refused as taken by another record there"],
            }  # fmt: skip
        run_id = write_run(
            home,
            number,
            [
                noted("settings", digest="378f35a48f359c63", stichtag="2026-11-30"),
                *steps(
                    check=3.2, load=41.5 + number % 4, build=212.0 + 5 * (number % 3), recover=0.4, plan=9.1
                ),
                *steps(push=871.0 if is_last else 184.0 + number, tidy=1.2),
                noted("rules", lines=rules),
                noted("flow", lines=flow),
                noted("states", lines=states),
                noted("requests", lines=[{"partner": "etg24", "entity": "mieter", "requests": 31}]),
                noted("entities", lines=lines),
                noted("partners", lines=result),
                report(**told),
            ],
            exit=1 if number > runs - 4 else 0,
            seconds=1_140.0 if is_last else 452.0 + number,
        )
    return run_id
