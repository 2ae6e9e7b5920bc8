with

typed as (
    {{ read_erp_table('eigentuemer') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'eigentuemer',
        parents=[
            {'table_name': 'eigentuemervertrag'},
            {'table_name': 'person'},
        ],
    ) }}
)

select * from judged
