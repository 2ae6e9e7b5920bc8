{{ config(schema='intermediate', materialized='view') }}

with

leerstaende as (
    select * from {{ ref('base_erp__leerstand') }}
),

marked as (
    select
        leerstaende.*,
        {{ has_mangel('leerstaende', 'leer_bis') }} as ist_ende_unlesbar
    from leerstaende
),

-- H1: released, and nobody can tell whether it is over, or lives at all
unclear as (
    select
        {{ record_key('verwaltungseinheit') | join(',\n        ') }},
        quelle_erp,
        coalesce(_rule, 'H1') as rule,
        coalesce(_reason, 'leer_bis cannot be read') as reason
    from marked
    where
        freigegeben
        and (
            _rule = 'H1'
            or (_rule = 'C7' and ve_nr is not null)  -- no leer_ab
            or (_rule is null and leer_bis is null and ist_ende_unlesbar)
        )
)

select * from unclear
