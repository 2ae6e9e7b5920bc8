{% set spalten = {
    'mandant_nr': 'text',
    'we_nr': 'text',
    'gebaeude_nr': 'text',
    've_nr': 'text',
    'ev_nr': 'text',
    'art': 'text',
    'beginn': 'datum',
    'ende': 'datum',
    'hausgeld': 'dezimalzahl(12, 2)',
    'sondereigentumsverwaltung': 'wahrheitswert',
    'selbstgenutzt': 'wahrheitswert',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('eigentuemervertrag', spalten) }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'eigentuemervertrag',
        eltern=[{'tabelle': 'verwaltungseinheit'}],
    ) }}
)

select * from judged
