"""The settings of the OpenWOWI door, and what is said when they are wrong."""

import re

import pytest

from pipelines.erp.openwowi.numbers import Pattern, numbers
from pipelines.erp.settings import erp_settings, is_configured
from pipelines.errors import SettingsError

KEYS = (
    "CUSTOMER",
    "BASE_URL",
    "VERSION",
    "USERNAME",
    "PASSWORD",
    "API_KEY",
    "IDNUM_WE",
    "IDNUM_GEBAEUDE",
    "IDNUM_VE",
    "ROLLEN",
    "TABLES",
)
GOOD = {"CUSTOMER": "musterstadt", "USERNAME": "sync", "PASSWORD": "0815", "API_KEY": "k-1"}


@pytest.fixture
def configure(monkeypatch):
    for key in KEYS:
        monkeypatch.delenv(f"SOURCES__ERP__OPENWOWI__{key}", raising=False)
    monkeypatch.setenv("SOURCES__ERP__KIND", "openwowi")

    def set_all(**values: str) -> None:
        for key, value in values.items():
            monkeypatch.setenv(f"SOURCES__ERP__OPENWOWI__{key}", value)

    return set_all


def test_customer_and_credentials_are_enough(configure):
    configure(**GOOD)
    assert is_configured()
    door = erp_settings()
    assert door.access.address == "https://musterstadt.wowiport.de/openwowi/v1.2/"
    assert (door.access.username, door.access.password, door.access.api_key) == ("sync", "0815", "k-1")
    assert door.numbers.ve.text == "mandant.we.gebaeude.ve"
    assert door.optional == ("mietkondition", "leerstand")
    assert "0815" not in repr(door)
    assert "k-1" not in repr(door)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://erp.example.org", "https://erp.example.org/openwowi/v1.2/"),
        ("https://erp.example.org/", "https://erp.example.org/openwowi/v1.2/"),
        ("http://127.0.0.1:8123/openwowi/v1.1/", "http://127.0.0.1:8123/openwowi/v1.1/"),
        ("https://gate.example.org/erp/openwowi", "https://gate.example.org/erp/openwowi/v1.2/"),
    ],
)
def test_an_address_may_be_given_instead_of_the_customer(configure, given, expected):
    configure(**GOOD, BASE_URL=given)
    assert erp_settings().access.address == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"CUSTOMER": ""}, "CUSTOMER: missing; name the customer as in https://customer.wowiport.de"),
        ({"CUSTOMER": "muster.stadt/x"}, "CUSTOMER: no name of a host"),
        ({"BASE_URL": "http://erp.example.org"}, "BASE_URL: http is allowed for this machine only"),
        ({"BASE_URL": "https://me:pw77@erp.example.org"}, "BASE_URL: credentials do not belong"),
        ({"BASE_URL": "https://erp.example.org/?apiKey=k-1"}, "BASE_URL: not an address"),
        ({"VERSION": "v1.0"}, "VERSION: 'v1.0' cannot be read; write it as v1.2"),
        ({"USERNAME": ""}, "USERNAME: missing"),
        ({"PASSWORD": " "}, "PASSWORD: missing"),
        ({"API_KEY": ""}, "API_KEY: missing"),
        ({"IDNUM_VE": "nummer"}, "IDNUM_VE: 'nummer' is no pattern of a number"),
        ({"IDNUM_VE": "mandant.we.gebaeude"}, "IDNUM_VE: 'mandant.we.gebaeude' is no pattern"),
        ({"IDNUM_VE": "mandantwe.ve"}, "IDNUM_VE: 'mandantwe.ve' is no pattern"),
        ({"IDNUM_WE": "we"}, "IDNUM_WE: 'we' is no pattern"),
        (
            {"IDNUM_GEBAEUDE": "mandant.we.gebaeude.ve"},
            "IDNUM_GEBAEUDE: 'mandant.we.gebaeude.ve' is no pattern",
        ),
        (
            {"ROLLEN": "Mieter=Chef"},
            "ROLLEN: write 'kind=role; kind=role' with the roles Hauptmieter, Mitmieter",
        ),
        ({"ROLLEN": "Mieter"}, "ROLLEN: write 'kind=role; kind=role'"),
        (
            {"TABLES": "mietkondition, person"},
            "TABLES: list the optional tables to read, out of mietkondition,",
        ),
    ],
)
def test_a_wrong_setting_is_named_without_any_credential(configure, values, expected):
    configure(**{**GOOD, **values})
    with pytest.raises(SettingsError) as caught:
        erp_settings()
    message = str(caught.value)
    assert message.startswith(f"SOURCES__ERP__OPENWOWI__{expected}")
    assert not re.search("0815|k-1|pw77", message)


def test_roles_of_the_settings_come_before_ours(configure):
    configure(**GOOD, ROLLEN="Mieter = Hauptmieter; bürge=Bewohner")
    roles = erp_settings().roles
    assert roles["Mieter"] == "Hauptmieter"
    assert roles["bürge"] == "Bewohner"
    assert "Bürge" not in roles
    assert roles["Mitmieter"] == "Mitmieter"


@pytest.mark.parametrize(
    ("given", "expected"), [("dokument,eigentuemer", ("dokument", "eigentuemer")), ("keine", ())]
)
def test_optional_tables_may_be_chosen(configure, given, expected):
    configure(**GOOD, TABLES=given)
    assert erp_settings().optional == expected


@pytest.mark.parametrize(
    ("pattern", "number", "expected"),
    [
        ("mandant.we.gebaeude.ve", "001.0123.01.0004", ("001", "0123", "01", "0004")),
        ("mandant.we.gebaeude.ve", "001.0123.01", None),
        ("mandant.we.gebaeude.ve", "001.0123..0004", None),
        ("mandant.we.gebaeude.ve", "001.0123.01.0004.5", None),
        ("mandant.we.gebaeude.ve", "001 .0123.01. 4a/b", ("001 ", "0123", "01", " 4a/b")),
        ("mandant-we/ve", "001-0123/0004", ("001", "0123", "0004")),
        ("mandant-we/ve", "001-0123-0004", None),
        ("mandant.we.ve+", "001.0123.01.0004", ("001", "0123", "01.0004")),
        ("ve", "Garage 7.1", ("Garage 7.1",)),
        ("mandant^we.ve", "1^2.3", ("1", "2", "3")),
    ],
)
def test_a_pattern_splits_a_number_or_does_not_fit(pattern, number, expected):
    match = re.fullmatch(Pattern("X", pattern).regex, number)
    assert (match.groups() if match else None) == expected


def test_patterns_that_nobody_sets_are_the_usual_ones():
    usual = numbers({}, "")
    assert [usual.we.text, usual.gebaeude.text] == ["mandant.we", "mandant.we.gebaeude"]
