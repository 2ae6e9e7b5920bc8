{% set spalten = {
    'mandant_nr': 'text',
    'we_nr': 'text',
    'gebaeude_nr': 'text',
    've_nr': 'text',
    'mv_nr': 'text',
    've_mandant_nr': 'text',
    've_we_nr': 'text',
    've_gebaeude_nr': 'text',
    've_ve_nr': 'text',
    'ist_haupteinheit': 'wahrheitswert',
    'gueltig_von': 'datum',
    'gueltig_bis': 'datum',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('mietvertrag_ve', spalten) }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'mietvertrag_ve',
        eltern=[
            {'tabelle': 'mietvertrag'},
            {'tabelle': 'verwaltungseinheit', 'schluessel': ['ve_mandant_nr', 've_we_nr', 've_gebaeude_nr', 've_ve_nr']},
        ],
    ) }}
)

select * from judged
