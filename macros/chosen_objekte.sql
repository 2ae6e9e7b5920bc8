{#- Whether the Gebäude of a row takes part, as the settings nur_objekte (also called objekte) and
    ohne_objekte of the partner say. -#}
{% macro is_chosen_objekt(partner, table=none) -%}
    {%- set settings = partner_settings(partner) -%}
    {%- set id = composite_id(partner, 'gebaeude', table=table) -%}
    {%- set chosen = settings.nur_objekte or settings.objekte %}
    {%- if chosen %}
    and {{ id }} in ({{ sql_texts(chosen) }})
    {%- endif -%}
    {%- if settings.ohne_objekte %}
    and {{ id }} not in ({{ sql_texts(settings.ohne_objekte) }})
    {%- endif -%}
{%- endmacro %}


{% macro sql_texts(values) -%}
    {%- for value in values -%}
        {{ sql_text(value) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- The ids in these settings that no Gebäude has, and what the settings leave out; no row where neither is set. -#}
{% macro chosen_objekte_findings(partner) -%}
    {%- set settings = partner_settings(partner) -%}
    {%- set names = ['nur_objekte', 'ohne_objekte', 'objekte'] | select('in', settings) | list -%}
    {%- for setting in names %}
    select
        'E1' as rule,
        'gebaeude' as table_name,
        genannt.id as key,
        'gebaeude_nr' as column_name,
        cast(null as string) as value,
        '{{ partner }}' as partner,
        'partners.{{ partner }}.{{ setting }} names it: no Gebäude that lives and may be sent has this id' as reason
    from {{ named_ids(settings[setting]) }} as genannt
    where
        genannt.id not in (
            select {{ composite_id(partner, 'gebaeude', table='gebaeude') }}
            from {{ ref('stg_erp__gebaeude') }} as gebaeude
            where {{ in_mandanten(partner, 'gebaeude') }}
        )
    union all
    {%- endfor %}
    select
        'E1' as rule,
        'gebaeude' as table_name,
        concat_ws('/', {{ record_key('gebaeude', table='gebaeude') | join(', ') }}) as key,
        'gebaeude_nr' as column_name,
        cast(null as string) as value,
        '{{ partner }}' as partner,
        'left out, with all below it, by the settings {{ names | join(' and ') }}' as reason
    from {{ ref('stg_erp__gebaeude') }} as gebaeude
    where
        {{ in_mandanten(partner, 'gebaeude') }}
        and not (true {{ is_chosen_objekt(partner, 'gebaeude') }})
{%- endmacro %}


{#- Ids of a setting as a table of one column; empty where it is not set. -#}
{% macro named_ids(ids) -%}
    (
        select cast(null as string) as id where false
        {%- for id in ids or [] %}
        union all
        select {{ sql_text(id) }} as id
        {%- endfor %}
    )
{%- endmacro %}
