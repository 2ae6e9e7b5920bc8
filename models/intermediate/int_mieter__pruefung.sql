{{ config(schema='intermediate') }}

with

mietvertraege as (
    select * from {{ ref('int_mietvertraege') }}
),

mieter as (
    select * from {{ ref('stg_erp__mieter') }}
),

personen as (
    select * from {{ ref('int_personen__pruefung') }}
),

judged as (
    select
        mieter.mandant_nr,
        mieter.we_nr,
        mieter.gebaeude_nr,
        mieter.ve_nr,
        mieter.mv_nr,
        mieter.person_nr,
        mieter.rolle,
        mieter.gueltig_von,
        mieter.gueltig_bis,
        mieter.quelle_erp,
        mieter._zeile,
        mietvertraege.mietbeginn,
        mietvertraege.ende as mietende,
        case
            when mieter.rolle not in ('Hauptmieter', 'Mitmieter') then 'L5'
            when mieter.gueltig_bis < {{ stichtag() }} then 'L5'
            else personen.rule
        end as rule,
        case
            when mieter.rolle not in ('Hauptmieter', 'Mitmieter') then 'rolle ' || mieter.rolle
            when mieter.gueltig_bis < {{ stichtag() }} then 'gueltig_bis ' || mieter.gueltig_bis
            else 'person ' || mieter.person_nr || ': ' || personen.reason
        end as reason
    from mieter
    inner join mietvertraege on {{ same_key('mietvertrag', 'mieter', 'mietvertraege') }}
    inner join personen on mieter.person_nr = personen.person_nr
),

{# Only who may be on a lease twice is ranked: a window over all tenants would cost far more. #}
repeated as (
    select {{ key_hash(record_key('mietvertrag', person=true)) }} as key_hash
    from judged
    where rule is null
    group by key_hash
    having count(*) > 1
),

ranked as (
    select
        judged._zeile,
        row_number() over (
            partition by {{ record_key('mietvertrag', person=true, table='judged') | join(', ') }}
            order by judged.rolle = 'Hauptmieter' desc, judged.gueltig_von asc nulls last, judged._zeile asc
        ) as rang
    from judged
    semi join repeated
        on {{ key_hash(record_key('mietvertrag', person=true, table='judged')) }} = repeated.key_hash
    where judged.rule is null
),

twice as (
    select _zeile
    from ranked
    where rang > 1
),

judged_once as (
    select
        {{ all_but(['rule', 'reason'], of='judged') }},
        case when twice._zeile is not null then 'L5' else judged.rule end as rule,
        case
            when twice._zeile is not null
                then 'row ' || judged._zeile || ': the person is on the lease twice'
            when judged.rule is not null then judged.reason
        end as reason
    from judged
    left join twice on judged._zeile = twice._zeile
)

select * from judged_once
