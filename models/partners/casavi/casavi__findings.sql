{{ config(enabled=partner_aktiv('casavi'), schema='quality', materialized='view') }}

{{ partner_findings(
    'casavi',
    tabellen=[
        'wirtschaftseinheit',
        'gebaeude',
        'verwaltungseinheit',
        'mietvertrag',
        'mieter',
        'eigentuemervertrag',
        'eigentuemer',
    ],
    geteilte_id='vertrag_person_id'
) }}
{% for tabelle in ['wirtschaftseinheit', 'gebaeude', 'verwaltungseinheit'] %}
    union all
    select
        'E6' as regel,
        '{{ tabelle }}' as tabelle,
        concat_ws('/', {{ record_key(tabelle, table='stamm') | join(', ') }}) as schluessel,
        cast(null as varchar) as spalte,
        cast(null as varchar) as wert,
        'casavi' as partner,
        'not let to a tenant who can be sent' as grund
    from {{ ref('stg_erp__' ~ tabelle) }} as stamm
    where
        {{ sendable('casavi', tabelle, table='stamm') }}  -- E1, I5
        and stamm.we_nr is not null  -- I3: reported below
        -- E6: no master data without a tenant
        and not exists (
            select 1
            from {{ ref('int_casavi__verwaltungseinheiten') }} as vermietet
            where {{ same_key(tabelle, 'vermietet', 'stamm') }}
        )
{% endfor %}
union all
select
    'I3' as regel,
    'gebaeude' as tabelle,
    concat_ws('/', {{ record_key('gebaeude', table='gebaeude') | join(', ') }}) as schluessel,
    'we_nr' as spalte,
    cast(null as varchar) as wert,
    'casavi' as partner,
    'no WE: a casavi unit needs a Liegenschaft' as grund
from {{ ref('stg_erp__gebaeude') }} as gebaeude
where
    {{ sendable('casavi', 'gebaeude', table='gebaeude') }}  -- E1, I5
    and gebaeude.we_nr is null  -- I3
union all
select
    'V1' as regel,
    'eigentuemervertrag' as tabelle,
    concat_ws('/', {{ record_key('eigentuemervertrag', table='vertrag') | join(', ') }}) as schluessel,
    'beginn' as spalte,
    cast(null as varchar) as wert,
    'casavi' as partner,
    'no readable beginn: casavi requires a startDate' as grund
from {{ ref('int_eigentuemervertraege') }} as vertrag
-- E6: what hangs on a unit that is not synced is reported with the unit
inner join {{ ref('int_casavi__verwaltungseinheiten') }} as vermietet
    on {{ same_key('verwaltungseinheit', 'vertrag', 'vermietet') }}
where
    {{ sendable('casavi', 'eigentuemervertrag', table='vertrag') }}  -- E1, I5
    and vertrag.beginn is null  -- V1
