{% test known_mandanten(model, partner) %}
    {% set mandanten = partner_settings(partner).mandanten %}
    -- E1: a Mandant in the settings that the ERP does not have is a mistake in the settings.
    -- Read from the base table, which every mart is built on, so that `+{{ partner }}` needs nothing more.
    with

    configured as (
        select
            'partners.{{ partner }}.mandanten' as setting,
            unnest(cast([{% for mandant in mandanten if mandanten is not string -%}
                '{{ mandant | replace("'", "''") }}'{{ ', ' if not loop.last }}
            {%- endfor %}] as varchar[])) as mandant_nr
    ),

    mandant as (
        select * from {{ ref('base_erp__mandant') }}
    )

    select
        configured.setting,
        configured.mandant_nr
    from configured
    where
        not exists (
            select 1
            from mandant
            where
                mandant.mandant_nr = configured.mandant_nr
                and mandant._rule is null  -- C6, C7, L1: it lives
        )
{% endtest %}
