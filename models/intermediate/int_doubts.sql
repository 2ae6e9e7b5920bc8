{{ config(schema='intermediate', tags=['every_use_case']) }}

with

-- Whoever can be sent is in no doubt, so that of millions only some are looked at.
personen as (
    select
        person_nr,
        rule,
        name,
        ist_anonymisiert
    from {{ ref('int_personen__pruefung') }}
    where rule is not null
),

-- H2: whatever else of the person is in doubt
anonymised as (
    select person_nr from {{ ref('base_erp__person') }}
    where anonymisiert and (_rule is null or _rule = 'H1')
),

mietvertraege_in_doubt as (
    select mietvertrag.*
    from {{ ref('base_erp__mietvertrag') }} as mietvertrag
    where
        not {{ lease_surely_out('mietvertrag') }}
        -- L4: without a begin it has no state
        and (mietvertrag._rule = 'H1' or (mietvertrag._rule is null and mietvertrag.mietbeginn is null))
),

mietvertraege_surely_out as (
    select mietvertrag.*
    from {{ ref('base_erp__mietvertrag') }} as mietvertrag
    where
        (mietvertrag._rule is null or mietvertrag._rule not in ('C6', 'C7', 'I3'))
        and {{ lease_surely_out('mietvertrag') }}
),

mieter_perhaps_in_doubt as (
    select mieter.*
    from {{ ref('base_erp__mieter') }} as mieter
    left join mietvertraege_in_doubt on {{ same_key('mietvertrag', 'mieter', 'mietvertraege_in_doubt') }}
    where mieter._rule = 'H1' or (mieter._rule is null and mietvertraege_in_doubt.mandant_nr is not null)
),

mieter_in_doubt as (
    select mieter.*
    from mieter_perhaps_in_doubt as mieter
    left join mietvertraege_surely_out on {{ same_key('mietvertrag', 'mieter', 'mietvertraege_surely_out') }}
    left join personen on mieter.person_nr = personen.person_nr
    where
        -- who is surely no tenant is in no doubt: lease over (L4), role over, another role, anonymised (L5)
        mietvertraege_surely_out.mandant_nr is null
        and coalesce(mieter.gueltig_bis >= {{ stichtag() }}, true)
        and (
            coalesce({{ lower_case('mieter.rolle') }} in ('hauptmieter', 'mitmieter'), true)
            or {{ has_mangel('mieter', 'rolle') }}
        )
        and personen.rule is distinct from 'L5'
        and not exists (
            select 1 from anonymised
            where anonymised.person_nr = mieter.person_nr
        )
),

eigentuemervertraege as (
    select
        {{ key_columns('eigentuemervertrag') | join(', ') }},
        quelle_erp,
        _rule,
        _reason,
        -- L6: surely over, or never begun
        coalesce(ende < {{ stichtag() }} or ende < beginn, false) as is_surely_out
    from {{ ref('base_erp__eigentuemervertrag') }}
    where _rule is null or _rule not in ('C6', 'C7', 'I3')
),

eigentuemervertraege_in_doubt as (
    select * from eigentuemervertraege
    where _rule = 'H1' and not is_surely_out
),

eigentuemervertraege_surely_out as (
    select * from eigentuemervertraege
    where is_surely_out
),

eigentuemer_perhaps_in_doubt as (
    select
        eigentuemer.*,
        personen.rule as person_regel,
        personen.name,
        personen.ist_anonymisiert
    from {{ ref('base_erp__eigentuemer') }} as eigentuemer
    left join personen on eigentuemer.person_nr = personen.person_nr
    where
        (eigentuemer._rule = 'H1' or (eigentuemer._rule is null and personen.rule in ('E8', 'E9')))
        and personen.rule is distinct from 'L5'  -- L6: anonymised
        and not exists (
            select 1 from anonymised
            where anonymised.person_nr = eigentuemer.person_nr
        )
),

eigentuemer as (
    select eigentuemer.*
    from eigentuemer_perhaps_in_doubt as eigentuemer
    left join eigentuemervertraege
        on {{ same_key('eigentuemervertrag', 'eigentuemer', 'eigentuemervertraege') }}
    where
        not coalesce(eigentuemervertraege.is_surely_out, false)
        -- its contract may be one of which a number is missing
        and (eigentuemervertraege.mandant_nr is not null or eigentuemer._rule = 'H1')
),

eigentuemer_in_doubt as (
    select * from eigentuemer
    where _rule = 'H1'
),

-- E8, E9: the person is there, but cannot be sent; a name that says so itself is an anonymised person
mieter_without_name as (
    select mieter.*
    from {{ ref('int_mieter__pruefung') }} as mieter
    inner join personen on mieter.person_nr = personen.person_nr
    where mieter.rule in ('E8', 'E9') and not personen.ist_anonymisiert
),

eigentuemer_without_name as (
    select * from eigentuemer
    where _rule is null and person_regel in ('E8', 'E9') and not ist_anonymisiert
),

-- E5: something stands as an address; with nothing there the person has none, which is no doubt (H2)
unclear_addresses as (
    select * from {{ ref('int_unclear_addresses') }}
),

{% for level in ['mieter', 'eigentuemer'] %}
    {{ level }}_without_address as (
        select
            {{ level }}.*,
            unclear_addresses.addresses
        from {{ ref('int_' ~ level) }} as {{ level }}
        inner join unclear_addresses on {{ level }}.person_nr = unclear_addresses.person_nr
    ),

{% endfor %}
{% for level in ['wirtschaftseinheit', 'gebaeude', 'verwaltungseinheit'] %}
    {{ level }}_in_doubt as (
        select * from {{ ref('base_erp__' ~ level) }}
        where _rule = 'H1'
    ),

{% endfor %}
-- C7: a key of which numbers are missing may have meant any record that has the others
{% for level, key in doubt_levels().items() %}
    {%- set contract = {'mieter': 'mietvertrag', 'eigentuemer': 'eigentuemervertrag'}.get(level) %}
    {%- set contracts = {
        'mieter': 'mietvertraege_surely_out',
        'eigentuemer': 'eigentuemervertraege_surely_out',
    }.get(level) %}
    {%- set numbers = [] %}
    {%- for column in key %}
        {%- do numbers.append('zeilen.' ~ column) %}
    {%- endfor %}
    {{ level }}_incomplete as (
        select zeilen.*
        from {{ ref('base_erp__' ~ level) }} as zeilen
        {% if contract %}
            left join {{ contracts }} on {{ same_key(contract, 'zeilen', contracts) }}
        {% endif %}
        where
            zeilen._rule = 'C7'
            and coalesce({{ numbers | join(', ') }}) is not null
            {{ 'and ' ~ contracts ~ '.mandant_nr is null' if contract }}
    ),

{% endfor %}
doubts as (
    {% for level in ['wirtschaftseinheit', 'gebaeude', 'verwaltungseinheit'] %}
        {{ doubt_rows(level, level ~ '_in_doubt', "'H1'", '_reason') }}
        union all
    {% endfor %}
    {{ doubt_rows(
        'mietvertrag',
        'mietvertraege_in_doubt',
        "coalesce(_rule, 'L4')",
        "coalesce(_reason, 'no readable mietbeginn')",
    ) }}
    union all
    {{ doubt_rows(
        'mieter',
        'mieter_in_doubt',
        "coalesce(_rule, 'L4')",
        "coalesce(_reason, 'the lease has no readable mietbeginn')",
    ) }}
    union all
    {{ doubt_rows('eigentuemervertrag', 'eigentuemervertraege_in_doubt', '_rule', '_reason') }}
    union all
    {{ doubt_rows('eigentuemer', 'eigentuemer_in_doubt', '_rule', '_reason') }}
    union all
    {{ doubt_rows('mieter', 'mieter_without_name', 'rule', 'reason', table_name='person') }}
    union all
    {{ doubt_rows(
        'eigentuemer',
        'eigentuemer_without_name',
        'person_regel',
        "'no name'",
        table_name='person',
    ) }}
    union all
    {% for level in ['mieter', 'eigentuemer'] %}
        {{ doubt_rows(
            level,
            level ~ '_without_address',
            "'E5'",
            'addresses',
            table_name='kontaktweg',
            of_email=true,
        ) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
    {% for level in doubt_levels() %}
        union all
        {{ doubt_rows(level, level ~ '_incomplete', "'C7'", '_reason', is_incomplete=true) }}
    {% endfor %}
)

select * from doubts
