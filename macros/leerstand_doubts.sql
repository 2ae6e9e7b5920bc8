{#- Rows for `more` of `held_rows`: vacancies of which nobody can tell whether they are over (H1), and those that the mart
    leaves out for what its partner refuses (V1), unless they are no offer for sure (LE1, LE2). -#}
{% macro leerstand_doubts(partner, entity) %}
    {% set unclear -%}
        {{ held_row(entity, composite_id(partner, 'verwaltungseinheit'), 'rule', 'leerstand', 'reason') }}
        from {{ ref('int_leerstaende_unklar') }}
        where {{ in_mandanten(partner) }}  -- E1
    {%- endset %}
    {% set refused -%}
        {{ refused_rows(partner, entity, 'verwaltungseinheit', ref('int_' ~ partner ~ '__leerstaende'), 'leerstand') }}
        and kein_angebot is null
    {%- endset %}
    {% do return([unclear, refused]) %}
{% endmacro %}
