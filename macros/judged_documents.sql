{#- Body of `int_<partner>__dokumente`: each document with what the partner holds of its Bezug, and why it does not go.

    `targets` is a relation with level, bezug_key, mandanten (a list), what the record refers to, and rule and reason where
    it is in doubt whether the partner holds the target. `levels` are those that the partner attaches documents to, `words`
    what bezug_art calls a level where that is a setting. `tenants_only`: whatever is sent is shown to tenants. `titel` is
    the most characters of a title. -#}
{% macro judged_documents(partner, targets, levels, words={}, tenants_only=false, titel=none) -%}
    {%- set settings = partner_settings(partner) -%}
    {%- set documents = document_settings(partner) -%}
    {%- set bezug_words = dict({
        'wirtschaftseinheit': 'WE',
        'gebaeude': 'GEB',
        'verwaltungseinheit': 'VE',
        'mietvertrag': 'MV',
        'eigentuemervertrag': 'EV',
        'person': 'PERSON',
    }, **words) -%}
    {%- set archive, from_day, word = settings.get('dokumente_archive'), settings.get('dokumente_ab'),
        settings.get('dokumente_stichwort') -%}
    with

    dokumente as (
        select
            *,
            case bezug
                {%- for level, name in bezug_words.items() %}
                when {{ as_word(sql_text(name)) }} then '{{ level }}'
                {%- endfor %}
            end as level
        from {{ ref('int_dokumente') }}
        where {{ settings.dokumente | lower }}  -- the setting dokumente
    ),

    -- A text that means several rows means none.
    meant as (
        select *
        from {{ targets }}
        qualify count(*) over (partition by level, bezug_key) = 1
    ),

    judged as (
        select
            {{ all_but(['rule', 'column_name', 'value', 'reason', 'is_doubt', 'is_reported'], of='dokumente') }},
            {{ all_but(['level', 'bezug_key', 'mandanten', 'rule', 'reason'], of='meant') }},
            case when dokumente.is_reported then dokumente.rule end as erp_rule,
            case
                when dokumente.rule is not null and not dokumente.is_doubt
                    then {{ document_verdict('gone', 'dokumente.rule', 'dokumente.reason', 'dokumente.column_name', 'dokumente.value') }}
                {%- if documents.mandanten != 'alle' %}
                when not {{ lists_overlap('meant.mandanten', list_of(sql_texts(documents.mandanten))) }}
                    then {{ document_verdict('gone', "'E1'", "'another Mandant'", "'bezug_key'") }}
                {%- endif %}
                {%- if archive %}
                when coalesce({{ as_word('dokumente.archiv_name') }} not in (
                    {%- for name in archive %}{{ as_word(sql_text(name)) }}{{ ', ' if not loop.last }}{% endfor -%}
                ), true)
                    then {{ document_verdict('gone', "'DO6'", "'its archive is not one of the setting dokumente_archive'", "'ordner_nr'", 'dokumente.archiv_name') }}
                {%- endif %}
                {%- if from_day %}
                when dokumente.erstellt_am is null
                    then {{ document_verdict('doubt', "'DO6'", "'nobody knows whether it was made on " ~ from_day ~ " or later'", "'erstellt_am'") }}
                when dokumente.erstellt_am < date '{{ from_day }}'
                    then {{ document_verdict('gone', "'DO6'", "'made before the setting dokumente_ab'", "'erstellt_am'", 'cast(cast(dokumente.erstellt_am as date) as string)') }}
                {%- endif %}
                {%- if word %}
                when not coalesce(
                    {{ has_word(lower_case('dokumente.bemerkung'), lower_case(sql_text(word))) }}, false
                )
                    then {{ document_verdict('gone', "'DO6'", "'without the word of the setting dokumente_stichwort'", "'bemerkung'") }}
                {%- endif %}
                when not coalesce(
                    dokumente.sichtbar_fuer = {{ "'mieter'" if tenants_only else
                        "case dokumente.level when 'mietvertrag' then 'mieter' when 'eigentuemervertrag' then 'eigentuemer'"
                        ~ " else if(dokumente.sichtbar_fuer = 'mieter', 'mieter', 'eigentuemer') end" }},
                    true
                )
                    then {{ document_verdict('gone', "'DO7'", "'meant for somebody else'", "'sichtbar_fuer'", 'dokumente.sichtbar_fuer') }}
                when dokumente.bezug is not null and dokumente.level is null
                    then {{ document_verdict('doubt', "'DO5'", "'no word for what a document can belong to'", "'bezug_art'", 'dokumente.bezug_art') }}
                when dokumente.level not in ('{{ levels | join("', '") }}')
                    then {{ document_verdict('gone', "'DO5'", "'" ~ partner ~ " attaches no document to it, and it is never attached to anything else'", "'bezug_art'", 'dokumente.bezug_art') }}
                when meant.rule is not null
                    then {{ document_verdict('doubt', 'meant.rule', 'meant.reason', "'bezug_key'") }}
                when meant.level is null
                    then {{ document_verdict('absent', "'DO5'", "'" ~ partner ~ " gets nothing of what it belongs to, and it is never attached to anything else'", "'bezug_key'", 'dokumente.bezug_key') }}
                when dokumente.is_doubt
                    then {{ document_verdict('doubt', 'dokumente.rule', 'dokumente.reason', 'dokumente.column_name', 'dokumente.value') }}
                when contains(dokumente.dokument_nr, '{{ documents.separator }}')
                    then {{ document_verdict('doubt', "'I5'", "'the number contains the separator " ~ documents.separator ~ " of " ~ partner ~ "'", "'dokument_nr'", 'dokumente.dokument_nr') }}
                when contains({{ list_to_text('dokumente.weg', '') }}, '{{ documents.separator }}')
                    then {{ document_verdict('doubt', "'I5'", "'the number of a folder contains the separator " ~ documents.separator ~ " of " ~ partner ~ "'", "'ordner_nr'", 'dokumente.ordner_nr') }}
                when dokumente.dateiname is null
                    then {{ document_verdict('doubt', "'V1'", "'no file name'", "'dateiname'") }}
                {%- if titel %}
                when length(dokumente.titel) > {{ titel }}
                    then {{ document_verdict('doubt', "'V1'", "'" ~ partner ~ " takes " ~ titel ~ " characters of a title'", "'titel'") }}
                {%- endif %}
            end as verdict
        from dokumente
        left join meant on dokumente.level = meant.level and dokumente.bezug_key = meant.bezug_key
    )

    select
        {{ all_but(['verdict', 'erp_rule']) }},
        verdict['rule'] as rule,
        verdict['column_name'] as column_name,
        verdict['value'] as value,
        verdict['reason'] as reason,
        coalesce(verdict['state'] = 'gone', false) as is_gone,
        coalesce(verdict['state'] = 'doubt', false) as is_doubt,
        -- findings of the ERP's rows list it already, or it is a setting (E1)
        coalesce(verdict['rule'] in (erp_rule, 'E1'), false) as is_reported
    from judged
{%- endmacro %}
