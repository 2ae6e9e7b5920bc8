{% macro dezimalzahl(expr, digits='12, 2') -%}
    case
        when {{ _number_forms(expr, digits) }}
        {#- Hardly any amount is written with a currency or with the minus behind it. #}
        when {{ expr }} is not null then {{ let(
                'betrag', bare_amount(expr), 'case when ' ~ _number_forms('betrag', digits) ~ ' end'
            ) }}
    end
{%- endmacro %}


{% macro _number_forms(expr, digits) -%}
    {{ full_match(expr, '[+-]?[0-9]+([.][0-9]+)?') }}
            then try_cast({{ expr }} as decimal({{ digits }}))
        when {{ full_match(expr, '[+-]?([0-9]+|[0-9]{1,3}([.][0-9]{3})+)(,[0-9]+)?') }}
            then try_cast(replace(replace({{ expr }}, '.', ''), ',', '.') as decimal({{ digits }}))
        when {{ full_match(expr, '[0-9]+ +[0-9]+/0*[1-9][0-9]*') }}
            then try_cast(
                try_cast(split_part({{ expr }}, ' ', 1) as double)
                + try_cast(split_part(split_part({{ expr }}, ' ', -1), '/', 1) as double)
                / try_cast(split_part({{ expr }}, '/', 2) as double)
                as decimal({{ digits }})
            )
{%- endmacro %}


{#- A number without its currency and with its sign in front; SAP writes 50,00- for -50. -#}
{% macro bare_amount(expr) -%}
    {%- set currency = '(?:\\p{Sc}|(?i:euros?|eur|chf|usd|gbp))' -%}
    {%- set bare = replace_first_match(
        "replace(" ~ expr ~ ", '−', '-')",
        '^([+-]?) *' ~ currency ~ ' *|([0-9-]) *' ~ currency ~ '$',
        '\\1\\2',
    ) -%}
    {{ replace_first_match(bare, '^([0-9][0-9.,]*) ?-$', '-\\1') }}
{%- endmacro %}
