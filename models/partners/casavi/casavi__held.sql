{{ config(enabled=partner_aktiv('casavi')) }}

{% set shared_ids = shared_id_rows('vertraege_mieter', ref('int_casavi__id_konflikte')) %}

{% set without_begin %}
    from (
        {{ eigentumsverhaeltnisse('casavi') }}
    )
    where beginn is null  -- V1
{% endset %}

{% set reason = "'no readable beginn: casavi requires a startDate'" %}

with

records_in_doubt as (
    {{ held_rows(
        'casavi',
        entities={
            'liegenschaften': ['wirtschaftseinheit', 'estate_of_lease'],
            'einheiten': ['verwaltungseinheit', 'unit_of_lease'],
            'kontakte': ['tenant', 'owner'],
            'vertraege_mieter': ['mieter'],
            'vertraege_eigentuemer': ['eigentuemer'],
        },
        with_email={'kontakte': ['tenant', 'owner']},
        more=[
            shared_ids,
            held_row(
                'vertraege_eigentuemer',
                'vertrag_person_id',
                "'V1'",
                'eigentuemervertrag',
                reason,
                person_nr='person_nr',
            ) ~ without_begin,
            held_row(
                'kontakte',
                composite_id('casavi', 'person'),
                "'V1'",
                'eigentuemervertrag',
                reason,
                holds_below=false,
                person_nr='person_nr',
            ) ~ without_begin,
        ],
    ) }}
)

select * from records_in_doubt
