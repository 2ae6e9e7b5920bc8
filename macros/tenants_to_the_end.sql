{#- Leases in scope (L4), and those that ended at most so many days before the key date; None: whenever they ended. -#}
{% macro lease_in_scope_or_ended(days=none) -%}
    (
        {{ lease_in_scope('status', 'vertragsart') }}
        or (
            status = 'beendet'
            {%- if days is not none %}
            and ende >= {{ stichtag() }} - {{ days }}
            {%- endif %}
            and {{ lease_in_scope("'aktiv'", 'vertragsart') }}
        )
    )
{%- endmacro %}


{#- The tenants of the relation `leases` (L5, E8, E9), each once a lease: at the key date, or on the last day of one that
    is over. Begin and end are those of (lease, tenant), I8. -#}
{% macro tenants_to_the_end(leases) -%}
    select
        {{ record_key('mietvertrag', person=true, table='mieter') | join(',\n        ') }},
        mieter.quelle_erp,
        mieter.rolle = 'Hauptmieter' as ist_hauptmieter,
        greatest(leases.mietbeginn, mieter.gueltig_von) as beginn,
        least(leases.ende, mieter.gueltig_bis) as ende
    from {{ ref('stg_erp__mieter') }} as mieter
    inner join {{ leases }} as leases on {{ same_key('mietvertrag', 'mieter', 'leases') }}
    inner join {{ ref('int_personen') }} as personen on mieter.person_nr = personen.person_nr
    where
        mieter.rolle in ('Hauptmieter', 'Mitmieter')
        and coalesce(
            mieter.gueltig_bis >= case when leases.status = 'beendet' then leases.ende else {{ stichtag() }} end,
            true
        )
    qualify row_number() over (
        partition by {{ record_key('mietvertrag', person=true, table='mieter') | join(', ') }}
        order by mieter.rolle = 'Hauptmieter' desc, mieter.gueltig_von asc nulls last, mieter._zeile asc
    ) = 1
{%- endmacro %}
