{% macro vertragsstatus(mietbeginn, ende, kuendigung_zum, status_erp) -%}
    case
        when {{ mietbeginn }} is null then null
        when {{ ende }} < {{ mietbeginn }} or {{ lower_case(status_erp) }} = 'storniert' then 'storniert'
        when {{ mietbeginn }} > {{ stichtag() }} then 'zukuenftig'
        when {{ ende }} < {{ stichtag() }} then 'beendet'
        when {{ kuendigung_zum }} is not null then 'gekuendigt'
        else 'aktiv'
    end
{%- endmacro %}
