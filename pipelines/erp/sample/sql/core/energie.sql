-- One row per house with its energy certificate; a parking ground has none.
with

gemessen as (
    select
        haus_id,
        art = 'Grundstueck' as ist_grundstueck,
        case
            when art = 'Grundstueck' then null
            when roll(haus_id, 'energietraeger') < 0.56 then 'Gas'
            when roll(haus_id, 'energietraeger') < 0.75 then 'Öl'
            when roll(haus_id, 'energietraeger') < 0.90 then 'Fernwärme'
            else one_of(haus_id, 'energietraeger 2', ['Strom', 'Wärmepumpe', 'Pellets', 'Holz'])
        end as energietraeger,
        case
            when art = 'Grundstueck' or roll(haus_id, 'ausweis') < 0.06 then null
            else (55 + 190 * roll(haus_id, 'kennwert'))::decimal(6, 1)
        end as energie_kennwert,
    from haus
)

select
    haus_id,
    case
        when energie_kennwert is null then null
        when roll(haus_id, 'ausweis') < 0.4 then 'BEDARF'
        else 'VERBRAUCH'
    end as energieausweis_art,
    if(
        energie_kennwert is null,
        null,
        make_date(2027 + draw(haus_id, 'ausweis bis', 9), 1 + draw(haus_id, 'monat', 12), 28)
    ) as energieausweis_gueltig_bis,
    energie_kennwert,
    case
        when energie_kennwert is null then null
        when energie_kennwert <= 75 then 'B'
        when energie_kennwert <= 100 then 'C'
        when energie_kennwert <= 130 then 'D'
        when energie_kennwert <= 160 then 'E'
        when energie_kennwert <= 200 then 'F'
        else 'G'
    end as energieeffizienzklasse,
    energietraeger,
    case
        when ist_grundstueck then null
        when energie_kennwert is null then 'ohne'
        else '2014'
    end as energieausweis_jahrgang,
    if(ist_grundstueck, null, 'wohn') as energie_gebaeudeart,
from gemessen
