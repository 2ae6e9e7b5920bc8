with

typed as (
    {{ read_erp_table('gebaeude') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'gebaeude',
        parents=[
            {'table_name': 'mandant'},
            {'table_name': 'wirtschaftseinheit', 'when': 'we_nr is not null'},
        ],
        end_columns=['abgang_am'],
    ) }}
)

select * from judged
