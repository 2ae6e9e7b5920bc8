{#- Settings that one partner has beside aktiv, separator and mandanten: the default, and a list of what is allowed
    or one of the words text, text or null. -#}
{% macro partner_options(partner) %}
    {% do return({
        'everreal': {
            'gebaeude_importieren': {'default': true, 'allowed': [true, false]},
            'standard_eigentuemer': {'default': none, 'allowed': 'text or null'},
            'firma_vorname': {'default': 'Firma', 'allowed': 'text'},
            'kosten_standard': {
                'default': 'Nebenkosten',
                'allowed': ['Kaltmiete', 'Nebenkosten', 'Heizungskosten'],
            },
            'quelle': {'default': 'stammdaten', 'allowed': 'text'},
        },
        'casavi': {'adressen': {'default': 'einheit', 'allowed': ['einheit', 'liegenschaft']}},
        'quis': {
            'expose_als': {'default': 'property_groups', 'allowed': ['property_groups', 'properties']},
        },
    }.get(partner, {})) %}
{% endmacro %}


{#- The value of such a setting, the default where it is not set. -#}
{% macro partner_option(name, setting, key, option) %}
    {% set value = setting.get(key, option.default) %}
    {% set filled = value is string and value | trim == value and value != '' %}
    {% if option.allowed is not string %}
        {# true equals 1 in Jinja, so the kinds are compared too. #}
        {% if value not in option.allowed or value is boolean != option.allowed[0] is boolean %}
            {{ setting_error(name, value, option.allowed | join(', ') | lower
                if option.allowed[0] is boolean else option.allowed | join(', ')) }}
        {% endif %}
    {% elif not filled and not (option.allowed == 'text or null' and value is none) %}
        {{ setting_error(name, 'empty or no text' if value is not none else value, option.allowed) }}
    {% endif %}
    {% do return(value) %}
{% endmacro %}
