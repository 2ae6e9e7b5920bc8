"""A small stock as the marts of the four partners would hold it; everybody in it is invented."""

from typing import Any

Rows = dict[str, list[dict[str, Any]]]

ADDRESS = {
    "street": "Parkstr.",
    "houseNumber": "1",
    "postalCode": "01067",
    "city": "Dresden",
    "country": "DE",
}

HOUSE: Rows = {
    "objektgruppen": [{"external_id": "001/1", "title": "Am Park"}],
    "objekte": [
        {"external_id": f"001/1/0{n}", "objektgruppen_external_id": "001/1", "title": f"Parkstr. {n}"}
        for n in (1, 2)
    ],
    "objekt_adressen": [
        {"external_id": f"001/1/0{n}", "objekte_external_id": f"001/1/0{n}", "address": ADDRESS}
        for n in (1, 2)
    ],
    "einheiten": [
        {"external_id": "001/1/01/0001", "objekte_external_id": "001/1/01", "number": "0001", "area": 50.0},
        {"external_id": "001/1/01/0002", "objekte_external_id": "001/1/01", "number": "0002", "area": 70.5},
        {"external_id": "001/1/02/0001", "objekte_external_id": "001/1/02", "number": "0001", "area": 33.0},
    ],
    "mietvertraege": [
        {
            "external_id": f"001/1/01/000{n}/01",
            "einheiten_external_id": f"001/1/01/000{n}",
            "contractType": "rental",
            "validFrom": "2020-01-01",
            "validTo": None,
        }
        for n in (1, 2)
    ],
    "eigentuemervertraege": [
        {
            "external_id": "001/1/02/0001/E01",
            "einheiten_external_id": "001/1/02/0001",
            "contractType": "owner",
            "validFrom": "2015-05-01",
            "validTo": None,
        }
    ],
    "mieter": [
        {
            "external_id": f"001/1/01/000{n}/01/{person}",
            "mietvertraege_external_id": f"001/1/01/000{n}/01",
            "firstName": first,
            "lastName": "Muster",
            "emailAddress": f"{first.lower()}@example.org",
        }
        for n, person, first in ((1, "77", "Ada"), (1, "78", "Ben"), (2, "79", "Cem"))
    ],
    "eigentuemer": [
        {
            "external_id": "001/1/02/0001/E01/80",
            "eigentuemervertraege_external_id": "001/1/02/0001/E01",
            "firstName": "Dora",
            "lastName": "Muster",
            "emailAddress": None,
        }
    ],
}

FACILIOO: Rows = {
    "projekte": [{"external_id": "001/1", "name": "Am Park", "number": "001/1"}],
    "gebaeude": [
        {
            "external_id": "001/1/01",
            "projekte_external_id": "001/1",
            "name": "Parkstr. 1",
            "number": "001/1/01",
        }
    ],
    "eingaenge": [
        {"external_id": "001/1/01", "gebaeude_external_id": "001/1/01", "name": "Parkstr. 1", "number": "01"}
    ],
    "einheiten": [
        {"external_id": "001/1/01/0001", "eingaenge_external_id": "001/1/01", "number": "0001", "typeId": 1}
    ],
    "parteien_mieter": [
        {
            "external_id": "77",
            "typeId": 7,
            "primaryName": "Ada",
            "secondaryName": "Muster",
            "isContactableByEmail": True,
            "isContactableByPush": False,
            "isContactableByMail": True,
        }
    ],
    "kontaktdaten": [
        {
            "external_id": "77/email",
            "parteien_mieter_external_id": "77",
            "contactTypeId": 1,
            "value": "ada@example.org",
        }
    ],
    "vertraege_mieter": [
        {
            "external_id": "001/1/01/0001/01/77",
            "einheiten_external_id": "001/1/01/0001",
            "parteien_mieter_external_id": "77",
            "number": "01",
            "typeId": 4,
            "effectiveFrom": "2020-01-01T00:00:00Z",
            "terminationAt": None,
        }
    ],
}

PLENTIFIC_ADDRESS = {
    "line_1": "Parkstr. 1",
    "line_2": None,
    "city": "Dresden",
    "postcode": "01067",
    "country": "DE",
}

PLENTIFIC: Rows = {
    "objekte": [
        {"external_id": "001/1/01", "name": "Parkstr. 1", "address": PLENTIFIC_ADDRESS, "is_active": True}
    ],
    "unterobjekte": [
        {
            "external_id": f"001/1/01/000{n}",
            "objekte_external_id": "001/1/01",
            "name": f"Wohnung {n}",
            "address": PLENTIFIC_ADDRESS,
            "is_active": True,
        }
        for n in (1, 2)
    ],
    "unterobjekte_mieter": [
        {
            "external_id": "001/1/01/0001/01/77",
            "unterobjekte_external_id": "001/1/01/0001",
            "first_name": "Ada",
            "last_name": "Muster",
            "email": "ada@example.org",
            "is_active": True,
        }
    ],
    "unterobjekte_vermieter": [
        {
            "external_id": "80",
            "unterobjekte_external_ids": ["001/1/01/0001", "001/1/01/0002"],
            "first_name": "Dora",
            "last_name": "Muster",
            "is_active": True,
        }
    ],
}

KIWI: Rows = {
    "verwaltungseinheiten": [
        {
            "external_id": f"001/1/01/000{n}",
            "name": f"Wohnung {n}",
            "address": {"street": "Parkstr. 1", "postal_code": "01067", "city": "Dresden", "country": "DE"},
            "floor": str(n),
        }
        for n in (1, 2)
    ],
    "mieter": [
        {"external_id": "77", "first_name": "Ada", "last_name": "Muster", "email": "ada@example.org"},
    ],
    "mietvertraege": [
        {
            "external_id": "001/1/01/0001/01/77",
            "verwaltungseinheiten_external_id": "001/1/01/0001",
            "mieter_external_id": "77",
            "starts_at": "2020-01-01",
            "ends_at": None,
        }
    ],
}

AKTIVBO: Rows = {
    "wohnungen": [
        {
            "external_id": f"001/1/01/000{n}",
            "client_number": "001",
            "unit_number": f"000{n}",
            "street": "Parkstr.",
            "house_number": "1",
            "zip": "01067",
            "city": "Dresden",
            "floor": n,
            "living_area": 61.05,
            "elevator": True,
        }
        for n in range(1, 9)
    ],
    "mieter": [
        {
            "external_id": f"001/1/01/000{n}/01/7{n}",
            "wohnungen_external_id": f"001/1/01/000{n}",
            "person_id": f"7{n}",
            "contract_number": "01",
            "last_name": f"Muster {n}",
            "language": "de",
            "contract_start": "2020-01-01",
            "contract_end": None,
            "is_main_tenant": True,
            "consent": True,
            "consent_date": "2024-05-06",
        }
        for n in range(1, 9)
    ],
}
