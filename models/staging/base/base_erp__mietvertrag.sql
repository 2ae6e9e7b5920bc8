with

typed as (
    {{ read_erp_table('mietvertrag') }}
),

ends as (
    select
        *,
        coalesce(mietende, kuendigung_zum) as ende
    from typed
),

states as (
    select
        *,
        {{ vertragsstatus('mietbeginn', 'ende', 'kuendigung_zum', 'status_erp') }} as status
    from ends
),

judged as (
    {{ judge_erp_rows(
        'states',
        'mietvertrag',
        parents=[{'table_name': 'verwaltungseinheit'}],
    ) }}
)

select * from judged
