{#- Rows for `more` of `held_rows` (H1): documents that are in doubt themselves, those of a contract or person in doubt, and
    folders in doubt. Whatever else a document belongs to is a record, below which it is held. `folders` is the entity of
    folders, where the partner has one. -#}
{% macro document_doubts(partner, entity, folders=none) %}
    {%- set documents = ref('int_' ~ partner ~ '__dokumente') -%}
    {%- set rows = [] -%}
    {% set own -%}
        {{ held_row(entity, 'dokument_nr', 'rule', 'dokument', 'reason') }}
        from {{ documents }}
        where is_doubt
    {%- endset %}
    {% do rows.append(own) %}
    {% for level, of, test in [
        ('mietvertrag', ['mietvertrag', 'mieter'], 'not doubts.is_incomplete and documents.bezug_key = ' ~ bezug_key('mietvertrag', 'doubts')),
        ('mietvertrag', ['mietvertrag', 'mieter'], 'doubts.is_incomplete and ' ~ is_like('documents.bezug_key', bezug_key('mietvertrag', 'doubts', '%'))),
        ('eigentuemervertrag', ['eigentuemervertrag', 'eigentuemer'], 'not doubts.is_incomplete and documents.bezug_key = ' ~ bezug_key('eigentuemervertrag', 'doubts')),
        ('eigentuemervertrag', ['eigentuemervertrag', 'eigentuemer'], 'doubts.is_incomplete and ' ~ is_like('documents.bezug_key', bezug_key('eigentuemervertrag', 'doubts', '%'))),
        ('person', ['mieter', 'eigentuemer'], 'documents.bezug_key = doubts.person_nr'),
    ] %}
        {% set of_bezug -%}
            {{ held_row(
                entity,
                'documents.dokument_nr',
                'doubts.rule',
                level,
                'doubts.reason',
                also_in_mart=true,
                part='doubts.person_nr',
            ) }}
            from doubts
            inner join {{ documents }} as documents on documents.level = '{{ level }}' and {{ test }}
            where
                doubts.level in ('{{ of | join("', '") }}')
                and {{ "(not doubts.of_email or doubts.level = 'mieter')" if needs_email(partner) else 'not doubts.of_email' }}
        {%- endset %}
        {% do rows.append(of_bezug) %}
    {% endfor %}
    {% if folders %}
        {% set folders_in_doubt -%}
            {{ held_row(
                folders,
                'ordner_nr',
                "coalesce(rule, 'I5')",
                'ordner',
                "coalesce(reason, 'the number of a folder contains the separator')",
            ) }}
            from {{ ref('int_ordner') }}
            where
                {{ partner_settings(partner).dokumente | lower }}  -- the setting dokumente
                and (
                    is_doubt
                    or (rule is null and contains({{ list_to_text('weg', '') }}, '{{ document_settings(partner).separator }}'))
                )
        {%- endset %}
        {% do rows.append(folders_in_doubt) %}
    {% endif %}
    {% do return(rows) %}
{% endmacro %}
