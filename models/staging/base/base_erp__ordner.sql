with

typed as (
    {{ read_erp_table('ordner') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'ordner',
        eltern=[{'tabelle': 'archiv', 'wenn': 'archiv_nr is not null'}],
    ) }}
)

select * from judged
