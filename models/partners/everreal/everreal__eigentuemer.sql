{{ config(enabled=partner_aktiv('everreal')) }}

with

eigentuemer as (
    select * from {{ ref('int_everreal__eigentuemer') }}
),

records as (
    select
        {{ composite_id('everreal', 'person') }} as external_id,
        {{ everreal_meta() }} as meta,
        "firstName",
        "lastName",
        "companyName",
        email,
        telefon as "phoneNo",
        {{ everreal_address() }} as address
    from eigentuemer
    where rule is null  -- EV1: with an e-mail address and a first name
)

select * from records
