{% macro ohne_gebaeude_findings(partner) -%}
select
    'I3' as rule,
    'verwaltungseinheit' as table_name,
    {{ erp_key_text(key_columns('verwaltungseinheit')) }} as key,
    'gebaeude_nr' as column_name,
    cast(null as string) as value,
    '{{ partner }}' as partner,
    'no Gebäude, on which {{ partner }} keeps its units' as reason
from {{ ref('stg_erp__verwaltungseinheit') }}
where
    {{ in_mandanten(partner) }}  -- E1
    and gebaeude_nr is null  -- I3
{%- endmacro %}
