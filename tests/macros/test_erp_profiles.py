"""The profiles of the ERPs: one list for dbt and for the loader."""

import json
from collections.abc import Callable

import pytest

from pipelines.erp.delivery.schema import erps_without, profile, profiles, tables

ERPS = ["wodis_sigma", "wodis_yuneo", "gap_immotion", "relion", "sap_blue_eagle", "uts_karthago"]


def test_dbt_and_the_loader_read_the_same_profiles(render_sql: Callable[..., str]) -> None:
    in_dbt = json.loads(render_sql("{{ erp_profiles() | tojson }}"))
    assert set(in_dbt) == set(profiles()) == set(ERPS)
    for erp, facts in in_dbt.items():
        assert profiles()[erp].tables_absent == set(facts["tables_absent"])
        assert profiles()[erp].parts_absent == set(facts["parts_absent"])
        assert profiles()[erp].parts_optional == set(facts["parts_optional"])
        assert facts["floor"] == ("text" if erp == "wodis_sigma" else "number")
        assert facts["release"] == ("folder" if erp == "uts_karthago" else "document")
        assert facts["mandanten"] == ("alle" if erp == "uts_karthago" else "list")


def test_every_name_in_a_profile_is_a_table_or_a_part_of_a_key() -> None:
    parts = {column for table in tables().values() for column in table.key}
    for facts in profiles().values():
        assert facts.tables_absent <= set(tables())
        assert facts.parts_absent | facts.parts_optional <= parts


@pytest.mark.parametrize(
    ("erp", "table", "expected"),
    [
        ("wodis_sigma", "verwaltungseinheit", ("mandant_nr", "we_nr", "gebaeude_nr", "ve_nr")),
        ("sap_blue_eagle", "verwaltungseinheit", ("mandant_nr", "we_nr", "ve_nr")),
        ("relion", "mietvertrag", ("mandant_nr", "we_nr", "ve_nr", "mv_nr")),
        ("uts_karthago", "verwaltungseinheit", ("mandant_nr", "gebaeude_nr", "ve_nr")),
        ("sap_blue_eagle", "gebaeude", ("mandant_nr", "we_nr", "gebaeude_nr")),
        ("uts_karthago", "gebaeude", ("mandant_nr", "gebaeude_nr")),
        ("uts_karthago", "wirtschaftseinheit", ()),
        ("several", "gebaeude", ("mandant_nr", "we_nr", "gebaeude_nr")),
    ],
)
def test_a_delivery_needs_the_key_columns_that_its_erp_has(
    erp: str, table: str, expected: tuple[str, ...]
) -> None:
    assert tables()[table].required_columns(erp) == expected


def test_only_uts_karthago_does_without_the_file_of_wirtschaftseinheiten() -> None:
    assert [erp for erp in ERPS if not tables()["wirtschaftseinheit"].is_required(erp)] == ["uts_karthago"]
    assert profile("several").tables_absent == frozenset()


def test_the_own_number_of_a_row_may_never_be_empty() -> None:
    assert erps_without(tables()["gebaeude"], "gebaeude_nr") == ()
    assert erps_without(tables()["mieter"], "gebaeude_nr") == ("relion", "sap_blue_eagle")
    assert erps_without(tables()["mietvertrag_ve"], "ve_we_nr") == ("uts_karthago",)
