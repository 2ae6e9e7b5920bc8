with

typed as (
    {{ read_erp_table('einwilligung') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'einwilligung',
        parents=[{'table_name': 'person'}],
    ) }}
)

select * from judged
