{% set spalten = {
    'mandant_nr': 'text',
    'we_nr': 'text',
    'bezeichnung': 'text',
    'ort': 'text',
    'lage': 'text',
    'baujahr': 'jahr',
    'verwaltungsart': 'text',
    'verwaltung_von': 'datum',
    'verwaltung_bis': 'datum',
    'eigentuemer_person_nr': 'text',
    'weg_kz': 'wahrheitswert',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('wirtschaftseinheit', spalten) }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'wirtschaftseinheit',
        eltern=[{'tabelle': 'mandant'}],
        enden=['verwaltung_bis'],
    ) }}
)

select * from judged
