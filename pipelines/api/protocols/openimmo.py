"""Objects as OpenImmo 1.2.7b: a payload as the elements of one `immobilie`, several of them as a transfer.

The order of elements and what each may hold stand in `pipelines/contract/openimmo.yaml` alone. Pure functions.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree as ET

from pipelines.contract.openimmo import immobilie

if TYPE_CHECKING:
    from openapi_schema_validator import OAS31Validator

Json = dict[str, Any]
Aktion = Literal["", "CHANGE", "DELETE"]

VERSION = "1.2.7"
SOFTWARE = "stammdaten"
FILE_NAME = "openimmo.xml"
# XML 1.0 has no way to write any other character, not even as a reference.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What a DELETE still has to have, for an object of which nothing is known any more but its number.
UNKNOWN_OBJECT: Json = {
    "anbieter": {"firma": "unbekannt", "openimmo_anid": "A" + "0" * 30},
    "objektkategorie": {
        "nutzungsart": {"WOHNEN": True, "GEWERBE": False},
        "vermarktungsart": {"KAUF": False, "MIETE_PACHT": True},
        "objektart": {"wohnung": {"wohnungtyp": "KEINE_ANGABE"}},
    },
    "geo": {"ort": "unbekannt"},
    "kontaktperson": {"tel_zentrale": "unbekannt", "name": "unbekannt"},
}


@dataclass(frozen=True)
class Objekt:
    """One object of a transfer, complete: what stands below `immobilie`, and its `anbieter`."""

    number: str
    body: Mapping[str, Any]


def objekt(number: str, payload: Mapping[str, Any], aktion: Aktion, stand: datetime) -> Objekt:
    """The object of a row: without what is empty, with its numbers and what is to be done.

    A DELETE has the required parts only, also where the payload does not have them.
    """
    body = _without_empty(payload)
    if aktion == "DELETE":
        # Whole parts: an address of two objects would be none.
        body = {name: body.get(name) or part for name, part in UNKNOWN_OBJECT.items()}
    techn = {
        "objektnr_intern": number,
        "objektnr_extern": number,
        "aktion": {"aktionart": aktion} if aktion else {},
        "openimmo_obid": object_id(number),
        "stand_vom": stand.date().isoformat(),
    }
    return Objekt(number, {**body, "verwaltung_techn": {**body.get("verwaltung_techn", {}), **techn}})


def object_id(number: str) -> str:
    """The `openimmo_obid` of a number: always the same, in the form of the standard (O and 30 characters)."""
    return "O" + hashlib.sha256(number.encode()).hexdigest()[:30].upper()


def problems(one: Objekt) -> tuple[str, ...]:
    """Dotted names of the fields at fault; none for an object that may be sent."""
    found: dict[str, None] = {}
    for error in _validator().iter_errors(_numbers_as_floats(one.body)):
        path = [str(step) for step in error.absolute_path]
        missing: list[str] = []
        if error.validator == "required":
            missing = [name for name in error.validator_value if name not in error.instance]
        found.update(dict.fromkeys(".".join([*path, name]) for name in missing or [""]))
    return tuple(name.rstrip(".") for name in found)


def transfer(objects: Sequence[Objekt], sent_at: datetime, version: str) -> bytes:
    """A transfer of changes (`umfang` TEIL) as UTF-8; objects of one provider stand below one `anbieter`."""
    root = ET.Element("openimmo")
    ET.SubElement(
        root,
        "uebertragung",
        {
            "art": "ONLINE",
            "umfang": "TEIL",
            "version": VERSION,
            "sendersoftware": SOFTWARE,
            "senderversion": version,
            "timestamp": sent_at.isoformat(timespec="seconds"),
        },
    )
    schema = immobilie()["properties"]
    below: dict[str, ET.Element] = {}
    for one in objects:
        key = json.dumps(one.body["anbieter"], sort_keys=True)
        if key not in below:
            below[key] = _element("anbieter", schema["anbieter"], one.body["anbieter"])
            root.append(below[key])
        below[key].append(
            _element(
                "immobilie", {"properties": {n: p for n, p in schema.items() if n != "anbieter"}}, one.body
            )
        )
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def packed(document: bytes) -> bytes:
    """The document in a ZIP: the same bytes for the same document."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(FILE_NAME, (1980, 1, 1, 0, 0, 0)), document, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _element(name: str, schema: Json, value: Mapping[str, Any]) -> ET.Element:
    """An element with its attributes and children in the order of the schema; all of it is there (`_without_empty`)."""
    made = ET.Element(name)
    for key, part in schema["properties"].items():
        if key not in value:
            continue
        form = part.get("xml", {})
        if form.get("attribute"):
            made.set(key, _text(value[key]))
        elif form.get("text"):
            made.text = _text(value[key])
        else:
            inner = part.get("items", part)
            for one in value[key] if part.get("type") == "array" else [value[key]]:
                made.append(_child(key, inner, one))
    return made


def _child(name: str, schema: Json, value: Any) -> ET.Element:
    if isinstance(value, Mapping):
        return _element(name, schema, value)
    made = ET.Element(name)
    made.text = _text(value)
    return made


def _text(value: Any) -> str:
    """A value as XML Schema writes it: true, 1234.5, 2026-01-31; never an exponent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        return format(Decimal(repr(value)) if isinstance(value, float) else value, "f")
    return str(value)


def _without_empty(value: Any) -> Any:
    """The same without null, empty texts and what holds nothing else, and without characters that XML cannot have."""
    if isinstance(value, Mapping):
        parts = {name: _without_empty(part) for name, part in value.items()}
        return {name: part for name, part in parts.items() if not _is_empty(part)}
    if isinstance(value, list | tuple):
        return [part for part in map(_without_empty, value) if not _is_empty(part)]
    if isinstance(value, str):
        return FORBIDDEN.sub("", value).strip()
    return value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | dict | list) and not value)


def _numbers_as_floats(value: Any) -> Any:
    """For the validator, which does not count a Decimal among the numbers."""
    if isinstance(value, Mapping):
        return {name: _numbers_as_floats(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_numbers_as_floats(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value


@cache
def _validator() -> "OAS31Validator":
    from openapi_schema_validator import OAS31Validator  # loads libraries that only who sends OpenImmo needs

    return OAS31Validator(immobilie(), format_checker=OAS31Validator.FORMAT_CHECKER)
