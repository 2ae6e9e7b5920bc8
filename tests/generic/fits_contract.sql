{#- Rows that the partner would refuse by its contract: a required field without a value, a type, an enumeration, a length,
    a pattern, a format, a range. They are in the findings (V3) and are sent all the same, as the partner decides. Where
    most of a mart would be refused it is the mapping that is wrong, and the partner is kept back. -#}
{% test fits_contract(model) %}
    {{ config(warn_if='> 0', error_if='>= 25 and 2 * count(*) > max(of_rows)') }}
    {% if execute %}
    select
        *,
        (select count(*) from {{ model }}) as of_rows
    from ({{ contract_refusals(model, model.identifier, contract_checks(model.identifier)) }})
    {% endif %}
{% endtest %}
