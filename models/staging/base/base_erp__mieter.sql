with

typed as (
    {{ read_erp_table('mieter') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'mieter',
        eltern=[
            {'tabelle': 'mietvertrag'},
            {'tabelle': 'person'},
        ],
    ) }}
)

select * from judged
