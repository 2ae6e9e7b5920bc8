with

typed as (
    {{ read_erp_table('mietkondition') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'mietkondition',
        eltern=[{'tabelle': 'mietvertrag'}],
    ) }}
)

select * from judged
