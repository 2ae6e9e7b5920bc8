{#- Body of `<partner>__held` (H1). `entities`: entity → kinds of ids, see `held_ids`; a kind in `also_in_mart` says that
    the record gathers several rows of the ERP, so that it is not changed either while one of them is in doubt.
    `with_email` is of the same shape: records that carry the person's e-mail address, though they are sent without one
    too. They stay as they are while the address cannot be read (E5) and what was sent of them contains `email_mark`. `more` is SQL of further rows with the same
    columns. -#}
{% macro held_rows(partner, entities, also_in_mart={}, with_email={}, email_mark='@', more=[]) -%}
    with

    doubts as (
        select * from {{ ref('int_doubts') }}
        where
            ({{ in_mandanten(partner) }} or (is_incomplete and mandant_nr is null))  -- E1
            {%- if is_chosen_objekt(partner) | trim %}
            and (
                gebaeude_nr is null
                or (
                    true {{ is_chosen_objekt(partner) }}
                )
            )
            {%- endif %}
        {%- for level, relation in key_conflict_sources().items() %}
        union all
        {{ doubt_rows(
            level,
            'conflicts',
            "'I5'",
            "'a number contains the separator " ~ partner_settings(partner).separator ~ "'",
        ) | replace('from conflicts', 'from ' ~ ref(relation) ~ ' as conflicts') }}
        where
            {{ in_mandanten(partner, 'conflicts') }}  -- E1
            {%- if 'gebaeude_nr' in doubt_levels()[level] %}
            {{ is_chosen_objekt(partner, 'conflicts') }}
            {%- endif %}
            and {{ key_conflict(partner, contract_of(level), level in ('mieter', 'eigentuemer'), 'conflicts') }}  -- I5
        {%- endfor %}
    ),

    held as (
        {%- for entity, kinds in entities.items() %}
        {%- for kind in kinds %}
        {{ held_ids(partner, entity, kind, kind in also_in_mart.get(entity, [])) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
        {%- for entity, kinds in with_email.items() %}
        {%- for kind in kinds %}
        union all
        {{ held_ids(partner, entity, kind, also_in_mart=true, email_mark=email_mark) }}
        {%- endfor %}
        {%- endfor %}
        {%- for rows in more %}
        union all
        {{ rows }}
        {%- endfor %}
    )

    {#- Whom it names nobody knows, but perhaps what of. #}
    {{ first_rows(
        'held',
        by=['entity', 'external_id', 'part'],
        order_by=[
            'also_in_mart desc', 'holds_below desc', 'rule', 'length(reason)', 'reason',
            'person_nr nulls first',
            "case table_name when 'wirtschaftseinheit' then 1 when 'gebaeude' then 2 when 'verwaltungseinheit' then 3"
            ~ ' end nulls last', 'table_name', 'separator nulls first',
        ],
        where="external_id is not null and (external_id <> '?' or part is not null)",
    ) }}
{%- endmacro %}


{#- Rows out of the CTE `doubts` for one entity. A kind is a level of `int_doubts`, or:
    tenant, owner (the persons, each a record of its own), unit_of_lease, estate_of_lease, unit_of_owner,
    building_of_unit, building_of_lease (what is made of rows below it), person_of_lease (a lease that names its tenants),
    tenants_of_lease (any record of a (lease, tenant)), lease_of_tenant (a lease with its tenants inside). -#}
{% macro held_ids(partner, entity, kind, also_in_mart=false, email_mark=none) -%}
    {%- set levels, key, person = {
        'wirtschaftseinheit': (['wirtschaftseinheit'], 'wirtschaftseinheit', false),
        'gebaeude': (['gebaeude'], 'gebaeude', false),
        'verwaltungseinheit': (['verwaltungseinheit'], 'verwaltungseinheit', false),
        'mietvertrag': (['mietvertrag', 'mieter'], 'mietvertrag', false),
        'mieter': (['mieter'], 'mietvertrag', true),
        'eigentuemervertrag': (['eigentuemervertrag', 'eigentuemer'], 'eigentuemervertrag', false),
        'eigentuemer': (['eigentuemer'], 'eigentuemervertrag', true),
        'tenant': (['mieter'], 'person', false),
        'owner': (['eigentuemer'], 'person', false),
        'unit_of_lease': (['mietvertrag', 'mieter'], 'verwaltungseinheit', false),
        'estate_of_lease': (['mietvertrag', 'mieter'], 'wirtschaftseinheit', false),
        'unit_of_owner': (['eigentuemer'], 'verwaltungseinheit', false),
        'building_of_unit': (['verwaltungseinheit'], 'gebaeude', false),
        'building_of_lease': (['verwaltungseinheit', 'mietvertrag', 'mieter'], 'gebaeude', false),
        'tenants_of_lease': (['mietvertrag', 'mieter'], 'mietvertrag', false),
        'lease_of_tenant': (['mieter'], 'mietvertrag', false),
        'person_of_lease': (['mieter'], 'mietvertrag', false),
    }[kind] -%}
    {#- What the gathering record names of the row in doubt. -#}
    {%- set part = {
        'owner': composite_id(partner, 'verwaltungseinheit'),
        'unit_of_owner': composite_id(partner, 'person'),
        'person_of_lease': composite_id(partner, 'person'),
        'tenants_of_lease': composite_id(partner, 'mietvertrag', person=true),
        'lease_of_tenant': composite_id(partner, 'mietvertrag', person=true),
    }.get(kind, 'cast(null as string)') -%}
    {%- set separator = "'" ~ partner_settings(partner).separator ~ "'" -%}
    select
        '{{ entity }}' as entity,
        {%- if kind == 'tenants_of_lease' %}
        {{ composite_id(partner, key) }} || {{ separator }} || '?' as external_id,
        {%- else %}
        case
            when is_incomplete then {{ incomplete_id(partner, key, person) }}
            else {{ composite_id(partner, key, person) }}
        end as external_id,
        {%- endif %}
        rule,
        table_name,
        reason,
        {#- A number with the separator in it (I5) was never sent, so the partner holds nothing of the row. -#}
        {{ "rule <> 'I5'" if also_in_mart else 'false' }} as also_in_mart,
        {{ sql_text(email_mark) if email_mark else part if also_in_mart else 'cast(null as string)' }} as part,
        {#- What one row of several has made stays, and takes nothing with it. -#}
        {{ (not email_mark and kind not in ['tenant', 'owner', 'estate_of_lease', 'building_of_lease']) | lower }} as holds_below,
        {%- if kind == 'tenants_of_lease' %}
        {{ separator }} as separator,
        {%- else %}
        case
            when is_incomplete and coalesce(
                {{ incomplete_id(partner, key, person) }} <> {{ composite_id(partner, key, person) }}, true
            ) then {{ separator }}
        end as separator,
        {%- endif %}
        person_nr
    from doubts
    where
        level in ('{{ levels | join("', '") }}')
        {%- if email_mark %}
        and of_email
        {%- elif needs_email(partner) %}
        and (not of_email or level = 'mieter')  -- E2: owners need no address
        {%- else %}
        and not of_email
        {%- endif %}
{%- endmacro %}


{#- One row more: `external_id` and the rest are SQL on the relation that follows. -#}
{% macro held_row(entity, external_id, rule, table_name, reason, also_in_mart=false, part='null',
    holds_below=true, separator='null', person_nr='null') -%}
    select
        '{{ entity }}' as entity,
        {{ external_id }} as external_id,
        {{ rule }} as rule,
        '{{ table_name }}' as table_name,
        {{ reason }} as reason,
        {{ also_in_mart | lower }} as also_in_mart,
        {{ part }} as part,
        {{ holds_below | lower }} as holds_below,
        {{ separator }} as separator,
        {{ person_nr }} as person_nr
{%- endmacro %}


{#- Rows that the mart leaves out for what its partner refuses (V1): `relation` has the key of the level and a list
    `hindernisse`. -#}
{% macro refused_rows(partner, entity, level, relation, table_name=none) -%}
    {%- set first = list_element('hindernisse', 1) -%}
    {{ held_row(
        entity,
        composite_id(partner, level),
        "'V1'",
        table_name or level,
        "concat_ws(' ', " ~ first ~ '.column_name, ' ~ first ~ ".value) || ': ' || " ~ first ~ '.reason',
    ) }}
    from {{ relation }}
    where hindernisse is not null
{%- endmacro %}


{#- Contracts of which two arrive at one id (I6). -#}
{% macro shared_id_rows(entity, relation) -%}
    {{ held_row(entity, 'external_id', "'I6'", 'mietvertrag', "'two contracts arrive at this id'") }}
    from {{ relation }}
{%- endmacro %}


{#- The id of an incomplete key (C7), with ? for each number that is missing. -#}
{% macro incomplete_id(partner, level, person=false) -%}
    {%- set key = record_key(level, person) -%}
    concat_ws(
        '{{ partner_settings(partner).separator }}'
        {%- for column in key %},
        {%- set lacking = erps_without(column, key) %}
        coalesce({{ "'E' || " if column == 'ev_nr' }}{{ column }}, {{
            "case when not " ~ is_erp('quelle_erp', lacking) ~ " then '?' end" if lacking else "'?'"
        }})
        {%- endfor %}
    )
{%- endmacro %}


{#- Level → rows that are sent but for a key conflict (I5). -#}
{% macro key_conflict_sources() %}
    {% do return({
        'wirtschaftseinheit': 'stg_erp__wirtschaftseinheit',
        'gebaeude': 'stg_erp__gebaeude',
        'verwaltungseinheit': 'stg_erp__verwaltungseinheit',
        'mietvertrag': 'int_mietvertraege',
        'mieter': 'int_mieter',
        'eigentuemervertrag': 'int_eigentuemervertraege',
        'eigentuemer': 'int_eigentuemer',
    }) %}
{% endmacro %}


{% macro contract_of(level) %}
    {% do return({'mieter': 'mietvertrag', 'eigentuemer': 'eigentuemervertrag'}.get(level, level)) %}
{% endmacro %}
