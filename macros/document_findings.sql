{#- Documents that a partner does not get, and folders in the way of them, in the form of findings. -#}
{% macro document_findings(partner) -%}
    select
        rule,
        'dokument' as table_name,
        dokument_nr as key,
        column_name,
        value,
        '{{ partner }}' as partner,
        reason
    from {{ ref('int_' ~ partner ~ '__dokumente') }}
    where rule is not null and not is_reported
    union all
    select
        rule,
        'ordner' as table_name,
        ordner_nr as key,
        cast(null as string) as column_name,
        cast(null as string) as value,
        '{{ partner }}' as partner,
        reason
    from {{ ref('int_ordner') }}
    where
        {{ partner_settings(partner).dokumente | lower }}  -- the setting dokumente
        and rule is not null
        and not is_reported
{%- endmacro %}
