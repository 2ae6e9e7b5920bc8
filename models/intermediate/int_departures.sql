{{ config(schema='intermediate', materialized='view') }}

with

personen as (
    select * from {{ ref('int_personen__pruefung') }}
),

mietvertraege as (
    select
        *,
        {{ lease_surely_out('mietvertrag') }}
        or coalesce(mietvertrag._rule in ('L1', 'L2'), false) as is_gone,
        -- C2: an end that cannot be read is not that of the notice
        case
            when mietvertrag.mietende is not null or not {{ has_mangel('mietvertrag', 'mietende') }}
                then mietvertrag.ende
        end as ends_on
    from {{ ref('base_erp__mietvertrag') }} as mietvertrag
    where mietvertrag._rule is null or mietvertrag._rule not in ('C6', 'C7', 'I3')
),

mieter as (
    select
        *,
        {{ has_mangel('mieter', 'rolle') }}
        or coalesce({{ lower_case('mieter.rolle') }} in ('hauptmieter', 'mitmieter'), true) as is_tenant
    from {{ ref('base_erp__mieter') }} as mieter
    where mieter._rule is null or mieter._rule not in ('C6', 'C7', 'I3')
),

-- A person may stand on a lease in several rows: it is gone when all of them are.
tenants as (
    select
        {{ record_key('mietvertrag', person=true, table='mieter') | join(', ') }},
        {{ any_value('mieter.quelle_erp') }} as quelle_erp,
        bool_and(
            coalesce(mieter._rule in ('L1', 'L2'), false)
            or coalesce(mieter.gueltig_bis < {{ stichtag() }}, false)
            or not mieter.is_tenant
            or coalesce(personen.ist_anonymisiert, false)
        ) as is_gone,
        bool_or(mieter.is_tenant and not coalesce(personen.ist_anonymisiert, false)) as is_tenant,
        min(mieter.gueltig_von) filter (where mieter.is_tenant) as gueltig_von,
        case
            when bool_and(mieter.gueltig_bis is not null) filter (where mieter.is_tenant)
                then max(mieter.gueltig_bis) filter (where mieter.is_tenant)
        end as gueltig_bis
    from mieter
    left join personen on mieter.person_nr = personen.person_nr
    group by {{ record_key('mietvertrag', person=true, table='mieter') | join(', ') }}
),

mieter_departures as (
    select
        tenants.*,
        tenants.is_gone or mietvertraege.is_gone as has_gone,
        greatest(mietvertraege.mietbeginn, tenants.gueltig_von) as begins_on,  -- I8
        -- I8; who is no tenant any more has not the end of the lease
        case when tenants.is_tenant then least(mietvertraege.ends_on, tenants.gueltig_bis) end as ends_on
    from tenants
    inner join mietvertraege on {{ same_key('mietvertrag', 'tenants', 'mietvertraege') }}
),

eigentuemervertraege as (
    select
        *,
        coalesce(_rule in ('L1', 'L2') or ende < {{ stichtag() }} or ende < beginn, false) as is_gone
    from {{ ref('base_erp__eigentuemervertrag') }}
    where _rule is null or _rule not in ('C6', 'C7', 'I3')
),

eigentuemer_departures as (
    select
        eigentuemer.*,
        eigentuemervertraege.is_gone
        or coalesce(eigentuemer._rule in ('L1', 'L2') or personen.ist_anonymisiert, false) as has_gone,
        eigentuemervertraege.beginn as begins_on,
        eigentuemervertraege.ende as ends_on
    from {{ ref('base_erp__eigentuemer') }} as eigentuemer
    inner join eigentuemervertraege
        on {{ same_key('eigentuemervertrag', 'eigentuemer', 'eigentuemervertraege') }}
    left join personen on eigentuemer.person_nr = personen.person_nr
    where eigentuemer._rule is null or eigentuemer._rule not in ('C6', 'C7', 'I3')
),

departures as (
    {% for level in ['wirtschaftseinheit', 'gebaeude', 'verwaltungseinheit'] %}
        {{ departure_rows(level, ref('base_erp__' ~ level), "coalesce(_rule in ('L1', 'L2'), false)") }}
        where _rule is null or _rule not in ('C6', 'C7', 'I3')
        union all
    {% endfor %}
    {{ departure_rows('mietvertrag', 'mietvertraege', 'is_gone', 'mietbeginn', 'ends_on') }}
    union all
    {{ departure_rows('mieter', 'mieter_departures', 'has_gone', 'begins_on', 'ends_on') }}
    union all
    {{ departure_rows('eigentuemervertrag', 'eigentuemervertraege', 'is_gone', 'beginn', 'ende') }}
    union all
    {{ departure_rows('eigentuemer', 'eigentuemer_departures', 'has_gone', 'begins_on', 'ends_on') }}
)

select * from departures
