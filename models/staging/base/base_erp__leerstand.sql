with

typed as (
    {{ read_erp_table('leerstand') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'leerstand',
        eltern=[{'tabelle': 'verwaltungseinheit'}],
    ) }}
)

select * from judged
