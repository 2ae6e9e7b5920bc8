{% macro id_konflikte(partner, id, mietverhaeltnisse_von=none, eigentumsverhaeltnisse_von=none) -%}
with

mietverhaeltnisse as (
    {{ 'select * from ' ~ mietverhaeltnisse_von if mietverhaeltnisse_von else mietverhaeltnisse(partner) }}
),

eigentumsverhaeltnisse as (
    {{ 'select * from ' ~ eigentumsverhaeltnisse_von if eigentumsverhaeltnisse_von
        else eigentumsverhaeltnisse(partner) }}
)

select mietverhaeltnisse.{{ id }} as external_id
from mietverhaeltnisse
intersect
select eigentumsverhaeltnisse.{{ id }} as external_id
from eigentumsverhaeltnisse
{%- endmacro %}
