{{ config(schema='quality') }}

{% set tables = [
    'mandant',
    'wirtschaftseinheit',
    'gebaeude',
    'verwaltungseinheit',
    'mietvertrag',
    'mietvertrag_ve',
    'mietkondition',
    'person',
    'kontaktweg',
    'mieter',
    'eigentuemervertrag',
    'eigentuemer',
    'interessent',
    'leerstand',
    'archiv',
    'ordner',
    'dokument',
    'einwilligung',
] %}
{% set mieter_key = record_key('mietvertrag', person=true) %}
{% set eigentuemer_key = record_key('eigentuemervertrag', person=true) %}

with

personen as (
    select * from {{ ref('int_personen__pruefung') }}
),

mietvertraege as (
    select * from {{ ref('stg_erp__mietvertrag') }}
),

mietvertraege_in_scope as (
    select * from {{ ref('int_mietvertraege') }}
),

mieter as (
    select * from {{ ref('int_mieter__pruefung') }}
),

mieter_in_scope as (
    select * from {{ ref('int_mieter') }}
),

eigentuemervertraege as (
    select * from {{ ref('int_eigentuemervertraege__pruefung') }}
),

eigentuemer as (
    select * from {{ ref('stg_erp__eigentuemer') }}
),

erp_rows as (
    {{ base_findings(tables) }}
),

persons_not_sent as (
    select
        rule,
        'person' as table_name,
        person_nr as key,
        case when ist_firma then 'firma1' else 'nachname' end as column_name,
        {{ mask('name') }} as value,
        reason
    from personen
    where rule in ('E8', 'E9')
),

leases_out_of_scope as (
    select
        'L4' as rule,
        'mietvertrag' as table_name,
        {{ erp_key_text(key_columns('mietvertrag')) }} as key,
        case
            when status is null then 'mietbeginn'
            when status in ('storniert', 'beendet') then 'status'
            else 'vertragsart'
        end as column_name,
        case
            when status in ('storniert', 'beendet') then status
            when status is not null then vertragsart
        end as value,
        case when status is null then 'no readable mietbeginn: the lease has no state' end as reason
    from mietvertraege
    where not {{ lease_in_scope('status', 'vertragsart') }}
),

tenants_not_sent as (
    select
        rule,
        'mieter' as table_name,
        {{ erp_key_text(mieter_key) }} as key,
        cast(null as string) as column_name,
        cast(null as string) as value,
        reason
    from mieter
    where rule is not null
),

tenants_without_email as (
    select
        'E2' as rule,
        'mieter' as table_name,
        {{ erp_key_text(mieter_key) }} as key,
        'email' as column_name,
        cast(null as string) as value,
        'no valid e-mail address' as reason
    from mieter_in_scope
    where email is null
),

tenants_with_crossed_dates as (
    select
        'I8' as rule,
        'mieter' as table_name,
        {{ erp_key_text(mieter_key) }} as key,
        'beginn' as column_name,
        cast(beginn as string) as value,
        'beginn after ende ' || ende as reason
    from mieter_in_scope
    where beginn > ende
),

tenants_of_leases as (
    select
        {{ erp_key_text(key_columns('mietvertrag'), 'vertrag') }} as key,
        count(mieter_in_scope.person_nr) as mieter,
        count(mieter_in_scope.email) as mieter_mit_email,
        count(*) filter (where mieter_in_scope.ist_hauptmieter) as hauptmieter
    from mietvertraege_in_scope as vertrag
    left join mieter_in_scope on {{ same_key('mietvertrag', 'vertrag', 'mieter_in_scope') }}
    group by all
),

leases_with_wrong_tenants as (
    select
        case
            when mieter = 0 then 'L5'
            when mieter_mit_email = 0 then 'E2'
        end as rule,
        'mietvertrag' as table_name,
        key,
        cast(null as string) as column_name,
        cast(null as string) as value,
        case when mieter = 0 then 'no tenant' else 'no tenant with a valid e-mail address' end as reason
    from tenants_of_leases
    where mieter_mit_email = 0
    union all
    select
        'R-HM' as rule,
        'mietvertrag' as table_name,
        key,
        cast(null as string) as column_name,
        cast(null as string) as value,
        hauptmieter || ' Hauptmieter' as reason
    from tenants_of_leases
    where mieter > 0 and hauptmieter <> 1
),

owner_contracts_not_sent as (
    select
        rule,
        'eigentuemervertrag' as table_name,
        {{ erp_key_text(key_columns('eigentuemervertrag')) }} as key,
        cast(null as string) as column_name,
        cast(null as string) as value,
        reason
    from eigentuemervertraege
    where rule is not null
),

owners_not_sent as (
    select
        case personen.rule when 'L5' then 'L6' else personen.rule end as rule,
        'eigentuemer' as table_name,
        {{ erp_key_text(eigentuemer_key, 'eigentuemer') }} as key,
        cast(null as string) as column_name,
        cast(null as string) as value,
        'person ' || personen.person_nr || ': ' || personen.reason as reason
    from eigentuemer
    inner join personen on eigentuemer.person_nr = personen.person_nr
    where personen.rule is not null
),

for_all_partners as (
    select * from erp_rows
    union all
    select * from persons_not_sent
    union all
    select * from leases_out_of_scope
    union all
    select * from tenants_not_sent
    union all
    select * from tenants_without_email
    union all
    select * from tenants_with_crossed_dates
    union all
    select * from leases_with_wrong_tenants
    union all
    select * from owner_contracts_not_sent
    union all
    select * from owners_not_sent
),

findings as (
    {{ with_partner_findings('for_all_partners') }}
)

select * from findings
