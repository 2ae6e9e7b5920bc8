with

-- The main communications stand with the contractors, the communications with the persons.
haupt as (
    select distinct unnest([
        json ->> '$.Person.FirstEmailCommunication.Id',
        json ->> '$.Person.FirstLandlinePhoneCommunication.Id',
        json ->> '$.Person.FirstMobilePhoneCommunication.Id'
    ]) as id
    from contractors
),

kontaktwege as (
    select
        json ->> '$.IdNum' as person_nr,
        unnest(json -> '$.Communications[*]') as kontaktweg,
        generate_subscripts(json -> '$.Communications[*]', 1) as stelle
    from persons
)

select
    person_nr,
    coalesce(kontaktweg ->> '$.Id', cast(stelle as varchar)) as lfd_nr,
    coalesce(kontaktweg ->> '$.CommunicationType.Name', kontaktweg ->> '$.CommunicationType') as art,
    kontaktweg ->> '$.Content' as wert,
    kontaktweg ->> '$.Explanation' as bemerkung,
    haupt.id is not null as ist_haupt,
    kontaktweg ->> '$.Id' as quelle_id
from kontaktwege
left join haupt on (kontaktweg ->> '$.Id') = haupt.id
