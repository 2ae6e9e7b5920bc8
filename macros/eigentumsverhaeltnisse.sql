{% macro eigentumsverhaeltnisse(partner) -%}
select
    eigentuemer.mandant_nr,
    eigentuemer.we_nr,
    eigentuemer.gebaeude_nr,
    eigentuemer.ve_nr,
    eigentuemer.ev_nr,
    eigentuemer.person_nr,
    {{ composite_id(partner, 'verwaltungseinheit', table='eigentuemer') }} as verwaltungseinheit_id,
    {{ composite_id(partner, 'eigentuemervertrag', table='eigentuemer') }} as vertrag_id,
    {{ composite_id(partner, 'eigentuemervertrag', person=true, table='eigentuemer') }} as vertrag_person_id,
    eigentuemer.beginn,
    eigentuemer.ende
from {{ ref('int_eigentuemer') }} as eigentuemer
where {{ sendable(partner, 'eigentuemervertrag', person=true, table='eigentuemer') }}  -- E1, I5
{%- endmacro %}
