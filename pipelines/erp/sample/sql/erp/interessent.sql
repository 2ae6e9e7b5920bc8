with

gezogen as (
    select
        *,
        if(roll(bewerber_id, 'geschlecht') < 0.5, 'w', 'm') as geschlecht,
        draw(bewerber_id, 'nachname', getvariable('nachnamen')) as nachname_platz,
    from bewerber
),

benannt as (
    select
        *,
        draw(bewerber_id, 'vorname', if(geschlecht = 'm', getvariable('vornamen_m'), getvariable('vornamen_w'))) as vorname_platz,
    from gezogen
)

select
    bewerber_id * 10 as row_no,
    'I' || lpad(bewerber_id::varchar, 9, '0') as interessent_nr,
    if(pid is null, null, person_nr(pid)) as person_nr,
    vorname.vorname,
    nachname.nachname,
    if(roll(bewerber_id, 'geburtsdatum') < 0.3, null, benannt.eingang_am - 6900 - draw(bewerber_id, 'alter', 15000)) as geburtsdatum,
    'bewerbung.' || bewerber_id || '@example.net' as email,
    drama_mobile(bewerber_id) as telefon,
    einheit.mandant_nr || '/' || einheit.we_nr || '/' || einheit.gebaeude_nr || '/' || einheit.ve_nr as objektnr,
    if(
        pid is null,
        one_of(bewerber_id, 'status', ['neu', 'neu', 'abgelehnt']),
        one_of(bewerber_id, 'status', ['angebot', 'angenommen'])
    ) as status,
    one_of(bewerber_id, 'partner', ['immomio', 'everreal', 'wohnungshelden']) as quelle_partner,
    benannt.eingang_am::timestamp + to_seconds(25200 + draw(bewerber_id, 'uhrzeit', 50000)) as eingang_am,
    benannt.eingang_am as angelegt,
from benannt
inner join einheit on benannt.ve_id = einheit.ve_id
inner join vorname
    on benannt.geschlecht = vorname.geschlecht
    and benannt.vorname_platz = vorname.platz
inner join nachname on benannt.nachname_platz = nachname.platz
