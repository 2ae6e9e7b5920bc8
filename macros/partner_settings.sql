{% macro partner_settings(partner) %}
    {% set settings = var('partners', {}) %}
    {% if settings is not mapping %}
        {{ setting_error('partners', settings, 'a mapping of partner names to their settings') }}
    {% endif %}
    {% set profiles = partner_profiles() %}
    {% for name in settings if name not in profiles %}
        {{ setting_error('partners.' ~ name, 'an unknown partner', profiles | join(', ')) }}
    {% endfor %}
    {# dbt renders the models of a partner that is off, too: these values let it. #}
    {% set off = {'aktiv': false, 'separator': '/', 'mandanten': 'alle'} %}
    {% set options = partner_profile(partner, profiles).options %}
    {% set setting = settings.get(partner, off) %}
    {% set name = 'partners.' ~ partner %}
    {% if setting is not mapping %}
        {{ setting_error(name, setting, 'a mapping with aktiv, separator and mandanten') }}
    {% endif %}
    {% set known = ['aktiv', 'separator', 'mandanten'] + options | list %}
    {% for key in setting if key not in known %}
        {{ setting_error(name ~ '.' ~ key, 'an unknown setting', known | join(', ')) }}
    {% endfor %}
    {% if setting.get('aktiv') is not boolean %}
        {{ setting_error(name ~ '.aktiv', setting.get('aktiv'), 'true, false') }}
    {% endif %}
    {# What is switched off may be unfinished, but not wrong. #}
    {% if setting.aktiv or 'separator' in setting %}
        {{ check_separator(name ~ '.separator', setting.get('separator')) }}
    {% endif %}
    {% if (setting.aktiv or 'mandanten' in setting) and setting.get('mandanten') != 'alle' %}
        {{ check_mandanten(name ~ '.mandanten', setting.get('mandanten')) }}
    {% endif %}
    {% set mandanten = setting.get('mandanten', off.mandanten) %}
    {% set checked = {
        'aktiv': setting.aktiv,
        'separator': setting.get('separator', off.separator),
        'mandanten': 'alle' if mandanten == ['alle'] else mandanten,
    } %}
    {% for key, option in options.items() %}
        {# A default is one of what is allowed: profile.py looks at that. #}
        {% do checked.update({
            key: partner_option(name ~ '.' ~ key, setting, key, option) if key in setting else option.default
        }) %}
    {% endfor %}
    {% do return(checked) %}
{% endmacro %}


{% macro check_separator(name, value) %}
    {% if value not in partner_separatoren() %}
        {{ setting_error(name, value, partner_separatoren() | join(' ')) }}
    {% endif %}
{% endmacro %}


{% macro check_mandanten(name, value) %}
    {% set allowed = 'a list of Mandant numbers as text such as ["001", "002"], or the word alle alone' %}
    {% if value is string or value is mapping or value is not iterable %}
        {% if value != 'alle' %}
            {{ setting_error(name, value, allowed) }}
        {% endif %}
    {% elif value | length == 0 %}
        {{ setting_error(name, 'an empty list', allowed) }}
    {% else %}
        {% for mandant in value %}
            {% if mandant is not string or mandant | trim != mandant or mandant == '' %}
                {{ setting_error(name, mandant, allowed) }}
            {% elif mandant == 'alle' and value | length > 1 %}
                {{ setting_error(name, 'alle beside numbers', allowed) }}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro setting_error(name, value, allowed) %}
    {% set found = 'not set' if value is none else value %}
    {{ exceptions.raise_compiler_error(
        name ~ ' is ' ~ found ~ '; allowed: ' ~ allowed
        ~ '; set it under vars in dbt_project.yml or with --vars'
    ) }}
{% endmacro %}
