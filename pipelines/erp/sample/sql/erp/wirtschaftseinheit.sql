with

we as (
    select
        we_id,
        any_value(mandant) as mandant,
        any_value(mandant_nr) as mandant_nr,
        any_value(we_nr) as we_nr,
        any_value(plr_name) as plr_name,
        any_value(baujahr) as baujahr,
        count(*) as haeuser,
        min_by(strasse, pos) as strasse,
        min_by(hausnummer, pos) as erste_hausnummer,
        max_by(hausnummer, pos) as letzte_hausnummer,
        min_by(ortsteil, pos) as ortsteil,
    from haus
    group by we_id
)

select
    we_id * 10 as row_no,
    mandant_nr,
    we_nr,
    case
        when mandant = 2 then concat_ws(' ', 'WEG', strasse, erste_hausnummer)
        when roll(we_id, 'quartier') < 0.3 then 'Quartier ' || plr_name
        when erste_hausnummer <> letzte_hausnummer and haeuser > 1
            then concat_ws(' ', strasse, erste_hausnummer || '-' || letzte_hausnummer)
        else concat_ws(' ', strasse, erste_hausnummer)
    end as bezeichnung,
    'Berlin' as ort,
    ortsteil as lage,
    baujahr,
    case mandant
        when 1 then 'Miete'
        when 2 then 'WEG'
        else 'Fremdverwaltung'
    end as verwaltungsart,
    make_date(greatest(baujahr + 1, 1990) + draw(we_id, 'verwaltung', 3), 1, 1) as verwaltung_von,
    null as verwaltung_bis,
    if(mandant = 3, person_nr(500000000 + we_id * 8), null) as eigentuemer_person_nr,
    mandant = 2 as weg_kz,
    make_date(2009, 3, 2) + draw(we_id, 'angelegt', 900) as angelegt,
    haeuser as _haeuser,
from we
