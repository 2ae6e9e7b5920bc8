{% set spalten = {
    'mandant_nr': 'text',
    'we_nr': 'text',
    'gebaeude_nr': 'text',
    've_nr': 'text',
    'bezeichnung': 'text',
    've_art': 'text',
    'etage_lage': 'text',
    'etage': 'ganzzahl',
    'lage': 'text',
    'wohnflaeche': 'dezimalzahl(10, 2)',
    'nutzflaeche': 'dezimalzahl(10, 2)',
    'heizflaeche': 'dezimalzahl(10, 2)',
    'zimmer': 'dezimalzahl(3, 1)',
    'ausstattung': 'text',
    'mea': 'dezimalzahl(10, 4)',
    'wbs_erforderlich': 'wahrheitswert',
    'sollmiete': 'dezimalzahl(12, 2)',
    'verwaltung_von': 'datum',
    'verwaltung_bis': 'datum',
    'zugang_am': 'datum',
    'abgang_am': 'datum',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('verwaltungseinheit', spalten) }}
),

floors as (
    select
        *,
        {{ etagennummer('etage_lage', 'etage', 'quelle_erp') }} as etagennummer
    from typed
),

checked as (
    select
        * exclude (_maengel),
        list_concat(
            _maengel,
            {{ maengel([
                ('C5', 'etage_lage', "contains(lower(etage_lage), 'erdgeschoß')"),
                ('C3', 'etage_lage', "etagennummer is null and regexp_matches(etage_lage, '[0-9]{10}')"),
            ]) }}
        ) as _maengel
    from floors
),

judged as (
    {{ judge_erp_rows(
        'checked',
        'verwaltungseinheit',
        eltern=[
            {'tabelle': 'gebaeude', 'wenn': 'gebaeude_nr is not null'},
            {'tabelle': 'wirtschaftseinheit', 'wenn': 'we_nr is not null'},
        ],
        enden=['abgang_am', 'verwaltung_bis'],
    ) }}
)

select * from judged
