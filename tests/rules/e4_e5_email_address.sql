-- E4, E5: what is written, and the address that counts; NULL where none is valid. A row of the result is a broken rule.
with

cases (written, address) as (
    values
    ('ada@muster.example', 'ada@muster.example'),
    ('MAILTO:Ada@Muster.example.', 'ada@muster.example'),
    ('Ada Muster <ada@muster.example>', 'ada@muster.example'),
    ('keine; ada@muster.example, bo@muster.example', 'ada@muster.example'),
    ('ada@muster.example bo@muster.example', 'ada@muster.example'),
    ('ada@müster.example', 'ada@müster.example'),
    ('ada muster@muster.example', null),
    ('Ada <ada@muster.example> privat', null),
    ('k.A.', null),
    ('keine', null),
    ('-', null),
    ('ada@', null),
    ('@muster.example', null),
    ('a@b', null),
    ('.ada@muster.example', null),
    ('ada..m@muster.example', null),
    ('ada@muster.e1', null),
    ('ada@-muster.example', null)
),

read_by_us as (
    select
        written,
        address,
        {{ email_adresse('written') }} as found
    from cases
)

select * from read_by_us
where found is distinct from address
