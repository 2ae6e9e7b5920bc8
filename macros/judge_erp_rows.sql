{% macro judge_erp_rows(zeilen, tabelle, eltern=[], enden=[]) -%}
    {%- set schluessel = erp_key(tabelle) -%}
    {#- Surely gone wins over doubt (H1). -#}
    {%- set urteile = own_verdicts(tabelle, schluessel, enden) + inherited_verdicts(eltern)
        + [doubt_verdict(tabelle)] + inherited_doubts(eltern) -%}
    with

    superseded as (
        {{ superseded_rows(tabelle, schluessel) | indent(8) }}
    ),

    {% for vater in eltern -%}
    parent_{{ loop.index }} as (
        select
            {{ erp_key(vater.tabelle) | join(', ') }},
            _rule,
            _reason
        from {{ ref('base_erp__' ~ vater.tabelle) }}
        where _rule is null or _rule not in ('C6', 'C7', 'I3')
    ),

    incomplete_{{ loop.index }} as (
        {{ incomplete_parents(vater) | indent(8) }}
    ),

    maybe_{{ loop.index }} as (
        {{ maybe_children(zeilen, vater, 'incomplete_' ~ loop.index) | indent(8) }}
    ),

    {% endfor -%}
    judged as (
        select
            zeilen.*,
            case
                {%- for bedingung, rule, reason in urteile %}
                when {{ bedingung }} then {{ rule }}
                {%- endfor %}
            end as _rule,
            case
                {%- for bedingung, rule, reason in urteile %}
                when {{ bedingung }} then {{ reason }}
                {%- endfor %}
            end as _reason
        from {{ zeilen }} as zeilen
        left join superseded on zeilen._zeile = superseded._zeile
        left join {{ ref('loeschkennzeichen') }} as kennzeichen
            on {{ as_word('zeilen.geloescht_kz') }} = {{ as_word('kennzeichen.kennzeichen') }}
        {%- for vater in eltern %}
        left join parent_{{ loop.index }} on {{ joins_parent(vater, 'parent_' ~ loop.index) }}
        left join maybe_{{ loop.index }} on zeilen._zeile = maybe_{{ loop.index }}._zeile
        {%- endfor %}
    )

    select * from judged
{%- endmacro %}


{#- The columns of a row that hold its parent's key. -#}
{% macro parent_columns(vater) %}
    {% do return(vater.get('schluessel', erp_key(vater.tabelle))) %}
{% endmacro %}


{% macro joins_parent(vater, parent) -%}
    {%- set tests = [] -%}
    {%- for spalte in erp_key(vater.tabelle) -%}
        {%- do tests.append(same_part('zeilen.' ~ parent_columns(vater)[loop.index0], parent ~ '.' ~ spalte)) -%}
    {%- endfor -%}
    {{ tests | join(' and ') }}
{%- endmacro %}


{#- Rows of a parent that lack numbers of their key (C7), as far as the others say where they belong: which are missing,
    and the key with a ? in their places. -#}
{% macro incomplete_parents(vater) -%}
    {%- set schluessel = erp_key(vater.tabelle) -%}
    select
        [{{ missing_parts(schluessel) | join(', ') }}] as missing,
        [
            {%- for spalte in schluessel %}
            case when {{ missing_parts([spalte], schluessel)[0] }} then '?' else coalesce({{ spalte }}, '') end
            {{- ',' if not loop.last }}
            {%- endfor %}
        ] as numbers,
        min(_reason) as _reason
    from {{ ref('base_erp__' ~ vater.tabelle) }}
    where _rule = 'C7'{{ ' and coalesce(' ~ schluessel | join(', ') ~ ') is not null' if schluessel | length > 1 }}
    group by all
{%- endmacro %}


{#- SQL for each of these columns: is it missing in a row whose ERP has it? -#}
{% macro missing_parts(spalten, schluessel=none) %}
    {% set tests = [] %}
    {% for spalte in spalten %}
        {% set ohne = erps_without(spalte, schluessel or spalten) %}
        {% do tests.append(spalte ~ ' is null' ~ (' and not ' ~ is_erp('quelle_erp', ohne) if ohne else '')) %}
    {% endfor %}
    {% do return(tests) %}
{% endmacro %}


{#- Rows that may belong to such a parent, and why. -#}
{% macro maybe_children(zeilen, vater, incomplete) -%}
    select
        zeilen._zeile,
        min({{ incomplete }}._reason) as _reason
    from {{ zeilen }} as zeilen
    cross join (select distinct missing from {{ incomplete }}) as gaps
    inner join {{ incomplete }}
        on
            gaps.missing = {{ incomplete }}.missing
            and [
                {%- for spalte in parent_columns(vater) %}
                case when gaps.missing[{{ loop.index }}] then '?' else coalesce(zeilen.{{ spalte }}, '') end
                {{- ',' if not loop.last }}
                {%- endfor %}
            ] = {{ incomplete }}.numbers
    group by zeilen._zeile
{%- endmacro %}


{#- Verdicts are (condition, rule, reason) in the order in which they win. -#}
{% macro own_verdicts(tabelle, schluessel, enden) %}
    {% set luecken = [] %}
    {% set namen = [] %}
    {% for spalte in schluessel if (tabelle, spalte) != ('mieter', 'gueltig_von') %}
        {% set ohne = erps_without(spalte, schluessel) %}
        {% set luecke = 'zeilen.' ~ spalte ~ ' is null'
            ~ (' and not ' ~ is_erp('zeilen.quelle_erp', ohne) if ohne else '') %}
        {% do luecken.append(luecke) %}
        {% do namen.append('case when ' ~ luecke ~ " then '" ~ spalte ~ "' end") %}
    {% endfor %}
    {% set urteile = [] %}
    {% set ohne_tabelle = erps_with('tables_absent', tabelle) %}
    {% if ohne_tabelle %}
        {% do urteile.append((
            is_erp('zeilen.quelle_erp', ohne_tabelle),
            "'I3'",
            "zeilen.quelle_erp || ' has no " ~ tabelle ~ "'",
        )) %}
    {% endif %}
    {% do urteile.extend([
        (
            luecken | join(' or '),
            "'C7'",
            "'row ' || zeilen._zeile || ': no ' || concat_ws(', ', " ~ namen | join(', ') ~ ')',
        ),
        (
            'superseded.stays is not null',
            "'C6'",
            "'row ' || zeilen._zeile || ': row ' || superseded.stays || ' has the same key and stays'",
        ),
        ('kennzeichen.ist_geloescht', "'L1'", "'geloescht_kz ' || zeilen.geloescht_kz"),
    ]) %}
    {% for ende in enden %}
        {% do urteile.append(
            ('zeilen.' ~ ende ~ ' < ' ~ stichtag(), "'L2'", "'" ~ ende ~ " ' || zeilen." ~ ende)
        ) %}
    {% endfor %}
    {% do return(urteile) %}
{% endmacro %}


{% macro inherited_verdicts(eltern) %}
    {% set urteile = [] %}
    {% for vater in eltern %}
        {% set parent = 'parent_' ~ loop.index %}
        {% set fehlt = parent_is_missing(vater, parent) ~ ' and maybe_' ~ loop.index ~ '._reason is null' %}
        {% do urteile.append((fehlt, "'L3'", "'no ' || " ~ _parent_name(vater))) %}
        {% do urteile.append((
            parent ~ "._rule <> 'H1'",
            parent ~ '._rule',
            _parent_name(vater) ~ " || ': ' || " ~ parent ~ '._reason',
        )) %}
    {% endfor %}
    {% do return(urteile) %}
{% endmacro %}


{% macro parent_is_missing(vater, parent) -%}
    {{ 'zeilen.' ~ vater.wenn ~ ' and ' if vater.wenn }}{{ parent }}.{{ erp_key(vater.tabelle)[0] }} is null
{%- endmacro %}


{% macro inherited_doubts(eltern) %}
    {% set urteile = [] %}
    {% for vater in eltern %}
        {% set parent = 'parent_' ~ loop.index %}
        {% do urteile.append((
            parent ~ "._rule = 'H1'", "'H1'", _parent_name(vater) ~ " || ': ' || " ~ parent ~ '._reason'
        )) %}
        {#- Its parent may be the row of which a number is missing. #}
        {% do urteile.append((
            parent_is_missing(vater, parent) ~ ' and maybe_' ~ loop.index ~ '._reason is not null',
            "'H1'",
            "'no ' || " ~ _parent_name(vater) ~ " || ', but {{ tabelle }} '".replace('{{ tabelle }}', vater.tabelle)
                ~ ' || maybe_' ~ loop.index ~ '._reason',
        )) %}
    {% endfor %}
    {% do return(urteile) %}
{% endmacro %}


{% macro _parent_name(vater) -%}
    '{{ vater.tabelle }} ' || {{ erp_key_text(parent_columns(vater), 'zeilen') }}
{%- endmacro %}
