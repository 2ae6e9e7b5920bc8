{{ config(enabled=partner_aktiv('etg24')) }}
{%- set settings = partner_settings('etg24') -%}
{%- set chosen = settings.nur_objekte or settings.ohne_objekte %}

with

wirtschaftseinheiten as (
    select * from {{ ref('stg_erp__wirtschaftseinheit') }}
),

{% if chosen %}
    gebaeude as (
        select
            mandant_nr,
            we_nr,
            true {{ is_chosen_objekt('etg24') }} as ist_gewaehlt
        from {{ ref('stg_erp__gebaeude') }}
    ),

{% endif %}
records as (
    select
        {{ composite_id('etg24', 'wirtschaftseinheit') }} as external_id,
        {{ anzeigename('wirtschaftseinheit') }} as title
    from wirtschaftseinheiten
    where
        {{ sendable('etg24', 'wirtschaftseinheit') }}  -- E1, I5
        {% if chosen %}
            -- E1: no group without an object that takes part; with ohne_objekte alone, an empty one stays
            and (
                exists (
                    select 1
                    from gebaeude
                    where
                        {{ same_key('wirtschaftseinheit', 'gebaeude', 'wirtschaftseinheiten') }}
                        and gebaeude.ist_gewaehlt
                )
                {%- if not settings.nur_objekte %}
                    or not exists (
                        select 1
                        from gebaeude
                        where {{ same_key('wirtschaftseinheit', 'gebaeude', 'wirtschaftseinheiten') }}
                    )
                {%- endif %}
            )
        {% endif %}
)

select * from records
