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
        'no valid e-mail address: '
        || {{ ordered_text(mask('kontaktwege.wert'), ', ', order_by='kontaktwege._zeile') }} as addresses
    from kontaktwege
    where
        (kontaktwege._rule is null and {{ has_mangel('kontaktwege', 'wert', 'E5') }})
        -- H1, C9: an address whose row is in doubt, or whose kind is on no list
        -- C7: without its own number, it is still the person's address
        or (
            kontaktwege._rule in ('H1', 'C7')
            and ({{ has_mangel('kontaktwege', 'wert', 'E5') }} or kontaktwege.email_adresse is not null)
        )
        or (
            (kontaktwege._rule is null or kontaktwege._rule in ('H1', 'C7'))
            and {{ has_mangel('kontaktwege', 'art', 'C9') }}
            and contains(kontaktwege.wert, '@')
        )
    group by kontaktwege.person_nr
),

-- C7: an address that names no person may be that of anybody who has none
of_nobody as (
    select min(kontaktwege._zeile) as zeile
    from kontaktwege
    where
        kontaktwege._rule = 'C7'
        and kontaktwege.person_nr is null
        and kontaktwege.email_adresse is not null
),

without_valid_address as (
    select
        personen.person_nr,
        coalesce(
            unclear.addresses,
            'no e-mail address, but kontaktweg row ' || of_nobody.zeile || ': one without person_nr'
        ) as addresses
    from personen
    left join unclear on personen.person_nr = unclear.person_nr
    cross join of_nobody
    -- E3: a valid one beside it is the person's address
    where personen.email is null and (unclear.person_nr is not null or of_nobody.zeile is not null)
)

select * from without_valid_address
