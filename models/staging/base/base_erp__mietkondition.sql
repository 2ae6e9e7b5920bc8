with

typed as (
    {{ read_erp_table('mietkondition') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'mietkondition',
        parents=[{'table_name': 'mietvertrag'}],
    ) }}
)

select * from judged
