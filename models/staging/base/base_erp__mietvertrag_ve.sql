with

typed as (
    {{ read_erp_table('mietvertrag_ve') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'mietvertrag_ve',
        parents=[
            {'table_name': 'mietvertrag'},
            {'table_name': 'verwaltungseinheit', 'key': ['ve_mandant_nr', 've_we_nr', 've_gebaeude_nr', 've_ve_nr']},
        ],
    ) }}
)

select * from judged
