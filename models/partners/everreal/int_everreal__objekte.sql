{{ config(enabled=partner_aktiv('everreal'), schema='intermediate') }}

{#- What stands on a Gebäude; a WE as a property has only the address of one. -#}
{% set adresse = ['strasse', 'hausnummer', 'plz', 'ort', 'land'] %}

with

gebaeude as (
    select
        * replace ({{ hausnummer() }} as hausnummer),
        {{ anzeigename('gebaeude') }} as name,
        strasse is not null and {{ hausnummer() }} is not null and plz is not null and ort is not null
            as hat_adresse
    from {{ ref('stg_erp__gebaeude') }}
),

{% if partner_settings('everreal').gebaeude_importieren %}
    objekte as (
        select
            mandant_nr,
            we_nr,
            gebaeude_nr,
            {{ composite_id('everreal', 'gebaeude') }} as external_id,
            {{ composite_id('everreal', 'wirtschaftseinheit') }} as objektgruppen_external_id,
            name,
            {{ adresse | join(', ') }},
            hat_adresse,
            art,
            geschosse,
            baujahr_zahl
        from gebaeude
        where {{ sendable('everreal', 'gebaeude') }}  -- E1, I5
    ),
{% else %}
    wirtschaftseinheiten as (
        select * from {{ ref('stg_erp__wirtschaftseinheit') }}
    ),

    anschriften as (
        select *
        from gebaeude
        where we_nr is not null
        qualify
            row_number() over (partition by mandant_nr, we_nr order by not hat_adresse, gebaeude_nr) = 1
    ),

    objekte as (
        select
            wirtschaftseinheiten.mandant_nr,
            wirtschaftseinheiten.we_nr,
            cast(null as varchar) as gebaeude_nr,
            {{ composite_id('everreal', 'wirtschaftseinheit', table='wirtschaftseinheiten') }} as external_id,
            cast(null as varchar) as objektgruppen_external_id,
            {{ anzeigename('wirtschaftseinheit', 'wirtschaftseinheiten') }} as name,
            anschriften.{{ adresse | join(', anschriften.') }},
            coalesce(anschriften.hat_adresse, false) as hat_adresse,
            cast(null as varchar) as art,
            cast(null as bigint) as geschosse,
            wirtschaftseinheiten.baujahr_zahl
        from wirtschaftseinheiten
        left join anschriften
            on {{ same_key('wirtschaftseinheit', 'wirtschaftseinheiten', 'anschriften') }}
        where {{ sendable('everreal', 'wirtschaftseinheit', table='wirtschaftseinheiten') }}  -- E1, I5
        union all
        select
            mandant_nr,
            we_nr,
            gebaeude_nr,
            {{ composite_id('everreal', 'gebaeude') }} as external_id,
            cast(null as varchar) as objektgruppen_external_id,
            name,
            {{ adresse | join(', ') }},
            hat_adresse,
            art,
            geschosse,
            baujahr_zahl
        from gebaeude
        where
            we_nr is null  -- I3: without a WE the Gebäude is the property
            and {{ sendable('everreal', 'gebaeude') }}  -- E1, I5
    ),
{% endif %}

einzeln as (
    select external_id
    from objekte
    group by external_id
    having count(*) = 1
)

select
    objekte.*,
    case
        when einzeln.external_id is null then 'I6'
        when not objekte.hat_adresse then 'EV2'
    end as regel,
    case
        when einzeln.external_id is null then 'two rows arrive at the same id ' || objekte.external_id
        when not objekte.hat_adresse then 'no street, house number, postcode or town'
    end as grund
from objekte
left join einzeln on objekte.external_id = einzeln.external_id
