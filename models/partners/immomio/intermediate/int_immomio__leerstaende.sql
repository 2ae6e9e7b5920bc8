{{ config(enabled=partner_aktiv('immomio')) }}

{% set obstacles = openimmo_hindernisse('Immomio') + [
    (
        'nettokaltmiete',
        'nettokaltmiete_ungelesen',
        'nettokaltmiete_ungelesen is not null',
        'the Nettokaltmiete cannot be read',
    ),
] %}
{% set ohne_miete = [
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
        {{ befunde('V1', obstacles) }} as hindernisse,
        {{ befunde('LE2', ohne_miete) }} as ohne_miete
    from leerstaende
)

select * from judged
