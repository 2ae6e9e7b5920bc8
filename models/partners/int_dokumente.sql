{{ config(schema='intermediate', materialized='view') }}

{%- set of_folder = is_erp('dokument.quelle_erp', erps_with('release', 'folder')) %}
{%- set folder_reason = "'ordner ' || ordner.ordner_nr || ': ' || ordner.reason" %}

with

ordner as (
    select * from {{ ref('int_ordner') }}
),

dokumente as (
    select
        dokument.*,
        {{ as_word('dokument.bezug_art') }} as bezug,
        -- C3: only a clear yes releases; where the folder alone is released, a document may say nothing
        coalesce(dokument.freigegeben, {{ of_folder }} and not {{ has_mangel('dokument', 'freigegeben') }})
            as ist_freigegeben,
        {{ of_folder }} as folder_decides
    from {{ ref('base_erp__dokument') }} as dokument
    where dokument._rule is null or dokument._rule not in ('C6', 'C7', 'I3')
),

judged as (
    select
        dokumente.dokument_nr,
        dokumente.ordner_nr,
        ordner.weg,
        ordner.archiv_name,
        coalesce(dokumente.titel, dokumente.dateiname) as titel,
        dokumente.dateiname,
        dokumente.pfad,
        dokumente.mime_typ,
        dokumente.groesse_bytes,
        dokumente.erstellt_am,
        dokumente.geaendert_am,
        dokumente.bezug_art,
        dokumente.bezug,
        dokumente.bezug_key,
        dokumente.dokumentart,
        dokumente.bemerkung,
        coalesce({{ as_word('dokumente.sichtbar_fuer') }}, ordner.archiv_sichtbar_fuer) as sichtbar_fuer,
        -- What is surely out wins over doubt (H1).
        case
            when dokumente._rule <> 'H1'
                then {{ document_verdict('gone', 'dokumente._rule', 'dokumente._reason') }}
            when dokumente.folder_decides and dokumente.ordner_nr is null
                then {{ document_verdict('gone', "'DO3'", "'no folder to release it'", "'ordner_nr'") }}
            when dokumente.folder_decides and dokumente.bezug in ('adresse', 'person')
                then {{ document_verdict('gone', "'DO3'", "'it belongs to an address'", "'bezug_art'") }}
            when not dokumente.ist_freigegeben
                then {{ document_verdict('gone', "'DO1'", "'freigegeben is no clear yes'", "'freigegeben'") }}
            when ordner.rule is not null and not ordner.is_doubt
                then {{ document_verdict('gone', 'ordner.rule', folder_reason, "'ordner_nr'") }}
            when dokumente._rule = 'H1'
                then {{ document_verdict('doubt', 'dokumente._rule', 'dokumente._reason') }}
            when ordner.rule is not null
                then {{ document_verdict('doubt', 'ordner.rule', folder_reason, "'ordner_nr'") }}
            when dokumente.groesse_bytes > {{ max_dokument_bytes() }}
                then {{ document_verdict(
                    'doubt',
                    "'DO2'",
                    "'larger than " ~ max_dokument_bytes() ~ " bytes'",
                    "'groesse_bytes'",
                    'cast(dokumente.groesse_bytes as string)',
                ) }}
        end as verdict,
        dokumente._rule as erp_rule
    from dokumente
    left join ordner on dokumente.ordner_nr = ordner.ordner_nr
),

documents as (
    select
        {{ all_but(['verdict', 'erp_rule']) }},
        verdict['rule'] as rule,
        verdict['column_name'] as column_name,
        verdict['value'] as value,
        verdict['reason'] as reason,
        coalesce(verdict['state'] = 'doubt', false) as is_doubt,
        -- findings of the ERP's rows list it already
        coalesce(verdict['rule'] = erp_rule, false) as is_reported
    from judged
)

select * from documents
