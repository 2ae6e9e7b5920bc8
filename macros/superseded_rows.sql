{% macro superseded_rows(table_name, key) -%}
    with

    cleaned as (
        {{ clean_erp_table(table_name, key + ['geaendert_am']) | indent(8) }}
    ),

    {# Grouping 64-bit hashes is cheap; only keys that may be there twice are then ranked. -#}
    hashed as (
        select
            *,
            {{ key_hash(key) }} as key_hash
        from cleaned
    ),

    repeated as (
        select key_hash
        from hashed
        group by key_hash
        having count(*) > 1
    ),

    ranked as (
        select
            hashed._zeile,
            first_value(hashed._zeile) over (
                partition by
                    {%- for column in key %}
                    hashed.{{ column }}{{ ',' if not loop.last }}
                    {%- endfor %}
                order by {{ zeitstempel('hashed.geaendert_am') }} desc nulls last, hashed._zeile desc
            ) as stays
        from hashed
        semi join repeated on hashed.key_hash = repeated.key_hash
    )

    select
        _zeile,
        stays
    from ranked
    where _zeile <> stays
{%- endmacro %}
