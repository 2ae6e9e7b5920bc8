{% macro key_columns(level) %}
    {% set wirtschaftseinheit = ['mandant_nr', 'we_nr'] %}
    {% set gebaeude = wirtschaftseinheit + ['gebaeude_nr'] %}
    {% set verwaltungseinheit = gebaeude + ['ve_nr'] %}
    {% do return({
        'wirtschaftseinheit': wirtschaftseinheit,
        'gebaeude': gebaeude,
        'verwaltungseinheit': verwaltungseinheit,
        'mietvertrag': verwaltungseinheit + ['mv_nr'],
        'eigentuemervertrag': verwaltungseinheit + ['ev_nr'],
        'person': ['person_nr'],
    }[level]) %}
{% endmacro %}
