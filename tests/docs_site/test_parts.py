"""What the site of the docs is made of, without building it: links, rules with their evidence, lines to the fields."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pipelines.contract.contract import built_in_partners, load_contract
from pipelines.docs_site.__main__ import main
from pipelines.docs_site.build import add_docs, add_rules, build
from pipelines.docs_site.drawing import fields_table, picture
from pipelines.docs_site.lineage import Lineage, lineage
from pipelines.docs_site.rules import evidence, read_rules, sql_files, unit_tests
from pipelines.docs_site.stage import Stage, groups, outside_code
from pipelines.errors import StammdatenError
from pipelines.pages.models import read_models
from pipelines.settings import project_root

RULES = read_rules((project_root() / "docs/rules.md").read_text(encoding="utf-8"))


def model(name: str, *above: str, kind: str = "model") -> dict[str, Any]:
    return {
        "name": name,
        "unique_id": name,
        "resource_type": kind,
        "original_file_path": f"models/{name}.sql",
        "depends_on": {"nodes": list(above)},
    }


@pytest.fixture
def drawn() -> Lineage:
    """The Einheiten of etg24, as if they were made from a step, two ERP tables and a list."""
    nodes = [
        model("etg24__einheiten", "int_step", "stg_erp__gebaeude", "ve_arten"),
        model("int_step", "stg_erp__verwaltungseinheit"),
        model("stg_erp__verwaltungseinheit", "base_erp__verwaltungseinheit"),
        model("stg_erp__gebaeude", "base_erp__gebaeude"),
        model("ve_arten", kind="seed"),
    ]
    contract, marts = load_contract("etg24"), read_models("etg24").marts
    manifest = {"nodes": {node["name"]: node for node in nodes}, "sources": {}}
    return lineage(manifest, contract, contract.entities["einheiten"], marts["einheiten"])


def test_every_link_of_the_docs_leads_to_a_file_of_the_project(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    add_docs(stage)
    add_rules(stage)
    stage.write()
    assert (tmp_path / "docs/rules/c1.md").is_file()
    assert (tmp_path / "source/macros/clean_text.sql.md").is_file()
    assert "](../source/seeds/woerter.csv.md)" in (tmp_path / "docs/rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["gone.md", "../gone.sql", "gone/"])
def test_a_link_to_nothing_is_named_with_its_page(tmp_path: Path, target: str) -> None:
    stage = Stage(tmp_path)
    stage.add("docs/page.md", f"See [there]({target}).")
    with pytest.raises(StammdatenError, match=r"^docs/page\.md: the link to .*gone.* leads nowhere$"):
        stage.write()


def test_a_link_in_code_is_no_link_and_one_around_code_is(tmp_path: Path) -> None:
    text = "`[a](gone.md)` and\n```\n[b](gone.md)\n```\n[`c`](here.md)\n"
    assert outside_code(text, lambda part: part.replace("here.md", "there.md")) == text.replace(
        "here", "there"
    )
    stage = Stage(tmp_path)
    stage.add("docs/page.md", text)
    stage.add("docs/here.md", "Here")
    stage.write()


def test_links_of_a_text_that_moved_lead_where_they_did(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("docs/rules.md", "# C1\n")
    stage.add("docs/rules/c1.md", "[a](#c1) [b](../seeds/woerter.csv) [c](rules.md#c1)", "docs/rules.md")
    stage.write()
    moved = (tmp_path / "docs/rules/c1.md").read_text(encoding="utf-8")
    assert moved == "[a](../rules.md#c1) [b](../../source/seeds/woerter.csv.md) [c](../rules.md#c1)"


def test_every_rule_has_a_place_where_it_is_carried_out() -> None:
    files, tests = sql_files(), unit_tests()
    assert len(RULES) > 40
    assert {"EV1", "EV4", "AB2", "SB1"} <= {rule.number for rule in RULES if rule.is_entry}
    nowhere = [
        rule.number for rule in RULES if not (found := evidence(rule, files, tests)).named + found.others
    ]
    assert nowhere == []


def test_a_rule_names_its_macros_tests_and_findings() -> None:
    (rule,) = [rule for rule in RULES if rule.number == "E3"]
    found = evidence(rule, sql_files(), unit_tests())
    assert "models/intermediate/int_personen.sql" in found.named
    assert "e3_the_first_valid_address_wins_the_main_one_before_all" in [test.name for test in found.tests]
    assert not next(rule for rule in RULES if rule.number == "I4").has_findings


def test_every_unit_test_is_of_a_rule_that_is_written_down() -> None:
    numbers = {rule.number for rule in RULES}
    assert {test.name: test.rules - numbers for test in unit_tests() if test.rules - numbers} == {}
    assert [test.name for test in unit_tests() if f"  - name: {test.name}\n" not in test.text] == []


def test_a_field_is_drawn_from_its_erp_tables(drawn: Lineage) -> None:
    assert {name: node.kind for name, node in drawn.nodes.items()} == {
        "etg24__einheiten": "model",
        "int_step": "model",
        "gebaeude": "erp",
        "verwaltungseinheit": "erp",
        "ve_arten": "list",
    }
    assert [drawn.depth(name) for name in ("verwaltungseinheit", "int_step", "etg24__einheiten")] == [0, 1, 2]
    fields = {field.name: field for field in drawn.fields}
    assert fields["extId"].columns == ("external_id",)
    assert fields["objectId"].columns == ("objekte_external_id",)
    assert fields["area"].erp_columns == ("verwaltungseinheit.wohnflaeche",)


def test_the_picture_is_xml_with_a_name_and_links_that_need_no_script(drawn: Lineage) -> None:
    svg = ElementTree.fromstring("\n".join(picture(drawn, lambda node: f"x.html#{node.name}", "one")))  # noqa: S314
    texts = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {"verwaltungseinheit", "int_step", "etg24__einheiten", "extId", "area"} <= set(texts)
    links = [link.get("href") for link in svg.iter("{http://www.w3.org/2000/svg}a")]
    assert sorted(links) == sorted(f"x.html#{name}" for name in drawn.nodes)
    assert not list(svg.iter("{http://www.w3.org/2000/svg}script"))
    rows = fields_table(drawn, lambda node: None)
    assert any(row.startswith("| `area` | `area` | `verwaltungseinheit.wohnflaeche` |") for row in rows)


@pytest.mark.parametrize("partner", built_in_partners())
def test_every_column_of_a_mart_becomes_a_field_or_is_our_own(partner: str) -> None:
    contract, marts = load_contract(partner), read_models(partner).marts
    for name, entity in contract.entities.items():
        node = model(marts[name].name)
        found = lineage({"nodes": {node["name"]: node}, "sources": {}}, contract, entity, marts[name])
        properties = contract.schema(name, "create")["properties"]
        assert {field.name for field in found.fields} >= set(marts[name].columns) & set(properties)


def test_a_page_that_nobody_placed_stands_under_the_last_caption() -> None:
    assert groups(["b", "new", "a"], {"First": ("a", "gone", "b")}, "More") == {
        "First": ["a", "b"],
        "More": ["new"],
    }


def test_a_folder_with_something_else_in_it_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StammdatenError, match="is no site of these docs"):
        build(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_command_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "target/site" in capsys.readouterr().out
    assert main(["a", "b"]) == 2
