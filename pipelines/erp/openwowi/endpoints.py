"""What is read from OpenWOWI, and which of our tables it feeds. Source of paths and flags: docs/openwowi.md."""

from dataclasses import dataclass

# Tables of which a load may do without; the first two need no further right in most installations.
OPTIONAL = ("mietkondition", "leerstand", "eigentuemer", "dokument")
READ_BY_DEFAULT = ("mietkondition", "leerstand")

# Entities with documents, and what `dokument.bezug_art` calls them.
DOCUMENTED = {
    "EconomicUnit": "WE",
    "Building": "GEB",
    "UseUnit": "VE",
    "LicenseAgreement": "MV",
    "Person": "PERSON",
}

# What WOWIPORT calls the right to read documents, and their bytes.
READ_DOCUMENTS = "Dokumente lesen"


@dataclass(frozen=True)
class Endpoint:
    """One list of OpenWOWI.

    `name` is its table in the mapping, `key` the fields that tell its rows apart, `include` the flags without which
    fields that we map stay away, `right` what WOWIPORT calls the permission. `table` is set when the list may be left
    out: the name under which the settings know it.
    """

    name: str
    path: str
    right: str
    include: tuple[str, ...] = ()
    key: tuple[str, ...] = ("Id",)
    table: str | None = None


REQUIRED_ENDPOINTS = (
    Endpoint("managements", "CommercialInventory/Managements", "Objektdaten", ("includeMainAddress",)),
    Endpoint("economic_units", "CommercialInventory/EconomicUnits", "Objektdaten"),
    Endpoint("building_lands", "CommercialInventory/BuildingLands", "Objektdaten"),
    Endpoint("use_units", "CommercialInventory/UseUnits", "Objektdaten", ("includeUseUnitTypes",)),
    Endpoint("license_agreements", "RentAccounting/LicenseAgreements", "Vertragsdaten"),
    # The flags of the Persons page, and those that every other list of persons has.
    Endpoint(
        "persons",
        "PersonsRead/Persons",
        "Personen lesen",
        ("includeAddress", "includeCommunication", "includePersonAddresses", "includePersonCommunications"),
    ),
    # The Id of a contractor is not unique: a person is on several leases and has several roles.
    Endpoint(
        "contractors",
        "RentAccountingPersonDetails/Contractors",
        "Vertragsdaten mit personenbezogenen Details",
        ("includeMainCommunication",),
        (
            "Id",
            "LicenseAgreementId",
            "Person.Id",
            "ContractorType.Id",
            "ContractorType.Name",
            "ContractualUseValidFrom",
            "ContractualUseValidTo",
        ),
    ),
)

OPTIONAL_ENDPOINTS = (
    Endpoint(
        "contract_positions",
        "RentAccounting/ContractPositions",
        "Vertragsdaten",
        ("includeContractPositionTypeDetails",),
        table="mietkondition",
    ),
    Endpoint("owners", "CommercialInventory/Owners", "Objektdaten", table="eigentuemer"),
    *(
        Endpoint(
            f"files_{entity.lower()}",
            f"DocumentRead/{entity}/FileData",
            READ_DOCUMENTS,
            key=("Id", "FileGuid"),
            table="dokument",
        )
        for entity in DOCUMENTED
    ),
)


def wanted_endpoints(optional: tuple[str, ...]) -> tuple[Endpoint, ...]:
    """What is to be read when these optional tables are wanted, parents before children."""
    return (*REQUIRED_ENDPOINTS, *(endpoint for endpoint in OPTIONAL_ENDPOINTS if endpoint.table in optional))
