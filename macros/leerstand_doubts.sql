{#- Rows for `more` of `held_rows`: vacancies of which nobody can tell whether they are over (H1), and those that the mart
    leaves out for what its partner refuses (V1). `unless` is a condition under which the latter are out without doubt. -#}
{% macro leerstand_doubts(partner, entity, unless=none) %}
    {% set unclear -%}
        {{ held_row(entity, composite_id(partner, 'verwaltungseinheit'), 'rule', 'leerstand', 'reason') }}
        from {{ ref('int_leerstaende_unklar') }}
        where {{ in_mandanten(partner) }}  -- E1
    {%- endset %}
    {% set refused -%}
        {{ refused_rows(partner, entity, 'verwaltungseinheit', ref('int_' ~ partner ~ '__leerstaende'), 'leerstand') }}
        {{- ' and not (' ~ unless ~ ')' if unless }}
    {%- endset %}
    {% do return([unclear, refused]) %}
{% endmacro %}
