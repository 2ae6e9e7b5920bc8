{% macro damaged_text(expr, is_key='false') -%}
    case
        when contains({{ expr }}, '�') then 'U+FFFD stands where a character was lost'
        {#- UTF-8 read as windows-1252 or ISO-8859-1, as Mac Roman, as code page 850. -#}
        when {{ matches(
            expr,
            'Ã(?:$|\\P{Lu}|[ŠŒŽŸ])|Â[\\x{80}-\\x{BF}€‚-‡‰‹›•˜™š›œžŸŠŒŽƒˆ]|[ÄÅ][\\x{80}-\\x{9F}\\x{A1}-\\x{BF}€‚ƒ„†‡ˆ‰Š‹Œšž™œŸ]|â[€‚\\x{80}]|√\\p{L}|√[§∂©®¶]|[├┬]',
        ) }}
            then 'UTF-8 that was read as another encoding'
        when {{ matches(expr, '&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8}[0-9]{0,2});') }}
            then 'an HTML entity'
        when {{ matches(expr, '_x000[dDaA]_') }} then '_x000D_ is a line break of Excel, and read as one'
        when {{ matches(expr, '(?s)^' ~ white_space() ~ '*="(.*)"' ~ white_space() ~ '*$') }}
            then 'a text mark of Excel (="…"), read without it'
        when
            {{ matches(expr, '^' ~ white_space() ~ "*''[-+=.,0-9][^'']*''?$") }}
            or ({{ is_key }} and {{ matches(expr, '^' ~ white_space() ~ "*''[^'']*''?$") }})
            then 'a text mark of Excel (apostrophe), read without it'
        when {{ is_key }} and {{ is_scientific(expr) }} then 'a key in scientific notation: its digits are lost'
    end
{%- endmacro %}
