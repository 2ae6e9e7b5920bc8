with

typed as (
    {{ read_erp_table('einwilligung') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'einwilligung',
        eltern=[{'tabelle': 'person'}],
    ) }}
)

select * from judged
