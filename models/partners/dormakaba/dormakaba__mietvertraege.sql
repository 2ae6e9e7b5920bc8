{{ config(enabled=partner_aktiv('dormakaba')) }}

with

mietvertraege as (
    select * from {{ ref('int_mietvertraege') }}
),

mieter as (
    select * from {{ ref('int_dormakaba__mieter') }}
),

personen as (
    select * from {{ ref('int_personen') }}
),

tenants as (
    select
        mieter.vertrag_id,
        {{ any_value('mieter.verwaltungseinheit_id') }} as verwaltungseinheit_id,
        {% set entry -%}
            {% call struct() %}
                'externalId': mieter.vertrag_person_id,
                'firstName': mieter.vorname,
                'lastName': personen.name,
                'email': personen.email,
                'mobile': personen.handynummer,
                'locale': 'de-DE',
                'isMainContact': mieter.ist_hauptkontakt
            {% endcall %}
        {%- endset -%}
        {{ ordered_list(entry, order_by=['mieter.rang']) }} as tenants
    from mieter
    inner join personen on mieter.person_nr = personen.person_nr
    where not mieter.fehlt_vorname  -- V1: resivo requires a first name
    group by mieter.vertrag_id
),

records as (
    select
        tenants.vertrag_id as external_id,
        {{ composite_id('dormakaba', 'wirtschaftseinheit', table='mietvertraege') }}
            as liegenschaften_external_id,
        tenants.verwaltungseinheit_id as mietobjekte_external_id,
        mietvertraege.mietbeginn as "plannedMoveInDate",
        mietvertraege.ende as "plannedMoveOutDate",
        tenants.tenants
    from mietvertraege
    inner join tenants
        on {{ composite_id('dormakaba', 'mietvertrag', table='mietvertraege') }} = tenants.vertrag_id
    where mietvertraege.we_nr is not null  -- I3: its unit lies in a site
)

select * from records
