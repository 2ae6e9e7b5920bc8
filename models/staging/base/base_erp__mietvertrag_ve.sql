with

typed as (
    {{ read_erp_table('mietvertrag_ve') }}
),

judged as (
    {{ judge_erp_rows(
        'typed',
        'mietvertrag_ve',
        eltern=[
            {'tabelle': 'mietvertrag'},
            {'tabelle': 'verwaltungseinheit', 'schluessel': ['ve_mandant_nr', 've_we_nr', 've_gebaeude_nr', 've_ve_nr']},
        ],
    ) }}
)

select * from judged
