with

typed as (
    {{ read_erp_table('wirtschaftseinheit') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'wirtschaftseinheit',
        parents=[{'table_name': 'mandant'}],
        end_columns=['verwaltung_bis'],
    ) }}
)

select * from judged
