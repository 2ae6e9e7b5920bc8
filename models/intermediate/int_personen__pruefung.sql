{{ config(schema='intermediate') }}

with

person as (
    select
        *,
        coalesce(person_art = 'juristisch', false) as ist_firma
    from {{ ref('stg_erp__person') }}
),

benannt as (
    select
        *,
        case when ist_firma then coalesce(firma1, nachname) else nachname end as name
    from person
),

judged as (
    select
        person_nr,
        ist_firma,
        name,
        coalesce(anonymisiert, false) or {{ says_anonymised('name') }} as ist_anonymisiert,
        case
            when anonymisiert then 'L5'
            when name is null then 'E8'
            when {{ is_placeholder('name') }} then 'E9'
        end as rule
    from benannt
),

with_reason as (
    select
        person_nr,
        ist_firma,
        name,
        ist_anonymisiert,
        rule,
        case rule
            when 'L5' then 'anonymised'
            when 'E8' then case when ist_firma then 'no firma1 and no nachname' else 'no nachname' end
            when 'E9' then 'the name is a placeholder'
        end as reason
    from judged
)

select * from with_reason
