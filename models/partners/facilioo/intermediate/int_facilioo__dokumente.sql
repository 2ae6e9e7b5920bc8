{{ config(enabled=partner_aktiv('facilioo')) }}

{% set columns = ['gebaeude_id', 'verwaltungseinheit_id', 'partei_id', 'partei_rolle', 'rule', 'reason'] %}

with

parteien as (
    select
        partei_id,
        rolle,
        person_nr
    from {{ ref('int_facilioo__parteien') }}
),

mietverhaeltnisse as (
    {{ mietverhaeltnisse('facilioo') }}
),

eigentumsverhaeltnisse as (
    {{ eigentumsverhaeltnisse('facilioo') }}
),

mieter as (
    select * from {{ ref('int_mieter') }}
),

-- facilioo takes one party: the Hauptmieter, of several the one who began first, then the lowest person_nr
leases as (
    select
        'mietvertrag' as level,
        {{ bezug_key('mietvertrag', 'mietverhaeltnisse') }} as bezug_key,
        {{ list_of(any_value('mietverhaeltnisse.mandant_nr')) }} as mandanten,
        {{ any_value('mietverhaeltnisse.verwaltungseinheit_id') }} as verwaltungseinheit_id,
        min_by(
            mietverhaeltnisse.person_nr,
            {{ rank_of([
                'not mieter.ist_hauptmieter', 'mietverhaeltnisse.beginn', 'mietverhaeltnisse.person_nr'
            ]) }}
        ) as person_nr,
        bool_and(not {{ has_own_id('facilioo', 'mietverhaeltnisse.vertrag_person_id') }}) as is_shared
    from mietverhaeltnisse
    inner join mieter
        on
            {{ same_key('mietvertrag', 'mietverhaeltnisse', 'mieter') }}
            and mietverhaeltnisse.person_nr = mieter.person_nr
    group by {{ bezug_key('mietvertrag', 'mietverhaeltnisse') }}
),

ownerships as (
    select
        'eigentuemervertrag' as level,
        {{ bezug_key('eigentuemervertrag') }} as bezug_key,
        {{ list_of(any_value('mandant_nr')) }} as mandanten,
        {{ any_value('verwaltungseinheit_id') }} as verwaltungseinheit_id,
        min(person_nr) as person_nr,
        bool_and(not {{ has_own_id('facilioo', 'vertrag_person_id') }}) as is_shared
    from eigentumsverhaeltnisse
    group by {{ bezug_key('eigentuemervertrag') }}
),

-- A person has no Mandant: it is of those whose contracts it has.
of_persons as (
    select
        person_nr,
        mandant_nr
    from mietverhaeltnisse
    union all
    select
        person_nr,
        mandant_nr
    from eigentumsverhaeltnisse
),

persons as (
    select
        'person' as level,
        person_nr as bezug_key,
        {{ ordered_list('mandant_nr', distinct=true) }} as mandanten,
        cast(null as string) as verwaltungseinheit_id,
        person_nr,
        false as is_shared
    from of_persons
    group by person_nr
),

with_person as (
    select * from leases
    union all
    select * from ownerships
    union all
    select * from persons
),

records as (
    {{ document_targets('facilioo', 'gebaeude', columns) | indent(4) }}
    union all
    {{ document_targets('facilioo', 'verwaltungseinheit', columns) | indent(4) }}
    union all
    select
        with_person.level,
        with_person.bezug_key,
        with_person.mandanten,
        cast(null as string) as gebaeude_id,
        with_person.verwaltungseinheit_id,
        parteien.partei_id,
        parteien.rolle as partei_rolle,
        case when with_person.is_shared then 'I6' end as rule,
        case when with_person.is_shared then 'two contracts arrive at one id' end as reason
    from with_person
    inner join parteien on with_person.person_nr = parteien.person_nr
),

documents as (
    {{ judged_documents(
        'facilioo',
        'records',
        levels=['gebaeude', 'verwaltungseinheit', 'mietvertrag', 'eigentuemervertrag', 'person'],
        titel=255,
    ) }}
)

select * from documents
