{#- That a vacancy is no offer of a partner for sure, as a list like that of `befunde`: one for sale (LE1), and what `more`
    tests say (LE2). What the partner holds of it is taken back. -#}
{% macro kein_angebot(title, more=[]) -%}
    {%- set for_sale = [
        (
            'vermarktungsart',
            'vermarktungsart',
            "vermarktungsart = 'Kauf'",
            'a listing at ' ~ title ~ ' is for letting',
        ),
    ] -%}
    {%- if more -%}
        nullif({{ list_concat(befunde('LE1', for_sale), befunde('LE2', more)) }}, {{ list_of('') }})
    {%- else -%}
        {{ befunde('LE1', for_sale) }}
    {%- endif -%}
{%- endmacro %}


{#- The condition under which a vacancy of `int_<partner>__leerstaende` goes, whatever form it takes. -#}
{% macro is_offered(partner) -%}
    {{ sendable(partner, 'verwaltungseinheit') }}  -- E1, I5
    and hindernisse is null  -- V1
    and kein_angebot is null  -- LE1, LE2
{%- endmacro %}
