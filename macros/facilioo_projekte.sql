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


{#- Ids in the setting projekte that no WE has, in the form of findings; no row where it is not set. -#}
{% macro facilioo_projekte_findings() -%}
    select
        'E1' as rule,
        'wirtschaftseinheit' as table_name,
        genannt.id as key,
        'we_nr' as column_name,
        cast(null as string) as value,
        'facilioo' as partner,
        'partners.facilioo.projekte names it: no WE that lives and may be sent has this id' as reason
    from {{ named_ids(partner_settings('facilioo').projekte) }} as genannt
    where
        genannt.id not in (
            select {{ composite_id('facilioo', 'wirtschaftseinheit', table='wirtschaftseinheiten') }}
            from {{ ref('stg_erp__wirtschaftseinheit') }} as wirtschaftseinheiten
            where {{ in_mandanten('facilioo', 'wirtschaftseinheiten') }}
        )
{%- endmacro %}
