{#- Rows of `<partner>__departures` for documents and, where the partner has them, folders: which are gone for sure (H2). -#}
{% macro document_departures(partner, entity, folders=none) -%}
    select
        '{{ entity }}' as entity,
        dokument_nr as external_id,
        is_gone,
        cast(null as date) as begins_on,
        cast(null as date) as ends_on
    from {{ ref('int_' ~ partner ~ '__dokumente') }}
    {%- if folders %}
    union all
    select
        '{{ folders }}' as entity,
        ordner_nr as external_id,
        rule is not null and not is_doubt as is_gone,
        cast(null as date) as begins_on,
        cast(null as date) as ends_on
    from {{ ref('int_ordner') }}
    where {{ partner_settings(partner).dokumente | lower }}  -- the setting dokumente
    {%- endif %}
{%- endmacro %}
