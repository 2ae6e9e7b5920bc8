{{ config(enabled=partner_aktiv('dormakaba')) }}

{% set without_first_name %}
    from {{ ref('int_dormakaba__mieter') }}
    where fehlt_vorname  -- V1
{% endset %}

with

records_in_doubt as (
    {{ held_rows(
        'dormakaba',
        entities={
            'liegenschaften': ['wirtschaftseinheit'],
            'gebaeude': ['gebaeude'],
            'mietobjekte': ['verwaltungseinheit'],
            'mietvertraege': ['mietvertrag', 'lease_of_tenant'],
        },
        also_in_mart={'mietvertraege': ['lease_of_tenant']},
        with_email={'mietvertraege': ['lease_of_tenant']},
        more=[
            held_row(
                'mietvertraege',
                'vertrag_id',
                "'V1'",
                'mieter',
                "'no first name: resivo requires one'",
                also_in_mart=true,
                part='vertrag_person_id',
                person_nr='person_nr',
            ) ~ without_first_name,
        ],
    ) }}
)

select * from records_in_doubt
