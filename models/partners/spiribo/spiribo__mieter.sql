{{ config(enabled=partner_aktiv('spiribo')) }}

with

personen as (
    select * from {{ ref('int_personen') }}
),

mietverhaeltnisse as (
    select * from {{ ref('int_spiribo__mietverhaeltnisse') }}
),

anreden as (
    select
        {{ as_word('anrede') }} as wort,
        spiribo_salutation
    from {{ ref('spiribo_anreden') }}
),

records as (
    select
        {{ composite_id('spiribo', 'person', table='personen') }} as external_id,
        personen.name as "lastName",
        {{ vorname('personen') }} as "firstName",
        case when personen.ist_firma then 'company' else anreden.spiribo_salutation end as salutation,
        personen.titel as title,
        case when personen.ist_firma then personen.name end as company,
        personen.email,
        personen.festnetz as phone,
        personen.handynummer as mobile,
        cast(personen.geburtsdatum as date) as "dateOfBirth",
        case
            when coalesce(personen.strasse, personen.plz, personen.ort) is not null
                then {{ struct({
                    'street': 'personen.strasse',
                    'houseNumber': 'personen.hausnummer',
                    'zip': 'personen.plz',
                    'city': 'personen.ort',
                    'country': 'personen.land',
                }) }}
        end as "correspondenceAddress"
    from personen
    left join anreden on {{ as_word('personen.anrede') }} = anreden.wort
    where personen.person_nr in (select mietverhaeltnisse.person_nr from mietverhaeltnisse)  -- E1, E6, I5
)

select * from records
