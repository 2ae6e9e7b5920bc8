{#- What each ERP has, as data: `pipelines/erp/delivery/schema.py` reads this macro, too. Facts: docs/erp-profiles.md.

    tables_absent: tables that it does not deliver; rows of them are not used.
    parts_absent: parts of keys that it does not have; a number that stands there all the same is no part of the key.
    parts_optional: parts that a unit, and what hangs on it, may do without.
    floor: text where the documented rule reads the floor out of etage_lage, number where etage goes first (C5).
    mandanten: list where the partners' settings choose Mandanten, alle where the ERP itself does (E1). -#}
{% macro erp_profiles() %}
    {% do return({
        'wodis_sigma': {
            'tables_absent': [],
            'parts_absent': [],
            'parts_optional': [],
            'floor': 'text',
            'mandanten': 'list',
        },
        'wodis_yuneo': {
            'tables_absent': [],
            'parts_absent': [],
            'parts_optional': [],
            'floor': 'number',
            'mandanten': 'list',
        },
        'gap_immotion': {
            'tables_absent': [],
            'parts_absent': [],
            'parts_optional': [],
            'floor': 'number',
            'mandanten': 'list',
        },
        'relion': {
            'tables_absent': [],
            'parts_absent': [],
            'parts_optional': ['gebaeude_nr', 've_gebaeude_nr'],
            'floor': 'number',
            'mandanten': 'list',
        },
        'sap_blue_eagle': {
            'tables_absent': [],
            'parts_absent': [],
            'parts_optional': ['gebaeude_nr', 've_gebaeude_nr'],
            'floor': 'number',
            'mandanten': 'list',
        },
        'uts_karthago': {
            'tables_absent': ['wirtschaftseinheit', 'mietkondition'],
            'parts_absent': ['we_nr', 've_we_nr'],
            'parts_optional': [],
            'floor': 'number',
            'mandanten': 'alle',
        },
    }) %}
{% endmacro %}


{#- ERPs in whose profile a list holds this value, or a fact has it. -#}
{% macro erps_with(fact, value) %}
    {% set found = [] %}
    {% for erp, profile in erp_profiles().items() %}
        {% set held = profile[fact] %}
        {% if held == value or (held is not string and value in held) %}
            {% do found.append(erp) %}
        {% endif %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}


{#- A condition: the row is of one of these ERPs. -#}
{% macro is_erp(quelle_erp, erps) -%}
    {{ quelle_erp }} in ('{{ erps | join("', '") }}')
{%- endmacro %}


{#- ERPs in which this part of a table's key may be empty. Its own number, the last part, never may. -#}
{% macro erps_without(part, key) %}
    {% if part == key[-1] %}
        {% do return([]) %}
    {% endif %}
    {% do return(erps_with('parts_absent', part) + erps_with('parts_optional', part)) %}
{% endmacro %}
