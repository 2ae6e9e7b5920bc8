{% macro unreadable_values(spalten) -%}
    {%- set tests = [] -%}
    {%- for spalte, typ in spalten.items() -%}
        {%- set wert = spalte ~ '__wert' -%}
        {%- set unread = spalte ~ ' is not null and ' ~ wert ~ ' is null' -%}
        {%- if typ in ('datum', 'zeitstempel') -%}
            {%- do tests.append(
                ('C2', spalte, 'not ' ~ is_no_date(spalte, geburtsdatum=spalte == 'geburtsdatum'), none, unread)
            ) -%}
        {%- elif typ.startswith(('wort', 'land')) -%}
            {%- do tests.append(
                ('C9', spalte, unread, 'on no list: add the word to seeds/' ~ ('laendernamen' if typ.startswith('land') else 'woerter') ~ '.csv, or map it in the mapping file')
            ) -%}
        {%- elif typ == 'jahr' -%}
            {%- do tests.append(('C3', spalte, unread, 'no plain year')) -%}
        {%- elif typ != 'text' -%}
            {%- do tests.append(('C3', spalte, unread)) -%}
        {%- endif -%}
        {%- if typ == 'datum' -%}
            {%- do tests.append((
                'C2',
                spalte,
                'cast(' ~ zeitpunkt(spalte) ~ " as time) <> time '00:00'",
                'read as the day: a time that is not midnight',
                'strlen(' ~ spalte ~ ') > 10 and ' ~ wert ~ " is not null and not contains(" ~ spalte ~ ", ' 00:00:00')",
            )) -%}
        {%- endif -%}
        {%- if typ.startswith('dezimalzahl') -%}
            {%- do tests.append((
                'C3',
                spalte,
                wert ~ ' is not null and ' ~ has_foreign_currency(spalte),
                'read as it stands: another currency than euro',
            )) -%}
        {%- endif -%}
        {%- if typ.endswith(', 2)') -%}
            {%- do tests.append((
                'C3',
                spalte,
                "substr(" ~ spalte ~ ", -4, 1) = '.' and regexp_full_match("
                    ~ spalte ~ ", '[+-]?[1-9][0-9]{0,2}[.][0-9]{3}')",
            )) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ maengel(tests + odd_names(spalten) + spreadsheet_marks(spalten)) }}
{%- endmacro %}


{#- An amount begins and ends with a digit or a sign; only the others need a look. -#}
{% macro has_foreign_currency(spalte) -%}
    ({{ spalte }} not between '+' and ':' or {{ spalte }}[-1] not between '0' and '9')
    and regexp_matches(replace({{ spalte }}, '€', ''), '\p{Sc}|(?i:chf|usd|gbp)')
{%- endmacro %}


{#- C1: everywhere else the text NULL is what a database tool writes for nothing. -#}
{% macro odd_names(spalten) %}
    {% set tests = [] %}
    {% for spalte in name_columns() if spalte in spalten %}
        {% do tests.append(('C1', spalte, spalte ~ " = 'NULL'", 'the text NULL, taken for a name')) %}
    {% endfor %}
    {% do return(tests) %}
{% endmacro %}


{#- C8: a spreadsheet makes 01. Mrz of the house number 1-3, and takes the zero in front of a postcode. -#}
{% macro spreadsheet_marks(spalten) %}
    {% set tests = [] %}
    {% set monat = '(?:jan|feb|mrz|mär|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|dez|dec)[a-zä]*[.]?' %}
    {% if 'hausnummer' in spalten %}
        {% do tests.append((
            'C8',
            'hausnummer',
            "regexp_full_match(hausnummer, '(?i)(?:[0-9]{1,2}[. -]+)?" ~ monat ~ "(?:[ -]?[0-9]{1,4})?"
                ~ "|[0-9]{1,2}[.][0-9]{1,2}[.](?:[0-9]{2}|[0-9]{4})?|[0-9]{4}-[0-9]{2}-[0-9]{2}.*')",
            'a spreadsheet took the number for a date',
        )) %}
    {% endif %}
    {% if 'plz' in spalten %}
        {% do tests.append((
            'C8',
            'plz',
            "strlen(plz) = 4 and regexp_full_match(plz, '[0-9]{4}')"
                ~ (" and (land is null or land__wert = 'DE')" if 'land' in spalten else ''),
            'four digits: a spreadsheet took the zero in front',
        )) %}
    {% endif %}
    {% do return(tests) %}
{% endmacro %}
