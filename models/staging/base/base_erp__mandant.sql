{% set spalten = {
    'mandant_nr': 'text',
    'name': 'text',
    'art': 'text',
    'strasse': 'text',
    'hausnummer': 'text',
    'plz': 'text',
    'ort': 'text',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('mandant', spalten) }}
),

judged as (
    {{ judge_erp_rows('typed', 'mandant') }}
)

select * from judged
