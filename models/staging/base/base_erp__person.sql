{% set spalten = {
    'person_nr': 'text',
    'person_art': 'wort',
    'anrede': 'text',
    'titel': 'text',
    'vorname': 'text',
    'nachname': 'text',
    'geburtsname': 'text',
    'firma1': 'text',
    'firma2': 'text',
    'geburtsdatum': 'datum',
    'todesdatum': 'datum',
    'geschlecht': 'text',
    'co_zusatz': 'text',
    'strasse': 'text',
    'hausnummer': 'text',
    'plz': 'text',
    'ort': 'text',
    'land': 'land',
    'gueltig_von': 'datum',
    'gueltig_bis': 'datum',
    'anonymisiert': 'sperre',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('person', spalten) }}
),

judged as (
    {{ judge_erp_rows('typed', 'person') }}
)

select * from judged
