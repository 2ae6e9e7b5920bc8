with

typed as (
    {{ read_erp_table('kontaktweg') }}
),

addresses as (
    select
        *,
        case when art = 'E-Mail' then {{ email_adresse('wert') }} end as email_adresse,
        case when art in ('Festnetz', 'Handynummer') then {{ telefon_e164('wert') }} end as telefon_e164
    from typed
),

checked as (
    select
        {{ all_but(['_maengel']) }},
        {{ list_concat('_maengel', maengel([
            ('C9', 'art', 'art is null and wert is not null', 'no kind of contact'),
            ('E4', 'wert', 'email_adresse <> ' ~ lower_case('wert')),
            ('E5', 'wert', "art = 'E-Mail' and wert is not null and email_adresse is null"),
            ('C4', 'wert', "art in ('Festnetz', 'Handynummer') and wert is not null and telefon_e164 is null"),
        ])) }} as _maengel
    from addresses
),

judged as (
    {{ judge_erp_rows(
        'checked',
        'kontaktweg',
        parents=[{'table_name': 'person'}],
    ) }}
)

select * from judged
