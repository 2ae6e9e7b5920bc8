with

typed as (
    {{ read_erp_table('person') }}
),

judged as (
    {{ judge_erp_rows('typed', 'person') }}
)

select * from judged
