with

typed as (
    {{ read_erp_table('archiv') }}
),

judged as (
    {{ judge_erp_rows('typed', 'archiv') }}
)

select * from judged
