with

typed as (
    {{ read_erp_table('dokument') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'dokument',
        eltern=[{'tabelle': 'ordner', 'wenn': 'ordner_nr is not null'}],
    ) }}
)

select * from judged
