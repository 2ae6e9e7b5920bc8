-- H1: what was delivered of a lease, and whether it can be told if it may be sent. A row is a broken rule.
{% set in_doubt, rule, reason = doubt_verdict('mietvertrag') %}
{% set day = stichtag() %}

with

cases (lease, mark, unread, kind, ends_on, notice_for, expected) as (
    values
    ('runs', null::varchar, null::varchar, 'Miete', null::date, null::date, null::varchar),
    ('has a mark that the list knows', 'V', null, 'Miete', null, null, null),
    ('has a mark that no list knows', '?', null, 'Miete', null, null, 'H1'),
    ('has an end that nobody can read', null, 'mietende', 'Miete', null, null, 'H1'),
    ('has a notice that nobody can read', null, 'kuendigung_zum', 'Miete', null, null, 'H1'),
    ('has an end beside such a notice', null, 'kuendigung_zum', 'Miete', {{ day }} + 9, null, null),
    ('has a kind on no list', null, 'vertragsart', 'Allerlei', null, null, 'H1'),
    ('has such a kind and is over', null, 'vertragsart', 'Allerlei', {{ day }} - 1, null, null),
    ('has a day of moving out that nobody can read', null, 'auszug_am', 'Miete', null, null, null)
),

zeilen as (
    select
        lease,
        expected,
        mark as geloescht_kz,
        kind as vertragsart,
        null::varchar as status_erp,
        {{ day }} - 99 as mietbeginn,
        ends_on as mietende,
        notice_for as kuendigung_zum,
        coalesce(ends_on, notice_for) as ende,
        case
            when unread is not null
                then [{
                    'rule': case unread when 'vertragsart' then 'C9' else 'C2' end,
                    'column_name': unread,
                    'value': 'bald',
                    'reason': null::varchar
                }]
        end as _maengel
    from cases
),

judged as (
    select
        zeilen.lease,
        zeilen.expected,
        case when {{ in_doubt }} then {{ rule }} end as found
    from zeilen
    left join (values ('V', false), ('L', true)) as kennzeichen (kennzeichen, ist_geloescht)
        on zeilen.geloescht_kz = kennzeichen.kennzeichen
)

select * from judged
where found is distinct from expected
