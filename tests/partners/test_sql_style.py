"""Every model reads alike, and the rules that are macros hold (`dbt build` runs these tests of dbt, too)."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import PROJECT, failures

MODELS = sorted((PROJECT / "models").rglob("*.sql"))
MARTS = [path for path in MODELS if path.parent.parent == PROJECT / "models/partners"]


@pytest.mark.parametrize("folder", ["intermediate", "partners"])
def test_a_model_ends_in_select_all_from_its_last_step(folder: str) -> None:
    others = []
    for path in (PROJECT / "models" / folder).rglob("*.sql"):
        text = path.read_text(encoding="utf-8")
        steps = re.findall(r"^ {0,4}(\w+|\{\{ \w+ \}\}\w+) as \($", text, re.MULTILINE)
        if not steps or not text.endswith(f"\n)\n\nselect * from {steps[-1]}\n"):
            others.append(path.name)
    assert others == []


def test_no_mart_says_what_its_folder_says() -> None:
    """`dbt_project.yml` has schema and contract of each partner's folder; a finding lies in a schema of its own."""
    configs = {path.stem: path.read_text(encoding="utf-8").partition("}}")[0] for path in MARTS}
    assert [name for name, config in configs.items() if "schema='partners'" in config] == []
    assert [name for name, config in configs.items() if "{'enforced': true}" in config] == []


def test_the_folder_of_each_partner_is_configured() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    folders = project["models"]["stammdaten"]
    for partner in sorted({path.parent.name for path in MARTS}):
        assert folders[partner]["+schema"] == "partners"
        assert folders[partner]["+contract"] == {"enforced": True}


def test_rules_that_are_macros_hold(dbt: Any) -> None:
    rules = sorted(path.stem for path in Path(PROJECT / "tests/rules").glob("*.sql"))
    done = dbt("test", "--select", "path:tests/rules", vars={"partners": {}})
    assert done.success, failures(done)
    assert sorted(entry.node.name for entry in done.result if entry.node.resource_type == "test") == rules
