{{ config(enabled=partner_aktiv('everreal'), schema='partners', contract={'enforced': true}) }}

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

{# Of two leases that run at once, the one that began last. #}
aktuelle_mieten as (
    select
        {{ record_key('verwaltungseinheit', table='mietvertraege') | join(', ') }},
        arg_max(mieten.kaltmiete, row(mietvertraege.mietbeginn, mietvertraege.mv_nr)) as kaltmiete
    from mietvertraege
    inner join mieten on {{ same_key('mietvertrag', 'mietvertraege', 'mieten') }}
    where mietvertraege.status <> 'zukuenftig'
    group by {{ record_key('verwaltungseinheit', table='mietvertraege') | join(', ') }}
)

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
    coalesce(contains(lower(verwaltungseinheiten.ausstattung), 'keller'), false) as "mainStorage",
    case
        when verwaltungseinheiten.wbs_erforderlich then 'PUBLICLY_SUBSIDIZED'
        else 'PRIVATELY_FINANCED'
    end as "financingType",
    coalesce(verwaltungseinheiten.sollmiete, aktuelle_mieten.kaltmiete, 0) as "targetRent",
    aktuelle_mieten.kaltmiete as "currentRent",
    verwaltungseinheiten.wohnflaeche as "livingSurface",
    verwaltungseinheiten.nutzflaeche as "netFloorSurface",
    case
        when verwaltungseinheiten.zimmer is not null
            then struct_pack(rooms := verwaltungseinheiten.zimmer)
    end as rooms
from einheiten
inner join verwaltungseinheiten
    on {{ same_key('verwaltungseinheit', 'einheiten', 'verwaltungseinheiten') }}
left join ve_arten on verwaltungseinheiten.ve_art = ve_arten.ve_art
left join aktuelle_mieten on {{ same_key('verwaltungseinheit', 'einheiten', 'aktuelle_mieten') }}
where einheiten.regel is null  -- EV2, EV3, I6: with a property that is sent, and an owner
