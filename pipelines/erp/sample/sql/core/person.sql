-- One row per person (or company), with the names drawn for it.
with

eigentuemer as (
    select
        pid,
        min(ve_id) as ve_id,
        min(mandant) as mandant,
        min(pos) as pos,
        max(personen) as personen,
        min(beginn) as beginn,
    from miteigentum
    where not ist_mieter  -- tenants are persons already
    group by pid
),

alle as (
    select
        1 as pid,
        1 as haushalt,
        1 as pos,
        null as personen,
        null as ve_id,
        getvariable('stand') - 4000 as seit,
        0.0 as firmenanteil,
        false as wohnt_dort,
    union all
    select
        beteiligter.pid,
        vertrag.mv_id as haushalt,
        beteiligter.pos,
        vertrag.personen,
        vertrag.ve_id,
        beteiligter.gueltig_von - 20 - draw(beteiligter.pid, 'seit', 40) as seit,
        case
            when beteiligter.pos > 1 then 0.0
            when vertrag.ve_art = 'gewerbe' then 0.75
            else 0.015
        end as firmenanteil,
        vertrag.phase = 'jetzt' and vertrag.ve_art = 'wohnung' and beteiligter.pos < 5 as wohnt_dort,
    from beteiligter
    inner join vertrag on beteiligter.mv_id = vertrag.mv_id
    where beteiligter.pid // 8 = beteiligter.mv_id  -- somebody else's tenant is a person there
    union all
    select
        eigentuemer.pid,
        eigentuemer.pid // 8 + 1000000000 as haushalt,
        eigentuemer.pos + 1 as pos,
        eigentuemer.personen,
        eigentuemer.ve_id,
        eigentuemer.beginn - 30 as seit,
        case
            when eigentuemer.pos > 0 then 0.0
            when eigentuemer.mandant = 3 then 0.4
            else 0.05
        end as firmenanteil,
        einheit.zustand = 'selbst' as wohnt_dort,
    from eigentuemer
    inner join einheit on eigentuemer.ve_id = einheit.ve_id
    union all
    select
        pid,
        pid as haushalt,
        1 as pos,
        1 as personen,
        null as ve_id,
        eingang_am as seit,
        0.0 as firmenanteil,
        false as wohnt_dort,
    from bewerber
    where pid is not null  -- found by the duplicate check
),

gelost as (
    select
        *,
        roll(pid, 'firma') < firmenanteil as ist_firma,
        case
            when roll(pid, 'divers') < 0.004 then 'd'
            when pos = 2 and roll(pid, 'paar') < 0.9 then if(roll(haushalt, 'geschlecht') < 0.5, 'm', 'w')
            when pos = 1 then if(roll(haushalt, 'geschlecht') < 0.5, 'w', 'm')
            else if(roll(pid, 'geschlecht') < 0.5, 'w', 'm')
        end as geschlecht,
        if(pos = 1 or (pos < 5 and roll(pid, 'gleicher name') < 0.6), haushalt, pid) as namensgeber,
    from alle
),

gezogen as (
    select
        *,
        draw(pid, 'vorname', if(geschlecht = 'm', getvariable('vornamen_m'), getvariable('vornamen_w'))) as vorname_platz,
        draw(namensgeber, 'nachname', getvariable('nachnamen')) as nachname_platz,
        draw(pid, 'zweitname', getvariable('nachnamen')) as zweitname_platz,
    from gelost
)

select
    gezogen.* exclude (namensgeber, vorname_platz, nachname_platz, zweitname_platz),
    vorname.vorname,
    nachname.nachname,
    zweitname.nachname as zweitname,
from gezogen
inner join vorname
    on if(gezogen.geschlecht = 'm', 'm', 'w') = vorname.geschlecht
    and gezogen.vorname_platz = vorname.platz
inner join nachname on gezogen.nachname_platz = nachname.platz
inner join nachname as zweitname on gezogen.zweitname_platz = zweitname.platz
