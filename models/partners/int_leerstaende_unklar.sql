{{ config(schema='intermediate', materialized='view') }}

with

leerstaende as (
    select * from {{ ref('base_erp__leerstand') }}
),

-- H1: released, and nobody can tell whether it is over, or lives at all
unclear as (
    select
        {{ record_key('verwaltungseinheit') | join(',\n        ') }},
        quelle_erp,
        coalesce(_regel, 'H1') as regel,
        coalesce(_grund, 'leer_bis cannot be read') as grund
    from leerstaende
    where
        freigegeben
        and (
            _regel = 'H1'
            or (_regel = 'C7' and ve_nr is not null)  -- no leer_ab
            or (_regel is null and leer_bis is null and {{ has_mangel('leerstaende', 'leer_bis') }})
        )
)

select * from unclear
