{% set spalten = {
    'mandant_nr': 'text',
    'we_nr': 'text',
    'gebaeude_nr': 'text',
    've_nr': 'text',
    'mv_nr': 'text',
    'kondition_art': 'text',
    'gueltig_von': 'datum',
    'gueltig_bis': 'datum',
    'betrag_netto': 'dezimalzahl(12, 2)',
    'betrag_brutto': 'dezimalzahl(12, 2)',
    'ust_satz': 'dezimalzahl(5, 2)',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('mietkondition', spalten) }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'mietkondition',
        eltern=[{'tabelle': 'mietvertrag'}],
    ) }}
)

select * from judged
