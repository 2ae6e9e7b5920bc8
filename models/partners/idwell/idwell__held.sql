{{ config(enabled=partner_aktiv('idwell')) }}

{%- set shared_ids = shared_id_rows('bezuege_mieter', ref('int_idwell__id_konflikte')) %}

{#- E5: an address that is there and not valid; what was sent of the person stays. -#}
{% set addresses -%}
    {{ held_row(
        'personen_mieter',
        composite_id('idwell', 'person', table='adressen'),
        "'E5'",
        'kontaktweg',
        'adressen.addresses',
        also_in_mart=true,
        part="'@'",
        holds_below=false,
        person_nr='adressen.person_nr',
    ) }}
    from {{ ref('int_unclear_addresses') }} as adressen
    inner join {{ ref('int_idwell__personen') }} as personen on adressen.person_nr = personen.person_nr
{%- endset %}

{#- An owner contract in doubt: whether the person is a landlord cannot be told. -#}
{% set roles -%}
    {{ held_row(
        'personen_eigentuemer',
        composite_id('idwell', 'person'),
        'rule',
        'eigentuemervertrag',
        'reason',
        also_in_mart=true,
        holds_below=false,
        person_nr='person_nr',
    ) }}
    from doubts
    where level = 'eigentuemer' and rule <> 'I5' and not of_email
{%- endset %}

{#- E11, V1: what was sent before of a person who is not sent now stays, with its links. -#}
{% set first = list_element('personen.hindernisse', 1) %}
{% set reason = first ~ ".column_name || ': ' || " ~ first ~ '.reason' %}
{% set kept = first ~ ".rule in ('E11', 'V1')" %}
{% set persons_not_sent -%}
    {{ held_row(
        'personen_mieter',
        composite_id('idwell', 'person', table='personen'),
        first ~ '.rule',
        'person',
        reason,
        holds_below=false,
        person_nr='personen.person_nr',
    ) }}
    from {{ ref('int_idwell__personen') }} as personen
    where {{ kept }}
{%- endset %}
{% set tenancies_not_sent -%}
    {{ held_row(
        'bezuege_mieter',
        'relations.vertrag_person_id',
        first ~ '.rule',
        'person',
        reason,
        person_nr='personen.person_nr',
    ) }}
    from {{ ref('int_idwell__personen') }} as personen
    inner join {{ ref('int_idwell__mietverhaeltnisse') }} as relations on personen.person_nr = relations.person_nr
    where {{ kept }}
{%- endset %}
{% set ownerships_not_sent -%}
    {{ held_row(
        'bezuege_eigentuemer',
        'relations.vertrag_person_id',
        first ~ '.rule',
        'person',
        reason,
        person_nr='personen.person_nr',
    ) }}
    from {{ ref('int_idwell__personen') }} as personen
    inner join {{ ref('int_idwell__eigentumsverhaeltnisse') }} as relations
        on personen.person_nr = relations.person_nr
    where {{ kept }}
{%- endset %}
{% set more = [shared_ids, addresses, roles, persons_not_sent, tenancies_not_sent, ownerships_not_sent] %}
{% do more.extend(document_doubts('idwell', 'dokumente', folders='ordner')) %}

with

records_in_doubt as (
    {{ held_rows(
        'idwell',
        entities={
            'gebaeude': ['gebaeude'],
            'einheiten': ['verwaltungseinheit'],
            'personen_eigentuemer': ['owner'],
            'personen_mieter': ['tenant'],
            'bezuege_eigentuemer': ['eigentuemer'],
            'bezuege_mieter': ['mieter'],
        },
        with_email={'bezuege_eigentuemer': ['eigentuemer'], 'bezuege_mieter': ['mieter']},
        more=more,
    ) }}
)

select * from records_in_doubt
