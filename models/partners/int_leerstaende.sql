{{ config(schema='intermediate', materialized='view') }}

with

leerstaende as (
    select * from {{ ref('base_erp__leerstand') }}
    -- C6, C7, L1 to L3, H1: rows that live and whose parents live
    where _rule is null
),

verwaltungseinheiten as (
    select * from {{ ref('stg_erp__verwaltungseinheit') }}
),

gebaeude as (
    select * from {{ ref('stg_erp__gebaeude') }}
),

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

mandanten as (
    select * from {{ ref('stg_erp__mandant') }}
),

ve_arten as (
    select * from {{ ref('ve_arten') }}
),

objektarten as (
    select * from {{ ref('openimmo_objektarten') }}
),

marked as (
    select
        leerstaende.*,
        {{ has_mangel('leerstaende', 'leer_bis') }} as ist_ende_unlesbar,
        {{ unread_value('leerstaende', 'nettokaltmiete') }} as nettokaltmiete_ungelesen
    from leerstaende
),

-- LE1: released (C3: what is not clearly true is not) and not over; of several, for letting first, then the
-- earliest. H1: an end that cannot be read is for int_leerstaende_unklar.
released as (
    select *
    from marked
    where
        freigegeben
        and coalesce(leer_bis >= {{ stichtag() }}, true)
        and not (leer_bis is null and ist_ende_unlesbar)
    qualify
        row_number() over (
            partition by {{ record_key('verwaltungseinheit') | join(', ') }}
            order by coalesce(vermarktungsart = 'Kauf', false), leer_ab nulls last
        ) = 1
),

described as (
    select
        {{ record_key('verwaltungseinheit', table='released') | join(',\n        ') }},
        mandanten.name as mandant_name,
        released.leer_ab,
        coalesce(released.verfuegbar_ab, released.leer_ab) as verfuegbar_ab,
        released.vermarktungsart,
        verwaltungseinheiten.ve_art,
        case {{ lower_case('released.objektart') }}
            when 'wohnen' then 'wohnen'
            when 'gewerbe' then 'gewerbe'
            when 'parkplatz' then 'stellplatz'
            else
                case ve_arten.klasse
                    when 'lager' then 'gewerbe'
                    when 'sonstiges' then null
                    else ve_arten.klasse
                end
        end as nutzung,
        gebaeude.strasse,
        {{ hausnummer('gebaeude') }} as hausnummer,
        gebaeude.plz,
        gebaeude.ort,
        gebaeude.land,
        try_cast(coalesce(released.etage, verwaltungseinheiten.etagennummer) as integer) as etage,
        coalesce(released.zimmer, verwaltungseinheiten.zimmer) as zimmer,
        coalesce(released.wohnflaeche, verwaltungseinheiten.wohnflaeche) as wohnflaeche,
        verwaltungseinheiten.nutzflaeche,
        coalesce(released.baujahr, gebaeude.baujahr, wirtschaftseinheiten.baujahr) as baujahr,
        {{ jahr('coalesce(released.baujahr, gebaeude.baujahr, wirtschaftseinheiten.baujahr)') }}
            as baujahr_zahl,
        released.nettokaltmiete,
        released.nettokaltmiete_ungelesen,
        released.nebenkosten,
        released.heizkosten,
        released.heizkosten_enthalten,
        released.warmmiete,
        released.kaution,
        verwaltungseinheiten.wbs_erforderlich,
        {{ lower_case('verwaltungseinheiten.ausstattung') }} as ausstattung,
        gebaeude.aufzug,
        -- One certificate, not halves of two: that of the vacancy, else that of the Gebäude.
        case
            when released.energieausweis_art is not null
                then {{ struct({
                    'art': upper_case('released.energieausweis_art'),
                    'gueltig_bis': 'released.energieausweis_gueltig_bis',
                    'kennwert': 'released.energie_kennwert',
                    'klasse': 'released.energieeffizienzklasse',
                    'traeger': 'released.energietraeger',
                    'jahrgang': 'released.energieausweis_jahrgang',
                    'gebaeudeart': 'released.energie_gebaeudeart',
                }) }}
            when gebaeude.energieausweis_art is not null
                then {{ struct({
                    'art': upper_case('gebaeude.energieausweis_art'),
                    'gueltig_bis': 'gebaeude.energieausweis_gueltig_bis',
                    'kennwert': 'gebaeude.energie_kennwert',
                    'klasse': 'gebaeude.energieeffizienzklasse',
                    'traeger': 'gebaeude.energietraeger',
                    'jahrgang': 'gebaeude.energieausweis_jahrgang',
                    'gebaeudeart': 'gebaeude.energie_gebaeudeart',
                }) }}
        end as energieausweis
    from released
    inner join verwaltungseinheiten
        on {{ same_key('verwaltungseinheit', 'released', 'verwaltungseinheiten') }}
    left join gebaeude on {{ same_key('gebaeude', 'released', 'gebaeude') }}
    left join wirtschaftseinheiten on {{ same_key('wirtschaftseinheit', 'released', 'wirtschaftseinheiten') }}
    left join mandanten on released.mandant_nr = mandanten.mandant_nr
    left join ve_arten on verwaltungseinheiten.ve_art = ve_arten.ve_art
),

-- What it is in OpenImmo: by its kind, where that agrees with its use, else by its use.
kinds as (
    select
        described.*,
        case
            when
                objektarten.element is not null
                and coalesce(described.nutzung = 'stellplatz', false) = (objektarten.element = 'parken')
                and coalesce(described.nutzung = 'wohnen', false)
                = (objektarten.element in ('wohnung', 'haus'))
                then {{ struct({
                    'element': 'objektarten.element',
                    'typ': 'objektarten.typ',
                }) }}
            when described.nutzung = 'wohnen'
                then {{ struct({
                    'element': "'wohnung'",
                    'typ': "'KEINE_ANGABE'",
                }) }}
            when described.nutzung = 'gewerbe'
                then {{ struct({
                    'element': "'sonstige'",
                    'typ': "'SONSTIGE'",
                }) }}
            when described.nutzung = 'stellplatz'
                then {{ struct({
                    'element': "'parken'",
                    'typ': "'STELLPLATZ'",
                }) }}
        end as objektart
    from described
    left join objektarten on described.ve_art = objektarten.ve_art
),

vacancies as (
    select
        {{ all_but(['objektart']) }},
        objektart['element'] as element,
        objektart['typ'] as typ
    from kinds
)

select * from vacancies
