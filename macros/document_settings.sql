{#- Separator and Mandanten of a partner's documents and folders: their own settings, else those of the master data. -#}
{% macro document_settings(partner) %}
    {% set settings = partner_settings(partner) %}
    {% set mandanten = settings.get('dokumente_mandanten') or settings.mandanten %}
    {% set mandanten = 'alle' if mandanten == ['alle'] else mandanten %}
    {% if mandanten != 'alle' and var('quelle_erp', 'wodis_sigma') in erps_with('mandanten', 'alle') %}
        {{ setting_error(
            'partners.' ~ partner ~ '.dokumente_mandanten',
            mandanten,
            'the word alle alone, as ' ~ var('quelle_erp') ~ ' itself releases Mandanten (E1)'
        ) }}
    {% endif %}
    {% do return({
        'separator': settings.get('dokumente_separator') or settings.separator,
        'mandanten': mandanten,
    }) %}
{% endmacro %}
