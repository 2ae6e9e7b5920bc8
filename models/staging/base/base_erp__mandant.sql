with

typed as (
    {{ read_erp_table('mandant') }}
),

judged as (
    {{ judge_erp_rows('typed', 'mandant') }}
)

select * from judged
