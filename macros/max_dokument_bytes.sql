{#- The checked var `max_dokument_bytes`: the size of the largest document that is sent, in bytes (DO2). -#}
{% macro max_dokument_bytes() %}
    {% set value = var('max_dokument_bytes', 52428800) %}
    {% if value is not integer or value is boolean or value < 1 %}
        {{ exceptions.raise_compiler_error(
            'max_dokument_bytes is ' ~ value ~ '; allowed: a number of bytes, a whole number from 1;'
            ~ ' set it under vars in dbt_project.yml or with --vars'
        ) }}
    {% endif %}
    {% do return(value) %}
{% endmacro %}
