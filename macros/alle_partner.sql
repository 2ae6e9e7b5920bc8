{#- Names of all partners: those of the project, and those that somebody has outside it. -#}
{% macro alle_partner() %}
    {% do return(partner_profiles() | list) %}
{% endmacro %}


{#- What our rules need to know of each partner, by its name: `profile.yaml` in its folder. -#}
{% macro partner_profiles() %}
    {% set built_in = built_in_profiles() %}
    {% set own = adapter.dispatch('own_profiles', 'stammdaten')() %}
    {% for partner in own if partner in built_in %}
        {{ exceptions.raise_compiler_error(
            'STAMMDATEN_PARTNERS: a partner ' ~ partner ~ ' is built in; give yours another name'
        ) }}
    {% endfor %}
    {% do return(dict(built_in, **own)) %}
{% endmacro %}


{#- No partner outside the project. The package own_partners, which is made where there are any, has another one. -#}
{% macro default__own_profiles() %}
    {% do return({}) %}
{% endmacro %}


{% macro partner_profile(partner) %}
    {% set profiles = partner_profiles() %}
    {% if partner not in profiles %}
        {{ exceptions.raise_compiler_error(
            partner ~ ' is no partner; there are ' ~ profiles | join(', ') ~ '; one outside the project is known once a'
            ~ ' command of stammdaten has read its profile.yaml'
        ) }}
    {% endif %}
    {% do return(profiles[partner]) %}
{% endmacro %}
