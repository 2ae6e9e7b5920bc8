{{ config(enabled=partner_aktiv('everreal')) }}

{% set mv = key_columns('mietvertrag') %}

with

mietverhaeltnisse as (
    select * from {{ ref('int_everreal__mietverhaeltnisse') }}
),

mieter as (
    select * from {{ ref('int_mieter') }}
),

personen as (
    select * from {{ ref('int_everreal__personen') }}
),

einheiten as (
    select * from {{ ref('int_everreal__einheiten') }}
),

tenants as (
    select
        mietverhaeltnisse.*,
        mieter.ist_hauptmieter,
        personen."firstName",
        personen."lastName",
        personen.email,
        personen.telefon
    from mietverhaeltnisse
    inner join mieter
        on
            {{ same_key('mietvertrag', 'mietverhaeltnisse', 'mieter') }}
            and mietverhaeltnisse.person_nr = mieter.person_nr
    inner join personen on mietverhaeltnisse.person_nr = personen.person_nr
),

{# A lease is one contract there, so it has one record: of several Hauptmieter, the first who moved in. #}
leases as (
    select
        {{ mv | join(', ') }},
        {{ any_value('verwaltungseinheit_id') }} as einheiten_external_id,
        min_by(person_nr, {{ rank_of(['beginn', 'person_nr']) }}) filter (
            where ist_hauptmieter and "firstName" is not null
        ) as hauptmieter,
        bool_or(ist_hauptmieter) as hat_hauptmieter
    from tenants
    group by {{ mv | join(', ') }}
),

weitere as (
    select
        {{ record_key('mietvertrag', table='leases') | join(', ') }},
        {% set entry -%}
            {% call struct() %}
                'externalId': tenants.vertrag_person_id,
                'firstName': tenants."firstName",
                'lastName': tenants."lastName",
                'email': tenants.email,
                'phoneNumber': tenants.telefon
            {% endcall %}
        {%- endset -%}
        {{ ordered_list(entry, order_by=['not tenants.ist_hauptmieter', 'tenants.person_nr']) }} as mieter
    from leases
    inner join tenants
        on
            {{ same_key('mietvertrag', 'leases', 'tenants') }}
            and leases.hauptmieter <> tenants.person_nr
    group by {{ record_key('mietvertrag', table='leases') | join(', ') }}
),

judged as (
    select
        {{ record_key('mietvertrag', table='leases') | join(', ') }},
        leases.einheiten_external_id,
        leases.hauptmieter,
        coalesce(weitere.mieter, {{ list_of('') }}) as weitere_mieter,
        case
            when einheiten.rule is not null then einheiten.rule
            when leases.hauptmieter is null then 'EV4'
        end as rule,
        case
            when einheiten.rule is not null then 'unit ' || einheiten.external_id || ': ' || einheiten.reason
            when leases.hauptmieter is null and leases.hat_hauptmieter then 'no Hauptmieter with a first name'
            when leases.hauptmieter is null then 'no Hauptmieter'
        end as reason
    from leases
    inner join einheiten on {{ same_key('verwaltungseinheit', 'leases', 'einheiten') }}
    left join weitere on {{ same_key('mietvertrag', 'leases', 'weitere') }}
)

select * from judged
