{% set spalten = {
    'archiv_nr': 'text',
    'name': 'text',
    'suchkategorie': 'text',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('archiv', spalten) }}
),

judged as (
    {{ judge_erp_rows('typed', 'archiv') }}
)

select * from judged
