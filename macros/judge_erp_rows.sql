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
        {%- endfor %}
    )

    select * from judged
{%- endmacro %}


{#- The columns of a row that hold its parent's key. -#}
{% macro parent_columns(vater) %}
    {% do return(vater.get('schluessel', erp_key(vater.tabelle))) %}
{% endmacro %}


{% macro joins_parent(vater, parent) -%}
    {%- for spalte in erp_key(vater.tabelle) -%}
        {{ same_part('zeilen.' ~ parent_columns(vater)[loop.index0], parent ~ '.' ~ spalte) }}
        {{- ' and ' if not loop.last }}
    {%- endfor -%}
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
        {% set fehlt = parent ~ '.' ~ erp_key(vater.tabelle)[0] ~ ' is null' %}
        {% if vater.wenn %}
            {% set fehlt = 'zeilen.' ~ vater.wenn ~ ' and ' ~ fehlt %}
        {% endif %}
        {% do urteile.append((fehlt, "'L3'", "'no ' || " ~ _parent_name(vater))) %}
        {% do urteile.append((
            parent ~ "._regel <> 'H1'",
            parent ~ '._regel',
            _parent_name(vater) ~ " || ': ' || " ~ parent ~ '._grund',
        )) %}
    {% endfor %}
    {% do return(urteile) %}
{% endmacro %}


{% macro inherited_doubts(eltern) %}
    {% set urteile = [] %}
    {% for vater in eltern %}
        {% set parent = 'parent_' ~ loop.index %}
        {% do urteile.append((
            parent ~ "._regel = 'H1'", "'H1'", _parent_name(vater) ~ " || ': ' || " ~ parent ~ '._grund'
        )) %}
    {% endfor %}
    {% do return(urteile) %}
{% endmacro %}


{% macro _parent_name(vater) -%}
    '{{ vater.tabelle }} ' || {{ erp_key_text(parent_columns(vater), 'zeilen') }}
{%- endmacro %}
