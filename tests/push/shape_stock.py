"""Small stocks for the partners of `shapes/`; everybody in them is invented."""

from tests.push.site import Rows

# Ids with everything that an address must not take literally.
HOUSE_IDS = [f"001/1 a|{n}ü" for n in range(7)]

LINKED: Rows = {
    "haeuser": [{"external_id": id_, "name": f"Haus {id_[-2]}", "city": None} for id_ in HOUSE_IDS],
    "vertraege": [
        {
            "external_id": f"{id_}/01",
            "haeuser_external_id": id_,
            "startDate": "2020-01-01",
            "endDate": None,
            "note": "Nr. 1",
        }
        for id_ in HOUSE_IDS[:2]
    ],
}
KEYED: Rows = {
    "gruppen": [{"external_id": f"001/{n}", "customId": str(n)} for n in (1, 2)],
    "haeuser": [
        {
            "external_id": f"001/{group}/0{n}",
            "gruppen_external_id": f"001/{group}",
            "customId": f"0{n}",
            "street": f"Parkstr. {n}",
        }
        for group, numbers in ((1, range(1, 5)), (2, (1,)))
        for n in numbers
    ],
}
SEARCHED: Rows = {
    "dossiers": [
        {
            "external_id": f"001/1/{n}",
            "title": f"Wohnung {n}",
            "property": {"buildingYear": 1900 + n, "rooms": 2.5, "hasLift": True},
        }
        for n in range(3)
    ]
}
GRAPHED: Rows = {
    "eigentuemer": [
        {
            "external_id": f"8{n}",
            "lastName": f"Muster {n}",
            "email": None,
            "address": {"streetName": "Parkstr.", "zipCode": "01067"},
        }
        for n in range(2)
    ],
    "einheiten": [
        {
            "external_id": f"001/1/{n}",
            "eigentuemer_external_id": f"8{n % 2}",
            "name": f"Wohnung {n}",
            "type": "APARTMENT",
            "floorNo": n,
            "rent": 500.5,
            "availableFrom": "2026-01-01",
        }
        for n in range(7)
    ],
}
FILED: Rows = {
    "objekte": [
        {
            "external_id": f"001/1/{n}",
            "anbieter": {"anbieternr": "001", "firma": "Muster eG", "openimmo_anid": "A" + "1" * 30},
            "objektkategorie": {
                "nutzungsart": {"WOHNEN": True, "GEWERBE": False},
                "vermarktungsart": {"KAUF": False, "MIETE_PACHT": True},
                "objektart": {"wohnung": {"wohnungtyp": "ETAGE"}},
            },
            "geo": {"plz": "01067", "ort": "Dresden", "strasse": "Parkstr."},
            "kontaktperson": {"email_zentrale": "post@example.org", "name": "Vermietung"},
            "preise": {"nettokaltmiete": 500.5 + n},
        }
        for n in range(3)
    ]
}
BULKED: Rows = {
    "haeuser": [{"external_id": f"001/{n:02d}", "name": f"Haus {n}", "city": None} for n in range(20)],
    "mieter": [
        {"external_id": f"001/{n:02d}/77", "haeuser_external_id": f"001/{n:02d}", "lastName": f"Muster {n}"}
        for n in range(20)
    ],
}
PAGED: Rows = {
    "haeuser": [{"external_id": f"001/1/{n}", "name": f"Haus {n}"} for n in range(7)],
    "einheiten": [
        {"external_id": f"001/1/{n}/01", "haeuser_external_id": f"001/1/{n}", "name": f"Wohnung {n}"}
        for n in range(7)
    ],
    "zaehler": [{"external_id": f"Z{n}", "name": f"Zähler {n}"} for n in range(6)],
}
