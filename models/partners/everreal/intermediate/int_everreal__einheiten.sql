{{ config(enabled=partner_aktiv('everreal')) }}

{% set ve = key_columns('verwaltungseinheit') %}

with

verwaltungseinheiten as (
    select * from {{ ref('stg_erp__verwaltungseinheit') }}
),

objekte as (
    select * from {{ ref('int_everreal__objekte') }}
),

eigentumsverhaeltnisse as (
    select
        *,
        coalesce(beginn <= {{ stichtag() }}, true) as laeuft
    from {{ ref('int_everreal__eigentumsverhaeltnisse') }}
),

eigentuemer as (
    select * from {{ ref('int_eigentuemer') }}
),

sendbare_eigentuemer as (
    select person_nr
    from {{ ref('int_everreal__eigentuemer') }}
    where rule is null  -- EV1: with an e-mail address and a first name
),

{# Who will own a unit does not own it while somebody else does, even if that one cannot be sent. #}
vertraege as (
    select
        *,
        bool_or(laeuft) over (partition by {{ ve | join(', ') }}) as ist_vergeben
    from eigentumsverhaeltnisse
),

besitzer as (
    select
        {{ record_key('verwaltungseinheit', table='vertraege') | join(', ') }},
        min_by(
            vertraege.person_nr,
            {{ rank_of([
                'abs(' ~ days_between("coalesce(vertraege.beginn, date '0001-01-01')", stichtag()) ~ ')',
                'vertraege.ev_nr',
                'not eigentuemer.ist_verwalteransprechpartner',
                '1 - coalesce(' ~ ratio('eigentuemer.anteil_zaehler', 'eigentuemer.anteil_nenner') ~ ', 0)',
                'vertraege.person_nr',
            ]) }}
        ) as person_nr
    from vertraege
    inner join sendbare_eigentuemer on vertraege.person_nr = sendbare_eigentuemer.person_nr
    inner join eigentuemer
        on
            {{ same_key('eigentuemervertrag', 'vertraege', 'eigentuemer') }}
            and vertraege.person_nr = eigentuemer.person_nr
    where vertraege.laeuft or not vertraege.ist_vergeben
    group by {{ record_key('verwaltungseinheit', table='vertraege') | join(', ') }}
),

zugeordnet as (
    select
        {{ record_key('verwaltungseinheit', table='verwaltungseinheiten') | join(', ') }},
        {{ composite_id('everreal', 'verwaltungseinheit', table='verwaltungseinheiten') }} as external_id,
        objekte.external_id as objekte_external_id,
        besitzer.person_nr as eigentuemer_external_id,
        coalesce(
            besitzer.person_nr, {{ sql_text(partner_settings('everreal').standard_eigentuemer) }}
        ) as eigentuemer_id,
        objekte.rule as objekt_regel,
        objekte.reason as objekt_grund
    from verwaltungseinheiten
    inner join objekte
        on
            verwaltungseinheiten.mandant_nr = objekte.mandant_nr
            and verwaltungseinheiten.we_nr is not distinct from objekte.we_nr
            -- where the WE is the property, all its Gebäude are one
            and (
                objekte.gebaeude_nr is null
                or verwaltungseinheiten.gebaeude_nr = objekte.gebaeude_nr
            )
    left join besitzer on {{ same_key('verwaltungseinheit', 'verwaltungseinheiten', 'besitzer') }}
    where {{ sendable('everreal', 'verwaltungseinheit', table='verwaltungseinheiten') }}  -- E1, I5
),

judged as (
    select
        {{ ve | join(', ') }},
        external_id,
        objekte_external_id,
        eigentuemer_external_id,
        eigentuemer_id,
        case
            when objekt_regel is not null then objekt_regel
            when eigentuemer_id is null then 'EV3'
        end as rule,
        case
            when objekt_regel is not null then 'property ' || objekte_external_id || ': ' || objekt_grund
            when eigentuemer_id is null then 'no owner who can be sent, and no standard_eigentuemer is set'
        end as reason
    from zugeordnet
)

select * from judged
