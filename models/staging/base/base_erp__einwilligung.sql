{% set spalten = {
    'person_nr': 'text',
    'zweck': 'text',
    'erteilt': 'wahrheitswert',
    'erteilt_am': 'zeitstempel',
    'widerrufen_am': 'zeitstempel',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('einwilligung', spalten) }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'einwilligung',
        eltern=[{'tabelle': 'person'}],
    ) }}
)

select * from judged
