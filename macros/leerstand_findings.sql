{#- Vacancies that a partner does not get: a key conflict (I5), and what `int_<partner>__leerstaende` says in two
    columns, which `befunde` made. -#}
{% macro leerstand_findings(partner) -%}
    with

    key_conflicts as (
        {{ key_conflict_findings(partner, 'leerstand', 'int_leerstaende', 'verwaltungseinheit') | indent(8) }}
    ),

    befunde as (
        {%- for column in ['hindernisse', 'kein_angebot'] %}
        select
            {{ record_key('verwaltungseinheit') | join(', ') }},
            {{ unnest(column) }} as befund
        from {{ ref('int_' ~ partner ~ '__leerstaende') }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )

    select * from key_conflicts
    union all
    select
        befund.rule,
        'leerstand' as table_name,
        concat_ws('/', {{ record_key('verwaltungseinheit') | join(', ') }}) as key,
        befund.column_name,
        befund.value,
        '{{ partner }}' as partner,
        befund.reason
    from befunde
{%- endmacro %}
