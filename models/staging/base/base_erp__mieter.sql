{% set spalten = {
    'mandant_nr': 'text',
    'we_nr': 'text',
    'gebaeude_nr': 'text',
    've_nr': 'text',
    'mv_nr': 'text',
    'person_nr': 'text',
    'rolle': 'wort',
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
    {{ read_erp_table('mieter', spalten) }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'mieter',
        eltern=[
            {'tabelle': 'mietvertrag'},
            {'tabelle': 'person'},
        ],
    ) }}
)

select * from judged
