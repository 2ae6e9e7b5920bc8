with

typed as (
    {{ read_erp_table('verwaltungseinheit') }}
),

floors as (
    select
        *,
        {{ etagennummer('etage_lage', 'etage', 'quelle_erp') }} as etagennummer
    from typed
),

checked as (
    select
        {{ all_but(['_maengel']) }},
        {{ list_concat('_maengel', maengel([
            ('C5', 'etage_lage', 'contains(' ~ lower_case('etage_lage') ~ ", 'erdgeschoß')"),
            ('C3', 'etage_lage', 'etagennummer is null and ' ~ matches('etage_lage', '[0-9]{10}')),
        ])) }} as _maengel
    from floors
),

judged as (
    {{ judge_erp_rows(
        'checked',
        'verwaltungseinheit',
        parents=[
            {'table_name': 'gebaeude', 'when': 'gebaeude_nr is not null'},
            {'table_name': 'wirtschaftseinheit', 'when': 'we_nr is not null'},
        ],
        end_columns=['abgang_am', 'verwaltung_bis'],
    ) }}
)

select * from judged
