"""The pages of the partners are what models and contracts say."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.contract.contract import load_contract, partners
from pipelines.erp.delivery.schema import Column, tables
from pipelines.errors import StammdatenError
from pipelines.pages.all import between_marks, pages
from pipelines.pages.erp import erp_tables, kind_of_column
from pipelines.pages.lines import lines_table
from pipelines.pages.markdown import table
from pipelines.pages.models import read_models
from pipelines.pages.partner import page
from pipelines.pages.types import kind
from pipelines.settings import project_root

HOW = "run: python -m pipelines.pages"


def test_the_pages_are_what_the_command_writes() -> None:
    for name, text in pages().items():
        file = project_root() / name
        assert file.is_file(), f"{name}: {HOW}"
        assert file.read_text(encoding="utf-8") == text, f"{name}: {HOW}"


def test_there_is_no_page_of_a_partner_that_is_gone() -> None:
    found = {file.stem for file in (project_root() / "docs" / "partners").glob("*.md")}
    assert found == set(partners())


@pytest.mark.parametrize("partner", partners())
def test_every_column_of_a_mart_is_explained_or_a_reference(partner: str) -> None:
    text, contract = page(partner), load_contract(partner)
    for name, mart in read_models(partner).marts.items():
        if name not in contract.entities:
            continue
        for column, description in mart.columns.items():
            assert description.strip(), f"{mart.name}.{column} has no description"
            if column in contract.schema(name, "create")["properties"]:
                assert f"| `{column}` |" in text


def test_assumed_values_are_a_question_though_their_field_is_documented() -> None:
    text = page("facilioo")
    assert "- [ ] `contactTypeId`: are these its values: integer? Id of a kind of contact" in text
    assert "- [ ] `contactTypeId`: integer? " not in text
    assert "- [ ] Is `in_flight: 4` within the limits?" in page("everreal")
    assert "| documented, values assumed | ref-contact-details |" in text


def test_a_field_is_shown_with_type_source_and_confidence() -> None:
    lines = page("etg24").splitlines()
    assert (
        "| `validFrom` | string (date) | yes | mietvertrag.mietbeginn. | documented, values assumed | paper |"
        in lines
    )
    assert (
        "| `objectId` | string | yes | The partner's id of: Objekt. Its Gebäude. | assumed | proposal |"
        in lines
    )
    assert "| `address.houseNumber` | string | no |  | assumed | proposal |" in lines


def test_what_the_partner_knows_and_does_not_get_is_named() -> None:
    assert "Never sent: `userAccess`." in page("etg24")
    assert "Not in the ERP: `coreRenovatedOn`, `heatingDatedOn`, `heatingType`." in page("etg24")


def test_withdrawal_adoption_and_order_are_shown() -> None:
    text = page("etg24")
    assert "| `mietvertraege` | `validTo` is set to the key date, unless it ends earlier | A contract" in text
    assert "| `einheiten` | `extId` | `id` |  | `objectId`, `number` |" in text
    assert "| 3 | `einheiten` | Einheit | Verwaltungseinheit | living VE (L1, L2)" in text
    assert "| `einheiten` | it is detached (`deleteUnit`) |" in page("everreal")
    assert (
        "| `objektgruppen` | `externalId` | `id` | `exposes` | `customId` | the list is read once |"
        in page("quis")
    )


def test_settings_are_shown_with_default_and_choice() -> None:
    text = page("everreal")
    assert (
        "| `partners.everreal.kosten_standard` | `Nebenkosten` | Kaltmiete, Nebenkosten, Heizungskosten |"
        in text
    )
    assert "| `partners.everreal.standard_eigentuemer` | `null` | text or null |" in text
    assert "firma_vorname: first name\nof a company." in text
    assert "| `DESTINATION__EVERREAL__CLIENT_SECRET` | required |  |" in text
    assert "Limits (documented): requests at a time: 4 (assumed), requests a minute: 300." in text


@pytest.mark.parametrize("partner", partners())
def test_every_assumed_path_and_field_is_a_question(partner: str) -> None:
    text, contract = page(partner), load_contract(partner)
    asked = text.count("- [ ]")
    for path, item in contract.document["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            level = item.get(method, {}).get("x-confidence")
            assert (f"- [ ] `{method.upper()} {path}`:" in text) is (level in ("assumed", "observed"))
    assert asked >= _marked(contract.document["components"]["schemas"], "assumed")


def test_a_graphql_schema_is_asked_about_too() -> None:
    text = page("everreal")
    assert "**Queries**\n\n- [ ] `owners(input: OwnerFilterListPaging)`: [Owner]?" in text
    assert "`upsertUnit" not in text.split("## Before going live")[1]  # documented


def test_what_was_observed_is_folded_away() -> None:
    text = page("facilioo").split("## Before going live")[1]
    before, folded = text.split("<details>")
    assert re.match(r"\n<summary>Observed, please confirm \(\d+\)</summary>\n", folded)
    sources = (project_root() / "pipelines/partners/facilioo/contract.yaml").read_text(encoding="utf-8")
    assert "x-confidence: observed" in sources
    assert before.count("- [ ]") > 50


def test_a_cell_keeps_its_bars_and_an_empty_column_goes() -> None:
    assert table(("a", "b", "c"), [("1|2", "", "x\ny"), ("3", "", "z")]) == [
        "| a | c |",
        "| --- | --- |",
        "| 1\\|2 | x y |",
        "| 3 | z |",
    ]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": ["string", "null"], "format": "date"}, "string (date)"),
        ({"type": "string", "enum": ["a", "b", None], "maxLength": 7}, "string, at most 7 characters: a, b"),
        ({"type": "number", "minimum": 10, "maximum": 800}, "number, 10 to 800"),
        ({"type": "array", "items": {"type": "integer"}}, "list of integer"),
        ({"oneOf": [{"type": "object", "properties": {}}, {"type": "null"}]}, "object"),
        ({"const": "DE"}, "any: DE"),
    ],
)
def test_a_schema_in_a_few_words(schema: dict[str, Any], words: str) -> None:
    assert kind(schema) == words


def test_a_column_of_the_erp_is_shown_with_type_and_meaning_key_and_person() -> None:
    lines = erp_tables()
    gebaeude = lines[lines.index("### gebaeude") : lines.index("### verwaltungseinheit")]
    assert gebaeude[2] == "File required. Key: `mandant_nr`, `we_nr`, `gebaeude_nr`."
    assert "| `denkmalschutz` | boolean | listed building |" in gebaeude
    assert "| **`gebaeude_nr`** | text | number of the building |" in gebaeude
    assert "| `energie_kennwert` | decimal(10, 2) | kWh per m² and year |" in gebaeude
    assert "| `baujahr_zahl` | integer | `baujahr` as a number, where it is a year (C3) |" in gebaeude
    assert "| `vorname` | text | first name ¹ |" in lines
    assert "| `groesse_bytes` | integer | size in bytes |" in lines
    assert "File required; `uts_karthago` has none. Key: `mandant_nr`, `we_nr`." in lines
    assert len([line for line in lines if line.startswith("| `geladen_am` | timestamp | loaded, UTC")]) == 1


def test_the_erp_s_page_has_every_table_and_column() -> None:
    text = "\n".join(erp_tables())
    for name, one in tables().items():
        assert f"\n### {name}\n" in text
        assert all(f"`{column}`" in text for column in one.columns), name


def test_a_type_that_no_page_knows_is_named() -> None:
    with pytest.raises(StammdatenError, match=r"neu: unknown type 'boolean'; write meta: \{typ: …\}"):
        kind_of_column(Column("neu", "boolean", "new", is_personal=False))


def test_lines_between_the_marks_are_replaced_and_nothing_else() -> None:
    begin, end = "<!-- made by python -m pipelines.pages -->", "<!-- end -->"
    text = f"# Title\n\n{begin}\nold\n{end}\n\nrest\n"
    made = between_marks(text, ["new"], "x.md")
    assert made == f"# Title\n\n{begin}\n\nnew\n\n{end}\n\nrest\n"
    assert between_marks(made, ["new"], "x.md") == made
    with pytest.raises(StammdatenError, match=r"x\.md: the lines"):
        between_marks(text.replace(end, ""), ["new"], "x.md")


def test_lines_are_counted_without_empty_ones() -> None:
    (etg24,) = [line for line in lines_table() if line.startswith("| etg24 ")]
    connector = Path(project_root() / "pipelines/partners/etg24/__init__.py").read_text(encoding="utf-8")
    assert f" {len([line for line in connector.splitlines() if line])} " in etg24
    assert [line.split()[1] for line in lines_table()[2:]] == partners()


def _marked(value: Any, level: str) -> int:
    """How many fields in a contract's schemas carry a mark."""
    if isinstance(value, dict):
        return (value.get("x-confidence") == level) + sum(_marked(part, level) for part in value.values())
    return sum(_marked(part, level) for part in value) if isinstance(value, list) else 0
