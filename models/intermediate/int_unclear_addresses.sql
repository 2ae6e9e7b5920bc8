{{ config(schema='intermediate') }}

with

kontaktwege as (
    select * from {{ ref('base_erp__kontaktweg') }}
),

personen as (
    select * from {{ ref('int_personen') }}
),

unclear as (
    select
        kontaktwege.person_nr,
        string_agg({{ mask('kontaktwege.wert') }}, ', ' order by kontaktwege._zeile) as addresses
    from kontaktwege
    where
        (kontaktwege._regel is null and {{ has_mangel('kontaktwege', 'wert', 'E5') }})
        -- H1, C9: an address whose row is in doubt, or whose kind is on no list
        -- C7: without its own number, it is still the person's address
        or (
            kontaktwege._regel in ('H1', 'C7')
            and ({{ has_mangel('kontaktwege', 'wert', 'E5') }} or kontaktwege.email_adresse is not null)
        )
        or (
            (kontaktwege._regel is null or kontaktwege._regel in ('H1', 'C7'))
            and {{ has_mangel('kontaktwege', 'art', 'C9') }}
            and contains(kontaktwege.wert, '@')
        )
    group by kontaktwege.person_nr
)

select unclear.*
from unclear
inner join personen on unclear.person_nr = personen.person_nr
-- E3: a valid one beside it is the person's address
where personen.email is null
