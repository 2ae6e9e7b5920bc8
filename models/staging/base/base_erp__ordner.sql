{% set spalten = {
    'ordner_nr': 'text',
    'name': 'text',
    'parent_ordner_nr': 'text',
    'archiv_nr': 'text',
    'api_freigabe': 'wahrheitswert',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('ordner', spalten) }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'ordner',
        eltern=[{'tabelle': 'archiv', 'wenn': 'archiv_nr is not null'}],
    ) }}
)

select * from judged
