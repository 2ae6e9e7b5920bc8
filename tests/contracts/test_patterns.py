"""A pattern of a contract says the same in each of its readers: Python, DuckDB, and as OpenAPI means it (ECMA-262)."""

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from regress import Regex

from pipelines.contract.contract import built_in_partners, load_contract

# Letters of many scripts, digits, signs, a tab, and values as partners get them. No line break: at the end of a text,
# Python alone sees a further end before it.
PROBES = (
    *"aZzäöüßÄÉñøŁşİαЖאب王あ한0١9_-&;/.+()!\"#$%'*,:<=>?@[\\]^`{|}~§²µªº×÷€–“\t",
    *(
        "Ünal",
        "Jördis",
        "Großmann-Ährenfeld",
        "Çelik & Søn",
        "anna@example.org",
        "a@b",
        "jörg@müller.example",
    ),
    *("+4930123456", "+49 30", "030 123", "DE", "de", "D3", "0f" * 16, "0F" * 16, "2026-11-30", "12:30", ""),
)


def patterns() -> Iterator[tuple[str, str]]:
    for partner in built_in_partners():
        yield from ((partner, pattern) for pattern in sorted(set(_patterns(load_contract(partner).document))))


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        for value in node.values():
            yield from _patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from _patterns(value)


@pytest.mark.parametrize(("partner", "pattern"), list(patterns()))
def test_a_pattern_says_the_same_in_each_of_its_readers(partner: str, pattern: str) -> None:
    ecma = Regex(pattern)
    with duckdb.connect() as db:
        said = {
            probe: (
                re.search(pattern, probe) is not None,
                ecma.find(probe) is not None,
                db.execute("select regexp_matches(?, ?)", [probe, pattern]).fetchone() == (True,),
            )
            for probe in PROBES
        }
    assert {probe: answers for probe, answers in said.items() if len(set(answers)) > 1} == {}
    assert any(answers[0] for answers in said.values()), f"{partner}: no probe matches"
