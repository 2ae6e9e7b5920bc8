{#- Names of all partners: those of the project, and those that somebody has outside it. -#}
{% macro alle_partner() %}
    {% do return(partner_profiles() | list) %}
{% endmacro %}


{#- What our rules need to know of each partner, by its name: `profile.yaml` in its folder. -#}
{% macro partner_profiles() %}
    {% set built_in = built_in_profiles() %}
    {#- The package is made where there are partners outside the project. Dispatch took a tenth of the time of a build. -#}
    {% if own_partners is not defined %}
        {% do return(built_in) %}
    {% endif %}
    {% set own = own_partners.own_profiles() %}
    {% for partner in own if partner in built_in %}
        {{ exceptions.raise_compiler_error(
            'STAMMDATEN_PARTNERS: a partner ' ~ partner ~ ' is built in; give yours another name'
        ) }}
    {% endfor %}
    {% do return(dict(built_in, **own)) %}
{% endmacro %}


{#- One of them; `profiles`: all, where the caller has them. -#}
{% macro partner_profile(partner, profiles=none) %}
    {% set profiles = profiles or partner_profiles() %}
    {% if partner not in profiles %}
        {{ exceptions.raise_compiler_error(
            partner ~ ' is no partner; there are ' ~ profiles | join(', ') ~ '; one outside the project is known once a'
            ~ ' command of stammdaten has read its profile.yaml'
        ) }}
    {% endif %}
    {% do return(profiles[partner]) %}
{% endmacro %}
