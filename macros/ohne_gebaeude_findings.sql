{% macro ohne_gebaeude_findings(partner) -%}
select
    'I3' as regel,
    'verwaltungseinheit' as tabelle,
    {{ erp_key_text(key_columns('verwaltungseinheit')) }} as schluessel,
    'gebaeude_nr' as spalte,
    cast(null as varchar) as wert,
    '{{ partner }}' as partner,
    'no Gebäude, on which {{ partner }} keeps its units' as grund
from {{ ref('stg_erp__verwaltungseinheit') }}
where
    {{ in_mandanten(partner) }}  -- E1
    and gebaeude_nr is null  -- I3
{%- endmacro %}
