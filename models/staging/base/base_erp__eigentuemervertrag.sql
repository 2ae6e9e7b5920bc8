with

typed as (
    {{ read_erp_table('eigentuemervertrag') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'eigentuemervertrag',
        parents=[{'table_name': 'verwaltungseinheit'}],
    ) }}
)

select * from judged
