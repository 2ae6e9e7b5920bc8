with

typed as (
    {{ read_erp_table('eigentuemervertrag') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'eigentuemervertrag',
        eltern=[{'tabelle': 'verwaltungseinheit'}],
    ) }}
)

select * from judged
