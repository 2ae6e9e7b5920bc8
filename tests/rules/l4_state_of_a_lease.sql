-- L4: begin, end, notice and the ERP's own state of a lease, and its state at the key date. A row is a broken rule.
{% set day = stichtag() %}

with

cases (lease, begins_on, ends_on, notice_for, erp_state, expected) as (
    values
    ('runs', {{ day }} - 1, null::date, null::date, null::varchar, 'aktiv'),
    ('begins today', {{ day }}, null, null, null, 'aktiv'),
    ('ends today', {{ day }} - 9, {{ day }}, null, null, 'aktiv'),
    ('ended yesterday', {{ day }} - 9, {{ day }} - 1, null, null, 'beendet'),
    ('begins tomorrow', {{ day }} + 1, null, null, null, 'zukuenftig'),
    ('was given notice', {{ day }} - 9, {{ day }} + 90, {{ day }} + 90, null, 'gekuendigt'),
    ('ends before it begins', {{ day }} + 9, {{ day }} + 8, null, null, 'storniert'),
    ('is cancelled in the ERP', {{ day }} - 9, null, null, 'STORNIERT', 'storniert'),
    ('has no begin', null, null, null, null, null),
    ('has an end and no begin', null, {{ day }} + 9, null, null, null)
),

judged as (
    select
        lease,
        expected,
        {{ vertragsstatus('begins_on', 'ends_on', 'notice_for', 'erp_state') }} as found
    from cases
)

select * from judged
where found is distinct from expected
