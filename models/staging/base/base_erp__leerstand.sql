with

typed as (
    {{ read_erp_table('leerstand') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'leerstand',
        parents=[{'table_name': 'verwaltungseinheit'}],
    ) }}
)

select * from judged
