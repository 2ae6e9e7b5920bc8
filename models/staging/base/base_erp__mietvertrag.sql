{% set spalten = {
    'mandant_nr': 'text',
    'we_nr': 'text',
    'gebaeude_nr': 'text',
    've_nr': 'text',
    'mv_nr': 'text',
    'vertragsart': 'wort',
    'nutzungsart': 'text',
    'vertragsdatum': 'datum',
    'mietbeginn': 'datum',
    'mietende': 'datum',
    'kuendigung_am': 'datum',
    'kuendigung_zum': 'datum',
    'kuendigungsfrist': 'text',
    'auszug_am': 'datum',
    'status_erp': 'wort',
    'kaution_soll': 'dezimalzahl(12, 2)',
    'zahlungsrhythmus': 'text',
    'quelle_erp': 'text',
    'quelle_id': 'text',
    'angelegt_am': 'zeitstempel',
    'geaendert_am': 'zeitstempel',
    'geloescht_kz': 'text',
    'geladen_am': 'zeitstempel',
} %}

with

typed as (
    {{ read_erp_table('mietvertrag', spalten) }}
),

ends as (
    select
        *,
        coalesce(mietende, kuendigung_zum) as ende
    from typed
),

states as (
    select
        *,
        {{ vertragsstatus('mietbeginn', 'ende', 'kuendigung_zum', 'status_erp') }} as status
    from ends
),

judged as (
    {{ judge_erp_rows(
        'states',
        'mietvertrag',
        eltern=[{'tabelle': 'verwaltungseinheit'}],
    ) }}
)

select * from judged
