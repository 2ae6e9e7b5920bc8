"""sqlfluff reads the models with stand-ins for macros (`stand_ins.py`): faults of a model are still found."""

from pathlib import Path

from sqlfluff.core import FluffConfig, Linter

ROOT = Path(__file__).resolve().parents[2]

GOOD = """\
{{ config(enabled=partner_aktiv('etg24'), schema='partners') }}

with

flats as (
    select * from {{ ref('stg_erp__verwaltungseinheit') }}
),

sold as (
    select * from {{ ref('stg_erp__verwaltungseinheit') }}
),

{% for level in doubt_levels() %}
    {{ level }}_in_doubt as (
        {{ doubt_rows(level, 'sold', "'H1'", '_reason') }}
    ){{ ',' if not loop.last }}
{% endfor %}

select
    {{ composite_id('etg24', 'verwaltungseinheit', table='flats') }} as external_id,
    count(*) as owners
from flats
inner join {{ ref('stg_erp__eigentuemer') }} as owner
    on {{ same_key('verwaltungseinheit', 'flats', 'owner') }}
where {{ sendable('etg24', 'verwaltungseinheit', table='flats') }}
group by {{ record_key('verwaltungseinheit', table='flats') | join(', ') }}
"""


def faults(sql: str) -> set[str]:
    """The rules that this model breaks."""
    config = FluffConfig.from_path(str(ROOT / "models"))
    return {fault.rule_code() for fault in Linter(config).lint_string(sql).get_violations()}


def test_an_alias_and_a_cte_that_only_a_macro_reads_are_used() -> None:
    assert faults(GOOD) == set()
    assert faults(GOOD.replace("'sold', ", "'other', ")) == {"ST03"}
    assert faults(GOOD.replace("'flats', 'owner')", "'flats', 'flats')")) == {"AL05"}


def test_what_is_wrong_in_a_model_beside_its_macros_is_found() -> None:
    wrong = (
        GOOD.replace("group by {{", "GROUP BY {{")
        .replace("count(*) as owners", "count(*) owners")
        .replace("}} as owner\n", "}}  as owner\n")
        .replace("    select * from {{ ref('stg_erp__v", "  select * from {{ ref('stg_erp__v", 1)
        .replace(") }} as external_id,", ") }} as external_id ,")
    )
    assert faults(wrong) == {"CP01", "AL02", "LT01", "LT02"}


def test_what_sqlfluff_cannot_parse_and_a_macro_that_is_not_there_are_faults() -> None:
    assert "PRS" in faults(GOOD.replace("from flats\n", "from from flats\n"))
    assert "TMP" in faults(GOOD.replace("sendable(", "sendible("))
