{% macro id_konflikte(partner, id) -%}
with

mietverhaeltnisse as (
    {{ mietverhaeltnisse(partner) }}
),

eigentumsverhaeltnisse as (
    {{ eigentumsverhaeltnisse(partner) }}
)

select mietverhaeltnisse.{{ id }} as external_id
from mietverhaeltnisse
intersect
select eigentumsverhaeltnisse.{{ id }} as external_id
from eigentumsverhaeltnisse
{%- endmacro %}
