with

typed as (
    {{ read_erp_table('wirtschaftseinheit') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'wirtschaftseinheit',
        eltern=[{'tabelle': 'mandant'}],
        enden=['verwaltung_bis'],
    ) }}
)

select * from judged
