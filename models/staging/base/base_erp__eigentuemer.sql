with

typed as (
    {{ read_erp_table('eigentuemer') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'eigentuemer',
        eltern=[
            {'tabelle': 'eigentuemervertrag'},
            {'tabelle': 'person'},
        ],
    ) }}
)

select * from judged
