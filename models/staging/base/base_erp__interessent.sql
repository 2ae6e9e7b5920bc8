with

typed as (
    {{ read_erp_table('interessent') }}
),

judged as (
    {{ judge_erp_rows('typed', 'interessent') }}
)

select * from judged
