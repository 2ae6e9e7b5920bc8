{#- Why a document or a folder does not go. `state`: gone for sure, in doubt (H1), or absent with what it belongs to. -#}
{% macro document_verdict(state, rule, reason, column='cast(null as string)', value='cast(null as string)') -%}
    {% call struct() %}'state': '{{ state }}', 'rule': {{ rule }}, 'column_name': {{ column }}, 'value': {{ value }}, 'reason': {{ reason }}{% endcall %}
{%- endmacro %}


{#- The verdict on the folder above, as that on what lies in it; NULL where there is none. -#}
{% macro document_verdict_above(verdict, ordner_nr) -%}
    case
        when {{ verdict }} is not null
            then {% call struct() %}
                'state': {{ verdict }}['state'],
                'rule': {{ verdict }}['rule'],
                'column_name': {{ verdict }}['column_name'],
                'value': {{ verdict }}['value'],
                'reason': 'ordner ' || {{ ordner_nr }} || ': ' || {{ verdict }}['reason']
            {% endcall %}
    end
{%- endmacro %}
