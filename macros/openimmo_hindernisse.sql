{#- What keeps a vacancy out of every partner that takes it as OpenImmo (V1), for `befunde`; columns of
    `int_leerstaende`. -#}
{% macro openimmo_hindernisse(title) %}
    {% do return(leerstand_hindernisse() + [
        ('ort', 'ort', 'coalesce(plz, ort) is null', 'OpenImmo requires a postcode or a town'),
    ]) %}
{% endmacro %}


{#- What nobody can offer as it stands there (V1), for every partner that takes vacancies. -#}
{% macro leerstand_hindernisse() %}
    {% do return([
        (
            'objektart',
            've_art',
            'nutzung is null',
            'neither objektart of the vacancy nor the seed ve_arten says what it is',
        ),
        (
            'nettokaltmiete',
            'nettokaltmiete_ungelesen',
            'nettokaltmiete_ungelesen is not null',
            'the Nettokaltmiete cannot be read',
        ),
    ]) %}
{% endmacro %}
