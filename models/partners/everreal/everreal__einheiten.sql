{{ config(enabled=partner_aktiv('everreal')) }}

with

einheiten as (
    select * from {{ ref('int_everreal__einheiten') }}
),

verwaltungseinheiten as (
    select * from {{ ref('stg_erp__verwaltungseinheit') }}
),

ve_arten as (
    select * from {{ ref('int_everreal__ve_arten') }}
),

mietvertraege as (
    select * from {{ ref('int_mietvertraege') }}
),

mieten as (
    select * from {{ ref('int_everreal__mieten') }}
),

{# Released for letting and not over; of several, the one that comes first. #}
leerstaende as (
    select
        {{ key_columns('verwaltungseinheit') | join(', ') }},
        min_by(
            {% call struct() %}
                'verfuegbar_ab': coalesce(verfuegbar_ab, leer_ab),
                'nettokaltmiete': nullif(nettokaltmiete, 0),
                'nebenkosten': nebenkosten
            {% endcall %},
            leer_ab
        ) as angebot
    from {{ ref('stg_erp__leerstand') }}
    where
        freigegeben
        and coalesce(leer_bis >= {{ stichtag() }}, true)
        and coalesce(vermarktungsart, 'Miete') <> 'Kauf'
    group by {{ key_columns('verwaltungseinheit') | join(', ') }}
),

{# Of two leases that run at once, the one that began last. #}
aktuelle_mieten as (
    select
        {{ record_key('verwaltungseinheit', table='mietvertraege') | join(', ') }},
        max_by(
            mieten.kaltmiete, {{ rank_of(['mietvertraege.mietbeginn', 'mietvertraege.mv_nr']) }}
        ) as kaltmiete
    from mietvertraege
    inner join mieten on {{ same_key('mietvertrag', 'mietvertraege', 'mieten') }}
    where mietvertraege.status <> 'zukuenftig'
    group by {{ record_key('verwaltungseinheit', table='mietvertraege') | join(', ') }}
),

records as (
    select
        einheiten.external_id,
        einheiten.objekte_external_id,
        einheiten.eigentuemer_external_id,
        {{ everreal_meta() }} as meta,
        einheiten.eigentuemer_id as "externalOwnerId",
        {{ anzeigename('verwaltungseinheit', 'verwaltungseinheiten') }} as name,
        coalesce(ve_arten.category, 'RESIDENTIAL') as category,
        coalesce(ve_arten.type, 'APARTMENT') as type,
        coalesce(ve_arten.subtype, 'NO_INFORMATION') as subtype,
        coalesce(verwaltungseinheiten.etagennummer, 0) as "floorNo",
        coalesce(
            contains({{ lower_case('verwaltungseinheiten.ausstattung') }}, 'keller'), false
        ) as "mainStorage",
        case
            when verwaltungseinheiten.wbs_erforderlich then 'PUBLICLY_SUBSIDIZED'
            else 'PRIVATELY_FINANCED'
        end as "financingType",
        coalesce(
            leerstaende.angebot['nettokaltmiete'],
            verwaltungseinheiten.sollmiete,
            aktuelle_mieten.kaltmiete,
            0
        ) as "targetRent",
        leerstaende.angebot['nebenkosten'] as surcharges,
        aktuelle_mieten.kaltmiete as "currentRent",
        verwaltungseinheiten.wohnflaeche as "livingSurface",
        verwaltungseinheiten.nutzflaeche as "netFloorSurface",
        case
            when verwaltungseinheiten.zimmer is not null
                then {{ struct({
                    'rooms': 'verwaltungseinheiten.zimmer',
                }) }}
        end as rooms,
        leerstaende.angebot['verfuegbar_ab'] as "availableFrom"
    from einheiten
    inner join verwaltungseinheiten
        on {{ same_key('verwaltungseinheit', 'einheiten', 'verwaltungseinheiten') }}
    left join ve_arten on verwaltungseinheiten.ve_art = ve_arten.ve_art
    left join leerstaende on {{ same_key('verwaltungseinheit', 'einheiten', 'leerstaende') }}
    left join aktuelle_mieten on {{ same_key('verwaltungseinheit', 'einheiten', 'aktuelle_mieten') }}
    where einheiten.rule is null  -- EV2, EV3, I6: with a property that is sent, and an owner
)

select * from records
