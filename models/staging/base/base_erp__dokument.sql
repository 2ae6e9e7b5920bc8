with

typed as (
    {{ read_erp_table('dokument') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'dokument',
        parents=[{'table_name': 'ordner', 'when': 'ordner_nr is not null'}],
    ) }}
)

select * from judged
