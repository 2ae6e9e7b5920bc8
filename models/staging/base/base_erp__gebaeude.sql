with

typed as (
    {{ read_erp_table('gebaeude') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'gebaeude',
        eltern=[
            {'tabelle': 'mandant'},
            {'tabelle': 'wirtschaftseinheit', 'wenn': 'we_nr is not null'},
        ],
        enden=['abgang_am'],
    ) }}
)

select * from judged
