{% set spalten = {
    'mandant_nr': 'text',
    'we_nr': 'text',
    'gebaeude_nr': 'text',
    'bezeichnung': 'text',
    'art': 'text',
    'strasse': 'text',
    'hausnummer': 'text',
    'hausnummer_zusatz': 'text',
    'plz': 'text',
    'ort': 'text',
    'ortsteil': 'text',
    'land': 'land(DE)',
    'baujahr': 'jahr',
    'geschosse': 'ganzzahl',
    'aufzug': 'wahrheitswert',
    'denkmalschutz': 'wahrheitswert',
    'energieausweis_art': 'text',
    'energieausweis_gueltig_bis': 'datum',
    'energie_kennwert': 'dezimalzahl(10, 2)',
    'energieeffizienzklasse': 'text',
    'energietraeger': 'text',
    'energieausweis_jahrgang': 'text',
    'energie_gebaeudeart': 'text',
    'zugang_am': 'datum',
    'abgang_am': 'datum',
    'abgang_grund': 'text',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('gebaeude', spalten) }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'gebaeude',
        eltern=[
            {'tabelle': 'mandant'},
            {'tabelle': 'wirtschaftseinheit', 'wenn': 'we_nr is not null'},
        ],
        enden=['abgang_am'],
    ) }}
)

select * from judged
