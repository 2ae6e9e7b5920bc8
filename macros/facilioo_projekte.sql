{#- The number of a Gebäude, unique within its Projekt: where one takes several WEs, the whole id. -#}
{% macro facilioo_gebaeude_number(projekte) -%}
    {%- set shared = [] -%}
    {%- for id, projekt_id in projekte.items() if (projekte.values() | list).count(projekt_id) > 1 -%}
        {%- do shared.append(id) -%}
    {%- endfor -%}
    {%- if shared -%}
    case when projekt in ({{ sql_texts(shared) }}) then {{ composite_id('facilioo', 'gebaeude') }} else gebaeude_nr end
    {%- else -%}
    gebaeude_nr
    {%- endif -%}
{%- endmacro %}


{#- Part of facilioo's findings, with a leading union all: ids in the setting projekte that no WE has. -#}
{% macro facilioo_projekte_findings() -%}
    {%- set projekte = partner_settings('facilioo').projekte or {} -%}
    {%- if projekte %}
union all
select
    'E1' as regel,
    'wirtschaftseinheit' as tabelle,
    genannt.id as schluessel,
    'we_nr' as spalte,
    cast(null as varchar) as wert,
    'facilioo' as partner,
    'partners.facilioo.projekte names it: no WE that lives and may be sent has this id' as grund
from (values {% for id in projekte %}({{ sql_text(id) }}){{ ', ' if not loop.last }}{% endfor %}) as genannt (id)
where
    genannt.id not in (
        select {{ composite_id('facilioo', 'wirtschaftseinheit', table='wirtschaftseinheiten') }}
        from {{ ref('stg_erp__wirtschaftseinheit') }} as wirtschaftseinheiten
        where {{ in_mandanten('facilioo', 'wirtschaftseinheiten') }}
    )
    {%- endif %}
{%- endmacro %}
