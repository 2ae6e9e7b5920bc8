with

typed as (
    {{ read_erp_table('ordner') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'ordner',
        parents=[{'table_name': 'archiv', 'when': 'archiv_nr is not null'}],
    ) }}
)

select * from judged
