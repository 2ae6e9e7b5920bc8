{#- The folders of the documents that a partner gets, and all above them: the others hold nothing of its Mandanten (E1). -#}
{% macro document_folders(partner) -%}
    with

    used as (
        select distinct {{ unnest('weg') }} as ordner_nr
        from {{ ref('int_' ~ partner ~ '__dokumente') }}
        where rule is null
    )

    select
        ordner.ordner_nr,
        coalesce(ordner.name, ordner.ordner_nr) as name,
        ordner.parent_ordner_nr
    from {{ ref('int_ordner') }} as ordner
    where ordner.ordner_nr in (select used.ordner_nr from used)
{%- endmacro %}
