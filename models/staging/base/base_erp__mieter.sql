with

typed as (
    {{ read_erp_table('mieter') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'mieter',
        parents=[
            {'table_name': 'mietvertrag'},
            {'table_name': 'person'},
        ],
    ) }}
)

select * from judged
