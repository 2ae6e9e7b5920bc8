-- Domains are reserved (RFC 2606, RFC 6761), phone numbers kept free for fiction: nobody real is reached.
with

briefkasten as (
    select
        *,
        one_of(
            pid,
            'domain',
            ['example.org', 'example.com', 'example.net', 'post.example', 'web.example', 'mail.example', 'familie.example']
        ) as domain,
        coalesce(personen, 1) > 1 and pos < 5 and roll(haushalt, 'familienadresse') < 0.08 as teilt_adresse,
    from person
),

weg as (
    select
        pid,
        seit,
        unnest([
            {
                lfd: 1,
                art: 'E-Mail',
                gibt_es: roll(pid, 'email') < 0.6 or pid = 1,
                wert: case
                    when pid = 1 then 'vermietung@wohnungsbestand.example'
                    when teilt_adresse then 'familie' || haushalt || '@familie.example'
                    when ist_firma then 'info@' || coalesce(nullif(ascii_name(nachname), ''), 'firma') || '-' || pid || '.example'
                    else coalesce(nullif(ascii_name(vorname), ''), 'post') || '.'
                        || coalesce(nullif(ascii_name(nachname), ''), 'person')
                        || if(roll(pid, 'zahl') < 0.8, (pid % 100000)::varchar, '') || '@' || domain
                end,
            },
            {lfd: 2, art: 'Handynummer', gibt_es: roll(pid, 'mobil?') < 0.65, wert: drama_mobile(pid)},
            {lfd: 3, art: 'Festnetz', gibt_es: roll(pid, 'festnetz?') < 0.4, wert: drama_landline(pid)},
            {
                lfd: 4,
                art: 'E-Mail',
                gibt_es: roll(pid, 'email') < 0.05 and pid > 1,
                wert: 'zweitpost.' || pid || '@example.org',
            },
            {lfd: 5, art: 'Fax', gibt_es: ist_firma and roll(pid, 'fax') < 0.4, wert: drama_landline(pid + 7)},
        ]) as kontakt,
    from briefkasten
)

select
    pid * 100 + kontakt.lfd * 10 as row_no,
    person_nr(pid) as person_nr,
    kontakt.lfd as lfd_nr,
    kontakt.art,
    kontakt.wert,
    if(kontakt.art = 'Festnetz' and roll(pid, 'dienstlich') < 0.05, 'dienstlich', null) as bemerkung,
    kontakt.lfd = 1 as ist_haupt,
    seit as angelegt,
    pid as _pid,
    kontakt.lfd = 1 and pid > 1 as _erste_email,
from weg
where kontakt.gibt_es
