{{ config(enabled=partner_aktiv('everreal')) }}

with

eigentumsverhaeltnisse as (
    select * from {{ ref('int_everreal__eigentumsverhaeltnisse') }}
),

personen as (
    select * from {{ ref('int_everreal__personen') }}
),

eigentuemer as (
    select distinct person_nr
    from eigentumsverhaeltnisse
),

judged as (
    select
        personen.*,
        -- EV1: EverReal requires an e-mail address and a first name
        case when personen.email is null or personen."firstName" is null then 'EV1' end as rule,
        concat_ws(
            ', ',
            case when personen.email is null then 'email' end,
            case when personen."firstName" is null then 'vorname' end
        ) as fehlt
    from eigentuemer
    inner join personen on eigentuemer.person_nr = personen.person_nr
)

select * from judged
