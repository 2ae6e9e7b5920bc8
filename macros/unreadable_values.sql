{% macro unreadable_values(columns) -%}
    {%- set tests = [] -%}
    {%- for column, type in columns.items() -%}
        {%- set value = column ~ '__wert' -%}
        {%- set unread = column ~ ' is not null and ' ~ value ~ ' is null' -%}
        {%- if type in ('datum', 'zeitstempel') -%}
            {%- do tests.append(
                ('C2', column, 'not ' ~ is_no_date(column, geburtsdatum=column == 'geburtsdatum'), none, unread)
            ) -%}
        {%- elif type.startswith(('wort', 'land')) -%}
            {%- do tests.append(
                ('C9', column, unread, 'on no list: add the word to seeds/' ~ ('laendernamen' if type.startswith('land') else 'woerter') ~ '.csv, or map it in the mapping file')
            ) -%}
        {%- elif type == 'jahr' -%}
            {%- do tests.append(('C3', column, unread, 'no plain year')) -%}
        {%- elif type != 'text' -%}
            {%- do tests.append(('C3', column, unread)) -%}
        {%- endif -%}
        {%- if type == 'datum' -%}
            {%- do tests.append((
                'C2',
                column,
                has_time(zeitpunkt(column)),
                'read as the day: a time that is not midnight',
                byte_length(column) ~ ' > 10 and ' ~ value ~ " is not null and not contains(" ~ column ~ ", ' 00:00:00')",
            )) -%}
        {%- endif -%}
        {%- if type.startswith('dezimalzahl') -%}
            {%- do tests.append((
                'C3',
                column,
                value ~ ' is not null and ' ~ has_foreign_currency(column),
                'read as it stands: another currency than euro',
            )) -%}
        {%- endif -%}
        {%- if type.endswith(', 2)') -%}
            {%- do tests.append((
                'C3',
                column,
                "substr(" ~ column ~ ", -4, 1) = '.' and " ~ full_match(column, '[+-]?[1-9][0-9]{0,2}[.][0-9]{3}'),
            )) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ maengel(tests + odd_names(columns) + spreadsheet_marks(columns)) }}
{%- endmacro %}


{#- An amount begins and ends with a digit or a sign; only the others need a look. -#}
{% macro has_foreign_currency(column) -%}
    ({{ column }} not between '+' and ':' or right({{ column }}, 1) not between '0' and '9')
    and {{ matches("replace(" ~ column ~ ", '€', '')", '\\p{Sc}|(?i:chf|usd|gbp)') }}
{%- endmacro %}


{#- C1: everywhere else the text NULL is what a database tool writes for nothing. -#}
{% macro odd_names(columns) %}
    {% set tests = [] %}
    {% for column in name_columns() if column in columns %}
        {% do tests.append(('C1', column, column ~ " = 'NULL'", 'the text NULL, taken for a name')) %}
    {% endfor %}
    {% do return(tests) %}
{% endmacro %}


{#- C8: a spreadsheet makes 01. Mrz of the house number 1-3, and takes the zero in front of a postcode. -#}
{% macro spreadsheet_marks(columns) %}
    {% set tests = [] %}
    {% set month = '(?:jan|feb|mrz|mär|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|dez|dec)[a-zä]*[.]?' %}
    {% if 'hausnummer' in columns %}
        {% do tests.append((
            'C8',
            'hausnummer',
            full_match('hausnummer', '(?i)(?:[0-9]{1,2}[. -]+)?' ~ month ~ '(?:[ -]?[0-9]{1,4})?'
                ~ '|[0-9]{1,2}[.][0-9]{1,2}[.](?:[0-9]{2}|[0-9]{4})?|[0-9]{4}-[0-9]{2}-[0-9]{2}.*'),
            'a spreadsheet took the number for a date',
        )) %}
    {% endif %}
    {% if 'plz' in columns %}
        {% do tests.append((
            'C8',
            'plz',
            byte_length('plz') ~ ' = 4 and ' ~ full_match('plz', '[0-9]{4}')
                ~ (" and (land is null or land__wert = 'DE')" if 'land' in columns else ''),
            'four digits: a spreadsheet took the zero in front',
        )) %}
    {% endif %}
    {% do return(tests) %}
{% endmacro %}
