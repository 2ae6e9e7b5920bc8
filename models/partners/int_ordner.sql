{{ config(schema='intermediate', materialized='view') }}

with recursive

ordner as (
    select * from {{ ref('base_erp__ordner') }}
    where _rule is null or _rule not in ('C6', 'C7', 'I3')
),

archive as (
    select
        archiv_nr,
        name,
        {{ as_word('suchkategorie') }} as sichtbar_fuer
    from {{ ref('stg_erp__archiv') }}
),

judged as (
    select
        ordner.ordner_nr,
        ordner.name,
        ordner.parent_ordner_nr,
        ordner._rule,
        archive.name as archiv_name,
        archive.sichtbar_fuer as archiv_sichtbar_fuer,
        ordner.parent_ordner_nr is null or parents.ordner_nr is null as is_top,
        -- What is surely out wins over doubt (H1); C3: only a clear yes releases.
        case
            when ordner._rule <> 'H1' then {{ document_verdict('gone', 'ordner._rule', 'ordner._reason') }}
            when ordner.parent_ordner_nr is not null and parents.ordner_nr is null
                then {{ document_verdict('gone', "'L3'", "'no ordner ' || ordner.parent_ordner_nr") }}
            when not coalesce(ordner.api_freigabe, false)
                then {{ document_verdict('gone', "'DO1'", "'api_freigabe is no clear yes'") }}
            when ordner._rule = 'H1' then {{ document_verdict('doubt', 'ordner._rule', 'ordner._reason') }}
        end as verdict
    from ordner
    left join ordner as parents on ordner.parent_ordner_nr = parents.ordner_nr
    left join archive on ordner.archiv_nr = archive.archiv_nr
),

-- From the top down: a folder has the verdict of those above it, the surer one first.
tree as (
    select
        ordner_nr,
        {{ list_of('ordner_nr') }} as weg,
        verdict
    from judged
    where is_top
    union all
    select
        judged.ordner_nr,
        array_append(tree.weg, judged.ordner_nr) as weg,
        case
            when judged.verdict['state'] = 'gone' then judged.verdict
            when tree.verdict['state'] = 'gone' or judged.verdict is null
                then {{ document_verdict_above('tree.verdict', 'tree.ordner_nr') }}
            else judged.verdict
        end as verdict
    from judged
    inner join tree on judged.parent_ordner_nr = tree.ordner_nr
),

verdicts as (
    select
        judged.ordner_nr,
        judged.name,
        judged.parent_ordner_nr,
        judged._rule,
        judged.archiv_name,
        judged.archiv_sichtbar_fuer,
        coalesce(tree.weg, {{ list_of('judged.ordner_nr') }}) as weg,
        case
            when tree.ordner_nr is not null then tree.verdict
            when judged.verdict['state'] = 'gone' then judged.verdict
            -- DO4: no top has it below itself
            else {{ document_verdict(
                'doubt',
                "'DO4'",
                "'it lies in itself, or below a folder that does: parent_ordner_nr ' || judged.parent_ordner_nr",
            ) }}
        end as verdict
    from judged
    left join tree on judged.ordner_nr = tree.ordner_nr
),

folders as (
    select
        {{ all_but(['_rule', 'verdict']) }},
        verdict['rule'] as rule,
        verdict['reason'] as reason,
        coalesce(verdict['state'] = 'doubt', false) as is_doubt,
        -- findings of the ERP's rows list it already
        coalesce(verdict['rule'] = _rule, false) as is_reported
    from verdicts
)

select * from folders
