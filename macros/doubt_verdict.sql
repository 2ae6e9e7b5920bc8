{#- H1: the row's own doubt, as condition, rule and reason. `zeilen` is the row, `kennzeichen` its known mark (L1). -#}
{% macro doubt_verdict(table_name) %}
    {% set unknown_mark = 'zeilen.geloescht_kz is not null and kennzeichen.ist_geloescht is null' %}
    {% set tests = [unknown_mark] %}
    {% set reasons = ['case when ' ~ unknown_mark ~ " then 'unknown geloescht_kz ' || zeilen.geloescht_kz end"] %}
    {% if deciding_columns(table_name) %}
        {% set unread = _undecided(table_name, deciding_columns(table_name)) %}
        {#- The cheap test first: hardly any row has a value that is listed. -#}
        {% do tests.append('zeilen._maengel is not null and cardinality(' ~ unread ~ ') > 0'
            ~ (' and not ' ~ lease_surely_out('zeilen') if table_name == 'mietvertrag' else '')) %}
        {% set named = list_transform(unread, 'mangel', "mangel.column_name || ' ' || mangel.value") %}
        {% do reasons.append('nullif(' ~ list_to_text(named, ', ') ~ ", '')") %}
    {% endif %}
    {% do return((
        '(' ~ tests | join(') or (') ~ ')',
        "'H1'",
        "concat_ws(', ', " ~ reasons | join(', ') ~ ')',
    )) %}
{% endmacro %}


{#- Columns that decide whether a row lives, begins or ends, or what it is; of a lease without a begin speaks L4. -#}
{% macro deciding_columns(table_name) %}
    {% do return({
        'wirtschaftseinheit': ['verwaltung_bis'],
        'gebaeude': ['abgang_am'],
        'verwaltungseinheit': ['abgang_am', 'verwaltung_bis'],
        'mietvertrag': ['mietende', 'kuendigung_zum', 'vertragsart', 'status_erp'],
        'mieter': ['rolle', 'gueltig_von', 'gueltig_bis'],
        'eigentuemervertrag': ['beginn', 'ende'],
        'leerstand': ['vermarktungsart'],
        'einwilligung': ['erteilt', 'erteilt_am', 'widerrufen_am'],
    }.get(table_name, [])) %}
{% endmacro %}


{#- What of these columns cannot be told: dates that are unknown because nobody can read them, words on no list. -#}
{% macro _undecided(table_name, columns) -%}
    {%- set words = word_columns(erp_columns(table_name)) -%}
    {%- set undecided -%}
        {% for column in columns -%}
            mangel.column_name = '{{ column }}'
            and {{ "mangel.rule = 'C9'" if column in words else 'zeilen.' ~ column ~ ' is null' }}
            {#- The end of a lease is mietende; only without one it is kuendigung_zum. -#}
            {{- ' and zeilen.mietende is null' if column == 'kuendigung_zum' }}
            {{- ' or ' if not loop.last }}
        {%- endfor %}
    {%- endset -%}
    {{ list_filter('zeilen._maengel', 'mangel', undecided) }}
{%- endmacro %}
