{{ config(enabled=partner_aktiv('spiribo')) }}

{% set settings = partner_settings('spiribo') %}
{% set columns = ['gebaeude_id', 'verwaltungseinheit_id', 'mietvertrag_id', 'person_id'] %}

with

gebaeude as (
    select * from {{ ref('int_spiribo__gebaeude') }}
),

mietverhaeltnisse as (
    select * from {{ ref('int_spiribo__mietverhaeltnisse') }}
),

verwaltungseinheiten as (
    select distinct {{ record_key('verwaltungseinheit') | join(', ') }} from mietverhaeltnisse
),

mietvertraege as (
    select distinct {{ record_key('mietvertrag') | join(', ') }} from mietverhaeltnisse
),

-- A person has no Mandant: it is of those whose leases it has.
persons as (
    select
        'person' as level,
        person_nr as bezug_key,
        {{ ordered_list('mandant_nr', distinct=true) }} as mandanten,
        cast(null as string) as gebaeude_id,
        cast(null as string) as verwaltungseinheit_id,
        cast(null as string) as mietvertrag_id,
        {{ any_value('person_id') }} as person_id
    from mietverhaeltnisse
    group by person_nr
),

records as (
    {{ document_targets('spiribo', 'gebaeude', columns, 'gebaeude') | indent(4) }}
    union all
    {{ document_targets('spiribo', 'verwaltungseinheit', columns, 'verwaltungseinheiten') | indent(4) }}
    union all
    {{ document_targets('spiribo', 'mietvertrag', columns, 'mietvertraege') | indent(4) }}
    union all
    select * from persons
),

with_rule as (
    select
        *,
        cast(null as string) as rule,
        cast(null as string) as reason
    from records
),

documents as (
    {{ judged_documents(
        'spiribo',
        'with_rule',
        levels=['gebaeude', 'verwaltungseinheit', 'mietvertrag', 'person'],
        words={
            'wirtschaftseinheit': settings.dokumente_index_we,
            'gebaeude': settings.dokumente_index_gebaeude,
            'verwaltungseinheit': settings.dokumente_index_ve,
            'mietvertrag': settings.dokumente_index_mietvertrag,
        },
        tenants_only=true,
    ) }}
)

select * from documents
