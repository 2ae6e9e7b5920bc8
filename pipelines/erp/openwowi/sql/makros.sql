-- What several tables need alike.

-- A date, also where it comes with the midnight behind it.
create macro datum(wert) as regexp_replace(wert, 'T00:00:00(\.0+)?(Z|[+-]00:00)?$', '');

create macro hausnummer(adresse) as coalesce(
    adresse ->> '$.HouseNumberComplete',
    nullif(concat_ws(' ', adresse ->> '$.HouseNumber', adresse ->> '$.HouseNumberAddition'), '')
);

-- Whole and half rooms are counted apart.
create macro zimmer(einheit) as if(
    coalesce(einheit ->> '$.NumberOfRooms', einheit ->> '$.NumberOfHalfRooms') is null,
    null,
    cast(
        coalesce(cast(einheit ->> '$.NumberOfRooms' as decimal(6, 1)), 0)
        + coalesce(cast(einheit ->> '$.NumberOfHalfRooms' as decimal(6, 1)), 0) / 2
        as decimal(6, 1)
    )
);

create macro nutzung(einheit) as einheit ->> '$.CurrentUseUnitType.UseUnitUsageType.Name';

create macro ist_leerstand(vertrag) as coalesce(vertrag ->> '$.RestrictionOfUse.IsVacancy', 'false') = 'true';
