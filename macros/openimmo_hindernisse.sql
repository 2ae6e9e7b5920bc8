{#- What keeps a vacancy out of every partner that takes it as OpenImmo (V1), for `befunde`; columns of
    `int_leerstaende`. -#}
{% macro openimmo_hindernisse(title) %}
    {% do return(letting_hindernisse(title) + [
        ('ort', 'ort', 'coalesce(plz, ort) is null', 'OpenImmo requires a postcode or a town'),
    ]) %}
{% endmacro %}


{#- What keeps it out of every partner that offers for letting. -#}
{% macro letting_hindernisse(title) %}
    {% do return([
        (
            'vermarktungsart',
            'vermarktungsart',
            "lower(vermarktungsart) = 'kauf'",
            'a listing at ' ~ title ~ ' is for letting',
        ),
        (
            'objektart',
            've_art',
            'nutzung is null',
            'neither objektart of the vacancy nor the seed ve_arten says what it is',
        ),
    ]) %}
{% endmacro %}
