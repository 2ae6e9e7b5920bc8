{% macro sum_of_known(amount, condition) -%}
    case
        when count(*) filter (where {{ condition }}) = count({{ amount }}) filter (where {{ condition }})
            then try_cast(sum({{ amount }}) filter (where {{ condition }}) as decimal(12, 2))
    end
{%- endmacro %}
