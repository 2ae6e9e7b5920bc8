{{ config(enabled=partner_aktiv('idwell')) }}

{% set without_contact = [
    (
        'email',
        'cast(null as string)',
        'erp_email is null and erp_phone is null',
        'neither an e-mail address nor a phone number that iDWELL takes: it needs one of them',
    ),
    (
        'email',
        mask('coalesce(erp_email, erp_phone)'),
        '(erp_email is not null or erp_phone is not null) and email is null and phone is null',
        'another person keeps the e-mail address or the phone number, and there is nothing else: not sent',
    ),
] %}
{% set shared_contact = [
    (
        'email',
        mask('erp_email'),
        'erp_email is not null and email is null and phone is not null',
        'the person with the smaller person_nr has the e-mail address: sent with the phone number alone',
    ),
    (
        'telefon',
        mask('erp_phone'),
        'erp_phone is not null and phone is null and email is not null',
        'another person keeps the phone number: sent with the e-mail address alone',
    ),
] %}
{% set without_name = [
    (
        'nachname',
        mask('name'),
        'not ist_firma and last_name is null',
        'nothing is left of the name: iDWELL takes letters, blanks and _ & ; / . + - ( )',
    ),
] %}
{% set other_names = [
    (
        'vorname',
        mask('vorname'),
        'not ist_firma and first_name is distinct from vorname',
        'sent as far as iDWELL takes it: 70 characters, letters, blanks and _ & ; / . + - ( )',
    ),
    (
        'nachname',
        mask('name'),
        'not ist_firma and last_name is not null and last_name <> name',
        'sent as far as iDWELL takes it: 70 characters, letters, blanks and _ & ; / . + - ( )',
    ),
] %}

with

personen as (
    select * from {{ ref('int_personen') }}
),

mietverhaeltnisse as (
    select * from {{ ref('int_idwell__mietverhaeltnisse') }}
),

eigentumsverhaeltnisse as (
    select * from {{ ref('int_idwell__eigentumsverhaeltnisse') }}
),

anreden as (
    select * from {{ ref('anreden') }}
),

-- I7: who rents and owns is one user, and a landlord
beteiligte as (
    select
        mietverhaeltnisse.person_nr,
        false as is_owner
    from mietverhaeltnisse
    union all
    select
        eigentumsverhaeltnisse.person_nr,
        true as is_owner
    from eigentumsverhaeltnisse
),

rollen as (
    select
        person_nr,
        bool_or(is_owner) as ist_eigentuemer
    from beteiligte
    group by person_nr
),

users as (
    select
        personen.person_nr,
        personen.ist_firma,
        personen.vorname,
        personen.name,
        rollen.ist_eigentuemer,
        case when personen.ist_firma then 'company' else anreden.idwell_salutation end as salutation,
        personen.titel as title,
        case when not personen.ist_firma then {{ idwell_name('personen.vorname') }} end as first_name,
        case when not personen.ist_firma then {{ idwell_name('personen.name') }} end as last_name,
        case when personen.ist_firma then personen.name end as company,
        personen.email as erp_email,
        coalesce(personen.handynummer_e164, personen.festnetz_e164) as erp_phone,
        personen.strasse as street,
        personen.hausnummer as house_number,
        personen.plz as zip,
        personen.ort as city,
        personen.land as country,
        {{ full_match('personen.person_nr', '[0-9]+') }} as is_number
    from personen
    inner join rollen on personen.person_nr = rollen.person_nr
    left join anreden on personen.anrede = anreden.anrede
),

compared as (
    select
        *,
        -- E11: numbers are compared as numbers where all of one address, or of one phone number, are
        bool_and(is_number) over (partition by erp_email) as are_numbers,
        bool_and(is_number) over (partition by erp_phone) as are_numbers_by_phone,
        {{ replace_first_match('person_nr', '^0+', '') }} as digits
    from users
),

ranked as (
    select
        *,
        row_number() over (
            partition by erp_email
            order by
                case when are_numbers then length(digits) end asc,
                case when are_numbers then digits end asc,
                person_nr asc
        ) as rang
    from compared
),

with_own_email as (
    select
        *,
        case when rang = 1 then erp_email end as email
    from ranked
),

-- A phone number is who somebody is there, too: who has nothing else keeps it.
ranked_by_phone as (
    select
        *,
        row_number() over (
            partition by erp_phone
            order by
                email is not null asc,
                case when are_numbers_by_phone then length(digits) end asc,
                case when are_numbers_by_phone then digits end asc,
                person_nr asc
        ) as rang_telefon
    from with_own_email
),

with_own_phone as (
    select
        *,
        case when rang_telefon = 1 then erp_phone end as phone
    from ranked_by_phone
),

judged as (
    select
        *,
        coalesce(
            {{ befunde('E10', without_contact[:1]) }},
            {{ befunde('E11', without_contact[1:]) }},
            {{ befunde('V1', without_name) }}
        ) as hindernisse,
        {{ befunde('E11', shared_contact) }} as geteilt,
        {{ befunde('V2', other_names) }} as auslassungen
    from with_own_phone
)

select * from judged
