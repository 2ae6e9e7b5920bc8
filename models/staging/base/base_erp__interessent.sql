{% set spalten = {
    'interessent_nr': 'text',
    'person_nr': 'text',
    'vorname': 'text',
    'nachname': 'text',
    'geburtsdatum': 'datum',
    'email': 'text',
    'telefon': 'text',
    'objektnr': 'text',
    'status': 'text',
    'quelle_partner': 'text',
    'eingang_am': 'zeitstempel',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('interessent', spalten) }}
),

judged as (
    {{ judge_erp_rows('typed', 'interessent') }}
)

select * from judged
