{#- I6: whether no other record of the partner arrives at the same id; of two with one id neither is sent. -#}
{% macro has_own_id(partner, id) -%}
    {{ id }} not in (
        select id_konflikte.external_id
        from {{ ref('int_' ~ partner ~ '__id_konflikte') }} as id_konflikte
    )
{%- endmacro %}
