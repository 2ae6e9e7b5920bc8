{{ config(enabled=partner_aktiv('facilioo')) }}

{% set shared_ids = shared_id_rows('vertraege_mieter', ref('int_facilioo__id_konflikte')) %}

{#- An address that is there and not valid (E5) stays at facilioo as it was, also that of an owner. -#}
{% set addresses -%}
    {{ held_row(
        'kontaktdaten',
        composite_id('facilioo', 'person') ~ " || '" ~ partner_settings('facilioo').separator ~ "email'",
        "'E5'",
        'kontaktweg',
        'reason',
        person_nr='person_nr',
    ) }}
    from doubts
    where of_email
{%- endset %}
{% set more = [shared_ids, addresses] %}
{% do more.extend(document_doubts('facilioo', 'dokumente', folders='dokumentenordner')) %}

with

records_in_doubt as (
    {{ held_rows(
        'facilioo',
        entities={
            'projekte': ['wirtschaftseinheit'],
            'gebaeude': ['gebaeude'],
            'eingaenge': ['gebaeude'],
            'einheiten': ['verwaltungseinheit'],
            'parteien_mieter': ['tenant', 'owner'],
            'vertraege_mieter': ['mieter'],
            'vertraege_eigentuemer': ['eigentuemer'],
        },
        with_email={'parteien_mieter': ['owner']},
        email_mark='isContactableByEmail":true',
        more=more,
    ) }}
)

select * from records_in_doubt
