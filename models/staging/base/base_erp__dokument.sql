{% set spalten = {
    'dokument_nr': 'text',
    'ordner_nr': 'text',
    'titel': 'text',
    'dateiname': 'text',
    'mime_typ': 'text',
    'groesse_bytes': 'ganzzahl(bigint)',
    'erstellt_am': 'zeitstempel',
    'bezug_art': 'text',
    'bezug_key': 'text',
    'dokumentart': 'text',
    'datenschutzkategorie': 'text',
    'bemerkung': 'text',
    'freigegeben': 'wahrheitswert',
    'sichtbar_fuer': 'text',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('dokument', spalten) }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'dokument',
        eltern=[{'tabelle': 'ordner', 'wenn': 'ordner_nr is not null'}],
    ) }}
)

select * from judged
