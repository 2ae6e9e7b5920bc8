{{ config(schema='intermediate') }}

with

mietvertrag as (
    select * from {{ ref('stg_erp__mietvertrag') }}
),

in_scope as (
    select
        mandant_nr,
        we_nr,
        gebaeude_nr,
        ve_nr,
        mv_nr,
        quelle_erp,
        vertragsart,
        nutzungsart,
        status,
        kuendigungsfrist,
        zahlungsrhythmus,
        kaution_soll,
        vertragsdatum,
        mietbeginn,
        mietende,
        ende,
        kuendigung_am,
        kuendigung_zum,
        auszug_am
    from mietvertrag
    where {{ lease_in_scope('status', 'vertragsart') }}  -- L4
)

select * from in_scope
