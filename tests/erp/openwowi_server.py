"""A small OpenWOWI on loopback: the shapes of its documentation, invented people, and faults on demand."""

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

USERNAME, PASSWORD, API_KEY = "schnittstelle", "p&ss=w0rd geheim", "key/0815+geheim"
CAP = 100

MANAGEMENTS = "CommercialInventory/Managements"
ECONOMIC_UNITS = "CommercialInventory/EconomicUnits"
BUILDING_LANDS = "CommercialInventory/BuildingLands"
USE_UNITS = "CommercialInventory/UseUnits"
OWNERS = "CommercialInventory/Owners"
LICENSE_AGREEMENTS = "RentAccounting/LicenseAgreements"
CONTRACT_POSITIONS = "RentAccounting/ContractPositions"
CONTRACTORS = "RentAccountingPersonDetails/Contractors"
PERSONS = "PersonsRead/Persons"
UNIT_FILES = "DocumentRead/UseUnit/FileData"

# A field (of the row or of its person) that stays away without the flag.
BEHIND_FLAGS = {
    MANAGEMENTS: {"DefaultAddress": "includeMainAddress"},
    USE_UNITS: {"UseUnitTypes": "includeUseUnitTypes"},
    CONTRACT_POSITIONS: {"ContractPositionType": "includeContractPositionTypeDetails"},
    CONTRACTORS: {"Person.FirstEmailCommunication": "includeMainCommunication"},
    PERSONS: {"Addresses": "includeAddress", "Communications": "includeCommunication"},
}

Row = dict[str, Any]
Answer = Callable[[list[Row]], Response | None]


@dataclass(frozen=True)
class Call:
    """One request as the server saw it; `at` is in seconds of a clock that only goes forward."""

    path: str
    query: dict[str, str]
    at: float = field(default_factory=time.monotonic)


@dataclass
class FakeOpenWowi:
    """Serves inside the `with`, on 127.0.0.1 alone. `lists` holds the rows by path and may change while it serves.

    `faults` maps (path, number of the request for it, from 1) to what happens then: a function that may change the
    rows and may give an answer of its own. `always` is the same for every request of a path. `files` holds answers by
    path that are no lists.
    """

    lists: dict[str, list[Row]]
    faults: dict[tuple[str, int], Answer] = field(default_factory=dict)
    always: dict[str, Answer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    logins: list[dict[str, str]] = field(default_factory=list)
    cap: int = CAP
    files: dict[str, Callable[[], Response]] = field(default_factory=dict)
    api_key: str = API_KEY

    def __enter__(self) -> "FakeOpenWowi":
        self._valid: str | None = None
        self._counts: Counter[str] = Counter()
        # With the protocol named, asyncio sends each answer at once; otherwise it waits for 40 ms.
        self._listener = socket.socket(proto=socket.IPPROTO_TCP)
        self._listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        app = Starlette(
            routes=[
                Route("/oauth2/token", self._token, methods=["POST"]),
                Route("/openwowi/v1.2/{path:path}", self._list),
            ]
        )
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        serving = self._server.serve(sockets=[self._listener])
        self._thread = threading.Thread(target=asyncio.run, args=(serving,), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def revoke(self, rows: list[Row]) -> None:
        """A fault: the token has expired."""
        self._valid = None

    def queries(self, path: str) -> list[dict[str, str]]:
        """The query of each request for a list."""
        return [call.query for call in self.calls if call.path == path]

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        self.logins.append(form)
        expected = {"grant_type": "password", "username": USERNAME, "password": PASSWORD}
        if form != expected:
            return JSONResponse({"error": "invalid_grant", "password": form.get("password")}, 400)
        self._valid = f"token-geheim-{len(self.logins)}"
        return JSONResponse(
            {"access_token": self._valid, "token_type": "bearer", "refresh_token": "refresh-geheim"}
        )

    async def _list(self, request: Request) -> Response:
        path, query = request.path_params["path"], dict(request.query_params)
        self.calls.append(Call(path, query))
        self._counts[path] += 1
        rows = self.lists.get(path)
        for fault in (self.always.get(path), self.faults.get((path, self._counts[path]))):
            answer = fault(rows or []) if fault else None
            if answer is not None:
                return answer
        if request.headers.get("authorization") != f"Bearer {self._valid}":
            return JSONResponse({"Message": "Unauthorized"}, 401)
        if query.get("apiKey") != self.api_key:
            return JSONResponse({"Message": f"unknown key {query.get('apiKey')}"}, 400)
        if path in self.files:
            return self.files[path]()
        if rows is None:
            return JSONResponse({"Message": "Not found"}, 404)
        limit, offset = int(query.get("limit", 20)), int(query.get("offset", 0))
        if not 1 <= limit <= CAP or offset < 0:
            return JSONResponse({"Message": "limit"}, 400)
        page = rows[offset : offset + min(limit, self.cap)]
        return JSONResponse([_shown(row, path, query) for row in page])


def status(code: int, headers: dict[str, str] | None = None) -> Answer:
    """A fault that answers with an error and a text that must not reach a log."""
    return lambda rows: JSONResponse({"Message": "Frau Geheimrat ist umgezogen"}, code, headers)


def move(source: int, target: int) -> Answer:
    """A fault that puts a row in another place before the request is answered."""

    def fault(rows: list[Row]) -> None:
        rows.insert(target, rows.pop(source))

    return fault


def delete(place: int) -> Answer:
    """A fault that deletes a row before the request is answered."""

    def fault(rows: list[Row]) -> None:
        rows.pop(place)

    return fault


def _shown(row: Row, path: str, query: dict[str, str]) -> Row:
    """A row without what was not asked for, and without nulls."""
    hidden = {name for name, flag in BEHIND_FLAGS.get(path, {}).items() if query.get(flag) != "true"}
    return _without_nulls(row, hidden)


def _without_nulls(value: Any, hidden: set[str], prefix: str = "") -> Any:
    if isinstance(value, list):
        return [_without_nulls(entry, hidden, prefix) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without_nulls(inner, hidden, f"{prefix}{name}.")
        for name, inner in value.items()
        if inner is not None and prefix + name not in hidden
    }


def portfolio() -> dict[str, list[Row]]:
    """One company, one WE, a house and a plot, three units, three contracts, three invented people."""
    return {
        MANAGEMENTS: [
            {
                "Id": 3,
                "IdNum": "001",
                "Name": "Wohnbau Musterstadt",
                "ParentManagementId": None,
                "AdministrationType": {"Id": 1, "Name": "vollständige Verwaltung"},
                "DefaultAddress": {
                    "Id": 31,
                    "Zip": "01067",
                    "Town": "Musterstadt",
                    "Street": "Am Markt",
                    "HouseNumber": "1",
                    "HouseNumberAddition": "b",
                },
            }
        ],
        ECONOMIC_UNITS: [
            {
                "Id": 17,
                "IdNum": "001.0123",
                "Name": "Lindenhof",
                "Location": "Nordstadt",
                "ConstructionYear": 1931,
                "Owner": {"Id": 5, "OwnerNumber": "E7"},
            }
        ],
        BUILDING_LANDS: [
            {
                "Id": 88,
                "IdNum": "001.0123.01",
                "BuildingLandType": "Building",
                "EntryDate": "2001-01-01",
                "ExitDate": None,
                "EconomicUnit": {"Id": 17, "IdNum": "001.0123"},
                "EstateAddress": {
                    "Zip": "01067",
                    "Town": "Musterstadt",
                    "Street": "Lindenallee",
                    "HouseNumber": "12",
                    "HouseNumberAddition": "A",
                    "CountryCode": "DE",
                },
                "Building": {
                    "ConstructionYear": 1932,
                    "BuildingNumberOfStoreys": 4,
                    "District": {"Id": 2, "Name": "Nord"},
                    "MonumentalProtectionType": {"Id": 1, "Name": "Denkmalschutz (§ 3 DSchG, Einzeldenkmal)"},
                },
            },
            {
                "Id": 89,
                "IdNum": "001.0123.90",
                "BuildingLandType": "Land",
                "EconomicUnit": {"Id": 17, "IdNum": "001.0123"},
                "EstateAddress": {"Zip": "01067", "Town": "Musterstadt", "Street": "Hinterhof"},
            },
        ],
        USE_UNITS: [
            {
                "Id": 4711,
                "IdNum": "001.0123.01.0004",
                "EconomicUnit": {"Id": 17, "IdNum": "001.0123"},
                "BuildingLand": {"Id": 88},
                "CurrentUseUnitType": {"Id": 1, "UseUnitUsageType": {"Id": 1, "Name": "Wohnung"}},
                "UseUnitTypes": [{"Id": 1, "UseUnitUsageType": {"Id": 1, "Name": "Wohnung"}}],
                "LivingSpace": 62.4,
                "UsableSpace": None,
                "NumberOfRooms": 3,
                "NumberOfHalfRooms": 1,
                "DescriptionOfPosition": "1. OG rechts",
                "Position": {"Id": 2, "Name": "rechts"},
                "Floor": {"Id": 9, "Name": "1. OG", "LevelToGround": 1},
                "TargetRent": 523.5,
                "ManagementStart": "2001-01-01",
            },
            {
                "Id": 4712,
                "IdNum": "001.0123.01.0007",
                "EconomicUnit": {"Id": 17, "IdNum": "001.0123"},
                "BuildingLand": {"Id": 88},
                "CurrentUseUnitType": {"Id": 2, "UseUnitUsageType": {"Id": 1, "Name": "Wohnung"}},
                "LivingSpace": 48,
                "NumberOfRooms": 2,
                "Floor": {"Id": 8, "Name": "Souterrain", "LevelToGround": -1},
                "ExitDate": None,
            },
            {
                "Id": 4713,
                "IdNum": "001.0123.90.0001",
                "EconomicUnit": {"Id": 17, "IdNum": "001.0123"},
                "BuildingLand": {"Id": 89},
                "CurrentUseUnitType": {"Id": 3, "UseUnitUsageType": {"Id": 5, "Name": "Stellplatz außen"}},
            },
        ],
        OWNERS: [
            {
                "Id": 5,
                "OwnerNumber": "E7",
                "IsCondominium": False,
                "Person": {"Id": 57, "IdNum": "100057"},
            }
        ],
        LICENSE_AGREEMENTS: [
            {
                "Id": 9001,
                "IdNum": "001.0123.01.0004.02",
                "UseUnit": {"Id": 4711, "UseUnitNumber": "001.0123.01.0004"},
                "RestrictionOfUse": {"Id": 1, "Name": "Wohnraum", "IsVacancy": False},
                "StatusContract": {"Id": 1, "Name": "aktiv"},
                "PaymentInterval": {"Id": 1, "Name": "monatlich"},
                "PeriodOfNotice": {"Id": 3, "Name": "3 Monate"},
                "StartContract": "2021-04-01",
                "EndOfContract": None,
            },
            {
                "Id": 9002,
                "IdNum": "001.0123.01.0007.05",
                "UseUnit": {"Id": 4712, "UseUnitNumber": "001.0123.01.0007"},
                "RestrictionOfUse": {"Id": 2, "Name": "Sanierung", "IsVacancy": True},
                "StartContract": "2025-02-01T00:00:00Z",
            },
            {
                "Id": 9003,
                "IdNum": "ST-7",
                "UseUnit": {"Id": 4713, "UseUnitNumber": "001.0123.90.0001"},
                "StartContract": "2019-01-01",
                "EndOfContract": "2020-12-31",
            },
        ],
        CONTRACT_POSITIONS: [
            _position(1, "Grundmiete", 410.5, "IsPartOfNetRent"),
            _position(2, "Möblierungszuschlag", 20.25, "IsPartOfNetRent"),
            _position(3, "Vorauszahlung Heizung", 80, "IsPrepaymentHeating"),
            _position(4, "Vorauszahlung Betriebskosten", 95.1, "IsPrepaymentRunningCost"),
            _position(5, "Kabelanschluss", 7),
        ],
        CONTRACTORS: [
            {
                "Id": 601,
                "LicenseAgreementId": 9001,
                "Person": {"Id": 55, "IdNum": "100055", "FirstEmailCommunication": {"Id": 702}},
                "ContractorType": {"Id": 1, "Name": "Hauptmieter"},
                "ContractualUseValidFrom": "2021-04-01",
            },
            {
                "Id": 601,
                "LicenseAgreementId": 9001,
                "Person": {"Id": 56, "IdNum": "100056"},
                "ContractorType": {"Id": 2, "Name": "Bürge"},
                "ContractualUseValidFrom": "2021-04-01",
                "ContractualUseValidTo": "2024-03-31",
            },
            {
                "LicenseAgreementId": 9003,
                "Person": {"Id": 57, "IdNum": "100057"},
                "ContractorType": {"Name": "Hauptmieter"},
                "ContractualUseValidFrom": "2019-01-01",
            },
        ],
        PERSONS: [
            {
                "Id": 55,
                "IdNum": "100055",
                "NaturalPerson": {
                    "FirstName": "Änne",
                    "LastName": "Böttcher-Groß",
                    "Title": "Dr.",
                    "BirthDate": "1980-05-02",
                    "Gender": {"Id": 2, "Name": "weiblich"},
                },
                "LegalPerson": None,
                "Addresses": [
                    {
                        "Id": 1,
                        "Zip": "99999",
                        "Town": "Altstadt",
                        "Street": "Alter Weg",
                        "MainAddress": False,
                    },
                    {
                        "Id": 2,
                        "Zip": "01067",
                        "Town": "Musterstadt",
                        "Street": "Lindenallee",
                        "HouseNumberComplete": "12 A",
                        "Country": {"Code": "DE"},
                        "MainAddress": True,
                    },
                ],
                "Communications": [
                    {
                        "Id": 701,
                        "Content": "alt@example.org",
                        "CommunicationType": {"Id": 2, "Name": "E-Mail"},
                    },
                    {
                        "Id": 702,
                        "Content": "aenne@example.org",
                        "Explanation": "privat",
                        "CommunicationType": {"Id": 2, "Name": "E-Mail"},
                    },
                    {"Id": 703, "Content": "030/123 45", "CommunicationType": {"Id": 1, "Name": "Festnetz"}},
                ],
            },
            {
                "Id": 56,
                "IdNum": "100056",
                "NaturalPerson": {"FirstName": "Jörg", "LastName": "Wiesel"},
                "Addresses": [],
            },
            {
                "Id": 57,
                "IdNum": "100057",
                "LegalPerson": {"LongName1": "Rollerhaus GmbH", "LongName2": "Werkstatt"},
            },
        ],
        UNIT_FILES: [
            {
                "Id": 31,
                "FileGuid": "5b0e",
                "FileName": "Grundriss.pdf",
                "CreationDate": "2025-02-05",
                "Entity": {"Id": 4711},
                "FileType": {"Id": 4, "Name": "Grundriss"},
                "DataPrivacyCategory": {"Id": 1, "Name": "intern"},
            }
        ],
    }


def crowd(count: int) -> dict[str, list[Row]]:
    """The portfolio with `count` tenants on its first lease, numbered 200000 and on."""
    lists = portfolio()
    lists[CONTRACTORS] = [
        {
            "Id": 5000 + number,
            "LicenseAgreementId": 9001,
            "Person": {"Id": 20_000 + number, "IdNum": f"{200_000 + number}"},
            "ContractorType": {"Id": 1, "Name": "Hauptmieter"},
            "ContractualUseValidFrom": "2021-04-01",
        }
        for number in range(count)
    ]
    return lists


def _position(number: int, name: str, amount: float, flag: str | None = None) -> Row:
    return {
        "Id": number,
        "NetAmount": amount,
        "Amount": amount,
        "ActiveFrom": "2024-01-01",
        "ActiveTo": None,
        "LicenseAgreement": {"Id": 9001, "IdNum": "001.0123.01.0004.02"},
        "VatRate": {"Id": 1, "Code": "0 %"},
        "ContractPositionType": {"Id": number, "Name": name, **({flag: True} if flag else {})},
    }
