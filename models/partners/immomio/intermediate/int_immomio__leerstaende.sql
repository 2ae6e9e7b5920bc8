{{ config(enabled=partner_aktiv('immomio')) }}

{% set without_rent = [
    (
        'nettokaltmiete',
        'nettokaltmiete',
        'nettokaltmiete_ungelesen is null and coalesce(nettokaltmiete <= 0, true)',
        'Immomio takes vacancies with a Nettokaltmiete above 0 alone',
    ),
] %}

with

leerstaende as (
    select *
    from {{ ref('int_leerstaende') }}
    where {{ in_mandanten('immomio') }}  -- E1
),

judged as (
    select
        *,
        {{ befunde('V1', openimmo_hindernisse('Immomio')) }} as hindernisse,
        {{ kein_angebot('Immomio', without_rent) }} as kein_angebot
    from leerstaende
)

select * from judged
