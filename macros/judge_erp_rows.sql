{% macro judge_erp_rows(relation, table_name, parents=[], end_columns=[]) -%}
    {%- set key = erp_key(table_name) -%}
    {#- Surely gone wins over doubt (H1). -#}
    {%- set verdicts = own_verdicts(table_name, key, end_columns) + inherited_verdicts(parents)
        + [doubt_verdict(table_name)] + inherited_doubts(parents) -%}
    with

    superseded as (
        {{ superseded_rows(table_name, key) | indent(8) }}
    ),

    {% for parent in parents -%}
    parent_{{ loop.index }} as (
        select
            {{ erp_key(parent.table_name) | join(', ') }},
            _rule,
            _reason
        from {{ ref('base_erp__' ~ parent.table_name) }}
        where _rule is null or _rule not in ('C6', 'C7', 'I3')
    ),

    incomplete_{{ loop.index }} as (
        {{ incomplete_parents(parent) | indent(8) }}
    ),

    maybe_{{ loop.index }} as (
        {{ maybe_children(relation, parent, 'incomplete_' ~ loop.index) | indent(8) }}
    ),

    {% endfor -%}
    judged as (
        select
            zeilen.*,
            case
                {%- for condition, rule, reason in verdicts %}
                when {{ condition }} then {{ rule }}
                {%- endfor %}
            end as _rule,
            case
                {%- for condition, rule, reason in verdicts %}
                when {{ condition }} then {{ reason }}
                {%- endfor %}
            end as _reason
        from {{ relation }} as zeilen
        left join superseded on zeilen._zeile = superseded._zeile
        left join {{ ref('loeschkennzeichen') }} as kennzeichen
            on {{ as_word('zeilen.geloescht_kz') }} = {{ as_word('kennzeichen.kennzeichen') }}
        {%- for parent in parents %}
        left join parent_{{ loop.index }} on {{ joins_parent(parent, 'parent_' ~ loop.index) }}
        left join maybe_{{ loop.index }} on zeilen._zeile = maybe_{{ loop.index }}._zeile
        {%- endfor %}
    )

    select * from judged
{%- endmacro %}


{#- The columns of a row that hold its parent's key. -#}
{% macro parent_columns(parent) %}
    {% do return(parent.get('key', erp_key(parent.table_name))) %}
{% endmacro %}


{% macro joins_parent(parent, parent_cte) -%}
    {%- set tests = [] -%}
    {%- for column in erp_key(parent.table_name) -%}
        {%- do tests.append(same_part('zeilen.' ~ parent_columns(parent)[loop.index0], parent_cte ~ '.' ~ column)) -%}
    {%- endfor -%}
    {{ tests | join(' and ') }}
{%- endmacro %}


{#- Rows of a parent that lack numbers of their key (C7), as far as the others say where they belong: which are missing,
    and the key with a ? in their places. -#}
{% macro incomplete_parents(parent) -%}
    {%- set key = erp_key(parent.table_name) -%}
    select
        {{ list_of(missing_parts(key) | join(', ')) }} as missing,
        {% call list_of() %}
            {%- for column in key %}
            case when {{ missing_parts([column], key)[0] }} then '?' else coalesce({{ column }}, '') end
            {{- ',' if not loop.last }}
            {%- endfor %}
        {% endcall %} as numbers,
        min(_reason) as _reason
    from {{ ref('base_erp__' ~ parent.table_name) }}
    where _rule = 'C7'{{ ' and coalesce(' ~ key | join(', ') ~ ') is not null' if key | length > 1 }}
    group by all
{%- endmacro %}


{#- SQL for each of these columns: is it missing in a row whose ERP has it? -#}
{% macro missing_parts(columns, key=none) %}
    {% set tests = [] %}
    {% for column in columns %}
        {% set without = erps_without(column, key or columns) %}
        {% do tests.append(column ~ ' is null' ~ (' and not ' ~ is_erp('quelle_erp', without) if without else '')) %}
    {% endfor %}
    {% do return(tests) %}
{% endmacro %}


{#- Rows that may belong to such a parent, and why. -#}
{% macro maybe_children(relation, parent, incomplete) -%}
    select
        zeilen._zeile,
        min({{ incomplete }}._reason) as _reason
    from {{ relation }} as zeilen
    cross join (select distinct missing from {{ incomplete }}) as gaps
    inner join {{ incomplete }}
        on
            gaps.missing = {{ incomplete }}.missing
            and {% call list_of() %}
                {%- for column in parent_columns(parent) %}
                case when {{ list_element('gaps.missing', loop.index) }} then '?' else coalesce(zeilen.{{ column }}, '') end
                {{- ',' if not loop.last }}
                {%- endfor %}
            {% endcall %} = {{ incomplete }}.numbers
    group by zeilen._zeile
{%- endmacro %}


{#- Verdicts are (condition, rule, reason) in the order in which they win. -#}
{% macro own_verdicts(table_name, key, end_columns) %}
    {% set gaps = [] %}
    {% set names = [] %}
    {% for column in key if (table_name, column) != ('mieter', 'gueltig_von') %}
        {% set without = erps_without(column, key) %}
        {% set gap = 'zeilen.' ~ column ~ ' is null'
            ~ (' and not ' ~ is_erp('zeilen.quelle_erp', without) if without else '') %}
        {% do gaps.append(gap) %}
        {% do names.append('case when ' ~ gap ~ " then '" ~ column ~ "' end") %}
    {% endfor %}
    {% set verdicts = [] %}
    {% set without_table = erps_with('tables_absent', table_name) %}
    {% if without_table %}
        {% do verdicts.append((
            is_erp('zeilen.quelle_erp', without_table),
            "'I3'",
            "zeilen.quelle_erp || ' has no " ~ table_name ~ "'",
        )) %}
    {% endif %}
    {% do verdicts.extend([
        (
            gaps | join(' or '),
            "'C7'",
            "'row ' || zeilen._zeile || ': no ' || concat_ws(', ', " ~ names | join(', ') ~ ')',
        ),
        (
            'superseded.stays is not null',
            "'C6'",
            "'row ' || zeilen._zeile || ': row ' || superseded.stays || ' has the same key and stays'",
        ),
        ('kennzeichen.ist_geloescht', "'L1'", "'geloescht_kz ' || zeilen.geloescht_kz"),
    ]) %}
    {% for end_column in end_columns %}
        {% do verdicts.append(
            ('zeilen.' ~ end_column ~ ' < ' ~ stichtag(), "'L2'", "'" ~ end_column ~ " ' || zeilen." ~ end_column)
        ) %}
    {% endfor %}
    {% do return(verdicts) %}
{% endmacro %}


{% macro inherited_verdicts(parents) %}
    {% set verdicts = [] %}
    {% for parent in parents %}
        {% set parent_cte = 'parent_' ~ loop.index %}
        {% set missing = parent_is_missing(parent, parent_cte) ~ ' and maybe_' ~ loop.index ~ '._reason is null' %}
        {% do verdicts.append((missing, "'L3'", "'no ' || " ~ _parent_name(parent))) %}
        {% do verdicts.append((
            parent_cte ~ "._rule <> 'H1'",
            parent_cte ~ '._rule',
            _parent_name(parent) ~ " || ': ' || " ~ parent_cte ~ '._reason',
        )) %}
    {% endfor %}
    {% do return(verdicts) %}
{% endmacro %}


{% macro parent_is_missing(parent, parent_cte) -%}
    {{ 'zeilen.' ~ parent.when ~ ' and ' if parent.when }}{{ parent_cte }}.{{ erp_key(parent.table_name)[0] }} is null
{%- endmacro %}


{% macro inherited_doubts(parents) %}
    {% set verdicts = [] %}
    {% for parent in parents %}
        {% set parent_cte = 'parent_' ~ loop.index %}
        {% do verdicts.append((
            parent_cte ~ "._rule = 'H1'", "'H1'", _parent_name(parent) ~ " || ': ' || " ~ parent_cte ~ '._reason'
        )) %}
        {#- Its parent may be the row of which a number is missing. #}
        {% do verdicts.append((
            parent_is_missing(parent, parent_cte) ~ ' and maybe_' ~ loop.index ~ '._reason is not null',
            "'H1'",
            "'no ' || " ~ _parent_name(parent) ~ " || ', but " ~ parent.table_name ~ " ' || maybe_" ~ loop.index ~ '._reason',
        )) %}
    {% endfor %}
    {% do return(verdicts) %}
{% endmacro %}


{% macro _parent_name(parent) -%}
    '{{ parent.table_name }} ' || {{ erp_key_text(parent_columns(parent), 'zeilen') }}
{%- endmacro %}
