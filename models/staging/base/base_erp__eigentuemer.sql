{% set spalten = {
    'mandant_nr': 'text',
    'we_nr': 'text',
    'gebaeude_nr': 'text',
    've_nr': 'text',
    'ev_nr': 'text',
    'person_nr': 'text',
    'anteil_zaehler': 'ganzzahl',
    'anteil_nenner': 'ganzzahl',
    'ist_verwalteransprechpartner': 'wahrheitswert',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('eigentuemer', spalten) }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'eigentuemer',
        eltern=[
            {'tabelle': 'eigentuemervertrag'},
            {'tabelle': 'person'},
        ],
    ) }}
)

select * from judged
