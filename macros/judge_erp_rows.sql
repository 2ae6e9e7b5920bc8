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
            _regel,
            _grund
        from {{ ref('base_erp__' ~ vater.tabelle) }}
        where _regel is null or _regel not in ('C6', 'C7', 'I3')
    ),

    {% set outer_loop = loop -%}
    {% for spalte in parts_that_may_lack(vater) -%}
    incomplete_{{ outer_loop.index }}_{{ spalte }} as (
        {{ incomplete_parents(vater, spalte) | indent(8) }}
    ),

    {% endfor -%}
    {% endfor -%}
    judged as (
        select
            zeilen.*,
            case
                {%- for bedingung, regel, grund in urteile %}
                when {{ bedingung }} then {{ regel }}
                {%- endfor %}
            end as _regel,
            case
                {%- for bedingung, regel, grund in urteile %}
                when {{ bedingung }} then {{ grund }}
                {%- endfor %}
            end as _grund
        from {{ zeilen }} as zeilen
        left join superseded on zeilen._zeile = superseded._zeile
        left join {{ ref('loeschkennzeichen') }} as kennzeichen
            on {{ as_word('zeilen.geloescht_kz') }} = {{ as_word('kennzeichen.kennzeichen') }}
        {%- for vater in eltern %}
        left join parent_{{ loop.index }} on {{ joins_parent(vater, 'parent_' ~ loop.index) }}
        {%- set outer_loop = loop %}
        {%- for spalte in parts_that_may_lack(vater) %}
        {%- set incomplete = 'incomplete_' ~ outer_loop.index ~ '_' ~ spalte %}
        left join {{ incomplete }} on {{ joins_parent(vater, incomplete, without=spalte) }}
        {%- endfor %}
        {%- endfor %}
    )

    select * from judged
{%- endmacro %}


{#- The columns of a row that hold its parent's key. -#}
{% macro parent_columns(vater) %}
    {% do return(vater.get('schluessel', erp_key(vater.tabelle))) %}
{% endmacro %}


{% macro joins_parent(vater, parent, without=none) -%}
    {%- set tests = [] -%}
    {%- for spalte in erp_key(vater.tabelle) if spalte != without -%}
        {%- do tests.append(same_part('zeilen.' ~ parent_columns(vater)[loop.index0], parent ~ '.' ~ spalte)) -%}
    {%- endfor -%}
    {{ tests | join(' and ') }}
{%- endmacro %}


{#- Parts of a parent's key of which one may be missing in its row (C7), while the others still say where it belongs. -#}
{% macro parts_that_may_lack(vater) %}
    {% set schluessel = erp_key(vater.tabelle) %}
    {% do return(schluessel if schluessel | length > 1 else []) %}
{% endmacro %}


{#- What is left of the keys of parents without this part: a child of a parent that is not there may belong to one. -#}
{% macro incomplete_parents(vater, spalte) -%}
    {%- set schluessel = erp_key(vater.tabelle) -%}
    {%- set ohne = erps_without(spalte, schluessel) -%}
    select
        {% for andere in schluessel if andere != spalte -%}
        {{ andere }},
        {% endfor -%}
        min(_grund) as _grund
    from {{ ref('base_erp__' ~ vater.tabelle) }}
    where
        _regel = 'C7'
        and {{ spalte }} is null{{ ' and not ' ~ is_erp('quelle_erp', ohne) if ohne }}
    group by all
{%- endmacro %}


{#- SQL: why a parent that is not there may be one of the incomplete rows; NULL where it cannot be. -#}
{% macro incomplete_reason(vater, nummer) %}
    {% set gruende = ['cast(null as varchar)'] %}
    {% for spalte in parts_that_may_lack(vater) %}
        {% do gruende.append('incomplete_' ~ nummer ~ '_' ~ spalte ~ '._grund') %}
    {% endfor %}
    {% do return('coalesce(' ~ gruende | join(', ') ~ ')') %}
{% endmacro %}


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
        {% set fehlt = parent_is_missing(vater, parent) ~ ' and ' ~ incomplete_reason(vater, loop.index) ~ ' is null' %}
        {% do urteile.append((fehlt, "'L3'", "'no ' || " ~ _parent_name(vater))) %}
        {% do urteile.append((
            parent ~ "._regel <> 'H1'",
            parent ~ '._regel',
            _parent_name(vater) ~ " || ': ' || " ~ parent ~ '._grund',
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
            parent ~ "._regel = 'H1'", "'H1'", _parent_name(vater) ~ " || ': ' || " ~ parent ~ '._grund'
        )) %}
        {#- Its parent may be the row of which a number is missing. #}
        {% do urteile.append((
            parent_is_missing(vater, parent) ~ ' and ' ~ incomplete_reason(vater, loop.index) ~ ' is not null',
            "'H1'",
            "'no ' || " ~ _parent_name(vater) ~ " || ', but {{ tabelle }} '".replace('{{ tabelle }}', vater.tabelle)
                ~ ' || ' ~ incomplete_reason(vater, loop.index),
        )) %}
    {% endfor %}
    {% do return(urteile) %}
{% endmacro %}


{% macro _parent_name(vater) -%}
    '{{ vater.tabelle }} ' || {{ erp_key_text(parent_columns(vater), 'zeilen') }}
{%- endmacro %}
