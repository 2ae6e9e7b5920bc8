"""The files that a new partner begins with, as text: Python and dbt can read them as they are."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from string import Template
from typing import Any

import duckdb
import yaml

from pipelines.commands.partner_openapi import fields_of
from pipelines.contract.schema.json_schema import is_list
from pipelines.contract.unfinished import MARK

Json = dict[str, Any]
TO_DO = "to be filled in"
# Where a field of the invented partner comes from.
KNOWN = {
    "number": "verwaltungseinheiten.ve_nr",
    "floor": "verwaltungseinheiten.etage",
    "area": "cast(verwaltungseinheiten.flaeche as double)",
}
TYPES = {"string": "varchar", "integer": "bigint", "number": "double", "boolean": "boolean"}

PROFILE = """\
# What dbt and Python need to know of this partner; the keys are in docs/add-a-partner.md.
aktiv: false
# email: no tenant without an e-mail address is sent (E2); last_name: a name is enough (E8)
tenants_need: email
# Whether a unit hangs on a Gebäude there, so that one without is not sent (I3)
needs_gebaeude: true
# Settings that this partner alone has:
#   name: {default: einheit, allowed: [einheit, liegenschaft]}
# allowed is a list of values, or one of: text, text or null, list of ids or null, id number, id number or null,
# ids by WE
options: {}
# What they do, for the partner's page
note: ""
"""

CONNECTOR = Template('''\
"""$title: the login, and what the contract cannot say."""

from pipelines.api.connector import Connector as Base
from pipelines.api.http.client import Client


class Connector(Base):
    """Everything but the login is in the contract."""

    def login(self, client: Client) -> tuple[dict[str, str], float | None]:
        """Headers that identify us, and until when (epoch seconds; None: for ever)."""
        # $to_do: a token that never runs out; for a login with an answer see pipelines/api/logins.py
        return {"Authorization": f"Bearer {self.settings['api_token']}"}, None
''')

SANDBOX = Template('''\
"""$title in the sandbox: the login, the form of errors; records, lists and checks come from the contract."""

from collections.abc import Mapping
from typing import ClassVar

from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.wire import ApiError, Call, PartnerAnswer, bearer


class Partner(Base):
    """Plays $title as its contract describes it."""

    demo: ClassVar[Mapping[str, str]] = {"api_token": "sandbox-$name"}

    def authenticate(self, call: Call) -> str:
        """The token of the settings, withdrawn in every epoch but the first."""
        # $to_do: the vendor's login, as the connector does it
        token = bearer(call)
        if token != self.demo["api_token"] or self.number("token_epoch"):
            raise ApiError(401, "unauthorized", "The token is missing or unknown.")
        return token

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """One code, one sentence."""
        # $to_do: the form of the vendor's errors, as x-partner.error of the contract reads it
        return PartnerAnswer(error.status, {"code": error.code, "message": error.message}, error.headers)
''')

MART = Template("""\
{{ config(enabled=partner_aktiv('$name'), schema='partners', contract={'enforced': true}) }}

-- $to_do: which rows of the ERP a record is made of, and what stands in each field
with

verwaltungseinheiten as (
    select * from {{ ref('int_verwaltungseinheiten') }}
),

final as (
    select
        {{ composite_id('$name', 'verwaltungseinheit', table='verwaltungseinheiten') }} as external_id$fields
    from verwaltungseinheiten
    where {{ sendable('$name', 'verwaltungseinheit', table='verwaltungseinheiten') }}  -- E1, I5
)

select * from final
""")

FINDINGS = Template("""\
{{ config(enabled=partner_aktiv('$name'), schema='quality', materialized='view') }}

{{ partner_findings('$name', tables=['verwaltungseinheit']) }}
""")

HELD = Template("""\
{{ config(enabled=partner_aktiv('$name'), schema='partners', contract={'enforced': true}) }}

{{ held_rows(
    '$name',
    entities={
$entities
    },
) }}
""")

DEPARTURES = Template("""\
{{ config(enabled=partner_aktiv('$name'), schema='partners', materialized='view') }}

{{ departures(
    '$name',
    entities={
$entities
    },
) }}
""")

TESTS = Template('''\
"""$title: contract, connector, sandbox and marts hold together. Fails until all of it is filled in."""

from pathlib import Path

import pytest

from pipelines.api.connector import connector
from pipelines.contract.contract import load_contract
from pipelines.contract.profile import load_profile
from pipelines.pages.models import read_models
from pipelines.sandbox.server import Sandbox

PARTNER = "$name"


$setup@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with Sandbox(tmp_path / "sandbox.sqlite") as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


def test_contract_and_profile_can_be_read() -> None:
    assert load_contract(PARTNER).entities
    assert load_profile(PARTNER).partner == PARTNER


def test_marts_and_contract_have_the_same_fields() -> None:
    contract, marts = load_contract(PARTNER), read_models(PARTNER).marts
    for name, entity in contract.entities.items():
        schema, columns = contract.schema(name, "create"), set(marts[name].columns)
        references = {f"{parent.entity}_external_id{'s' if parent.many else ''}" for parent in entity.parents}
        assert columns - set(schema["properties"]) == {"external_id", *references}, name
        filled_in = {parent.field for parent in entity.parents} | {entity.external_id, *entity.fixed}
        assert set(schema.get("required", [])) - filled_in - columns == set(), name


def test_the_connector_logs_in_and_lists_nothing(sandbox: Sandbox) -> None:
    made = connector(PARTNER)
    for entity in made.contract.entities.values():
        if not entity.list_below:
            assert made.read(entity, entity.listing, None)[0] == []


def test_each_row_becomes_the_body_that_the_vendor_expects() -> None:
    pytest.fail("$to_do: rows in, bodies out, every value by hand; see tests/partners/test_kiwi_marts.py")
''')

SETUP = """\
@pytest.fixture(autouse=True)
def own_partners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMDATEN_PARTNERS", str(Path(__file__).resolve().parents[2]))


"""


def contract_text(contract: Json) -> str:
    """`contract.yaml` with its marks."""
    head = (
        f"# Each {MARK} asks for something; take it away once it is answered. Until the last is gone the partner is\n"
        "# left out of everything but dbt. What the keys mean: docs/contracts.md\n"
    )
    return head + _dumped(contract)


def mart_text(name: str, contract: Json, entity: str, is_example: bool) -> str:
    """A mart that has each field of the entity, at NULL where nobody knows yet where it comes from."""
    lines = "".join(
        f",\n        {KNOWN.get(field, f'cast(null as {kind})') if is_example else f'cast(null as {kind})'} as "
        + (field if _is_plain(field) else f'"{field}"')
        for field, kind in _columns(contract, entity)
    )
    return MART.substitute(name=name, fields=lines, to_do=TO_DO)


def models_text(name: str, title: str, contract: Json) -> str:
    """`_<partner>.yml`: each mart with its columns, and the exposure."""
    marts = [_described(name, contract, entity) for entity in contract["x-entities"]]
    entities = list(contract["x-entities"])
    held = {
        "name": f"{name}__held",
        "description": "One row for each external id of which the ERP's row is in doubt (H1).",
        "data_tests": [{"held_rows": {"arguments": {"entities": entities}}}],
        "columns": [
            {"name": column, "data_type": kind, "description": text} for column, kind, text in HELD_COLUMNS
        ],
    }
    findings = {
        "name": f"{name}__findings",
        "description": "One row for each ERP row that the partner does not get.",
    }
    departures = {
        "name": f"{name}__departures",
        "description": "One row for each external id of which the delivery says whether the record is gone (H2, H3).",
    }
    exposure = {
        "name": name,
        "label": name.replace("_", " ").title(),
        "type": "application",
        "description": f"{TO_DO}: what a reader must know before going live.",
        "config": {"enabled": f"{{{{ var('partners').get('{name}', {{}}).get('aktiv', false) }}}}"},
        "owner": {"name": "Datenteam"},
        "depends_on": [f"ref('{name}__{entity}')" for entity in entities],
    }
    document = {"version": 2, "models": [*marts, findings, departures, held], "exposures": [exposure]}
    return _dumped(document)


class _Dumper(yaml.SafeDumper):
    """What occurs twice is written twice: an alias is nothing to read or to change."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _dumped(document: Json) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=116)


HELD_COLUMNS = (
    ("entity", "varchar", "The partner's entity, the end of a mart's name."),
    ("external_id", "varchar", "Id of the record (I1 to I4), with ? for a number that nobody knows (C7)."),
    ("rule", "varchar", "Rule that the doubt comes from."),
    ("table_name", "varchar", "ERP table of the row in doubt."),
    ("reason", "varchar", "Column and value, or the parent that is in doubt; personal values are masked."),
    ("also_in_mart", "boolean", "True for a record that gathers several rows of the ERP."),
    ("part", "varchar", "What the record names of the row in doubt, an id."),
    ("holds_below", "boolean", "Whether what hangs below the record is in doubt with it."),
    ("separator", "varchar", "Separator of an id with a ?."),
    ("person_nr", "varchar", "Person that the row is about; NULL where it is about none."),
)


def held_text(template: Template, name: str, contract: Json) -> str:
    """The call of `held_rows` or `departures` for all entities."""
    level = "['verwaltungseinheit']" if template is HELD else "'verwaltungseinheit'"
    entities = "\n".join(f"        '{entity}': {level}," for entity in contract["x-entities"])
    return template.substitute(name=name, entities=entities)


def _described(name: str, contract: Json, entity: str) -> Json:
    required = fields_of(contract, entity).get("required", [])
    our_id = {
        "name": "external_id",
        "data_type": "varchar",
        "description": "Mandant, WE, Gebäude, VE (I1 to I3).",
        "data_tests": ["unique", {"complete_id": {"arguments": {"partner": name}}}],
    }
    columns = [
        {
            "name": field,
            "data_type": kind,
            "description": f"{TO_DO}: where it comes from.",
            **({} if _is_plain(field) else {"quote": True}),
            **({"data_tests": ["required"]} if field in required else {}),
        }
        for field, kind in _columns(contract, entity)
    ]
    return {
        "name": f"{name}__{entity}",
        "description": f"One row for each living VE (L1, L2) of the configured Mandanten (E1). {TO_DO}: what it is.",
        "data_tests": ["fits_contract", {"known_mandanten": {"arguments": {"partner": name}}}],
        "columns": [our_id, *columns],
    }


def _columns(contract: Json, entity: str) -> Iterator[tuple[str, str]]:
    """Name and type in SQL of each field that a mart can have; our id is not one of them."""
    ours = contract["x-entities"][entity].get("external_id")
    for field, schema in fields_of(contract, entity)["properties"].items():
        if field not in (ours, "external_id") and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", field):
            yield field, _sql_type(schema)


def _sql_type(schema: Mapping[str, Any]) -> str:
    options = [
        option for option in schema.get("oneOf", schema.get("anyOf", [])) if option.get("type") != "null"
    ]
    if len(options) == 1:
        return _sql_type(options[0])
    names = schema.get("type", "string")
    kind = next((name for name in ([names] if isinstance(names, str) else names) if name != "null"), "string")
    if is_list(dict(schema)):
        return f"{_sql_type(schema.get('items', {}))}[]"
    if kind == "object" and schema.get("properties"):
        parts = [f"{json.dumps(name)} {_sql_type(part)}" for name, part in schema["properties"].items()]
        return (
            f"struct({', '.join(parts)})" if all(_is_safe(name) for name in schema["properties"]) else "json"
        )
    if kind == "object":
        return "json"
    return "date" if schema.get("format") == "date" else TYPES.get(kind, "varchar")


def _is_plain(field: str) -> bool:
    """Whether a field can stand in SQL without quotation marks."""
    return re.fullmatch(r"[a-z_][a-z0-9_]*", field) is not None and field not in sql_words()


@cache
def sql_words() -> frozenset[str]:
    """Words that SQL keeps to itself."""
    with duckdb.connect() as db:
        found = db.execute(
            "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
        ).fetchall()
    return frozenset(name for (name,) in found)


def _is_safe(field: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", field) is not None
