{% macro mietverhaeltnisse(partner) -%}
select
    mieter.mandant_nr,
    mieter.we_nr,
    mieter.gebaeude_nr,
    mieter.ve_nr,
    mieter.mv_nr,
    mieter.person_nr,
    {{ composite_id(partner, 'verwaltungseinheit', table='mieter') }} as verwaltungseinheit_id,
    {{ composite_id(partner, 'mietvertrag', table='mieter') }} as vertrag_id,
    {{ composite_id(partner, 'mietvertrag', person=true, table='mieter') }} as vertrag_person_id,
    mieter.beginn,
    mieter.ende
from {{ ref('int_mieter') }} as mieter
where
    {{ sendable(partner, 'mietvertrag', person=true, table='mieter') }}  -- E1, I5
    {%- if needs_email(partner) %}
    and mieter.email is not null  -- E2: no tenant without an e-mail
    {%- endif %}
{%- endmacro %}
