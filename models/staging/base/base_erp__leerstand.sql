{% set spalten = {
    'mandant_nr': 'text',
    'we_nr': 'text',
    'gebaeude_nr': 'text',
    've_nr': 'text',
    'leer_ab': 'datum',
    'leer_bis': 'datum',
    'grund': 'text',
    'verfuegbar_ab': 'datum',
    'freigegeben': 'wahrheitswert',
    'vermarktungsart': 'text',
    'objektart': 'text',
    'nettokaltmiete': 'dezimalzahl(12, 2)',
    'nebenkosten': 'dezimalzahl(12, 2)',
    'heizkosten': 'dezimalzahl(12, 2)',
    'heizkosten_enthalten': 'wahrheitswert',
    'warmmiete': 'dezimalzahl(12, 2)',
    'kaution': 'dezimalzahl(12, 2)',
    'zimmer': 'dezimalzahl(3, 1)',
    'wohnflaeche': 'dezimalzahl(10, 2)',
    'etage': 'ganzzahl',
    'baujahr': 'jahr',
    'energieausweis_art': 'text',
    'energieausweis_gueltig_bis': 'datum',
    'energie_kennwert': 'dezimalzahl(10, 2)',
    'energieeffizienzklasse': 'text',
    'energietraeger': 'text',
    'energieausweis_jahrgang': 'text',
    'energie_gebaeudeart': 'text',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('leerstand', spalten) }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'leerstand',
        eltern=[{'tabelle': 'verwaltungseinheit'}],
    ) }}
)

select * from judged
