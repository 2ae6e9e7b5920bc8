{{ config(enabled=partner_aktiv('facilioo')) }}

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
        [any_value(mietverhaeltnisse.mandant_nr)] as mandanten,
        any_value(mietverhaeltnisse.verwaltungseinheit_id) as verwaltungseinheit_id,
        arg_min(
            mietverhaeltnisse.person_nr,
            row(not mieter.ist_hauptmieter, mietverhaeltnisse.beginn, mietverhaeltnisse.person_nr)
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
        [any_value(mandant_nr)] as mandanten,
        any_value(verwaltungseinheit_id) as verwaltungseinheit_id,
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
        list(distinct mandant_nr) as mandanten,
        person_nr
    from of_persons
    group by person_nr
),

with_person as (
    select * from leases
    union all by name
    select * from ownerships
    union all by name
    select * from persons
),

records as (
    {{ document_targets('facilioo', 'gebaeude') | indent(4) }}
    union all by name
    {{ document_targets('facilioo', 'verwaltungseinheit') | indent(4) }}
    union all by name
    select
        with_person.level,
        with_person.bezug_key,
        with_person.mandanten,
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
