"""What a partner shows of the bytes of its records, against what the ledger says of them. Pure functions over JSON."""

import json
from collections.abc import Mapping
from typing import Any

from pipelines.contract.model import Content, dig


def without_bytes(content: Content | None, payload: Mapping[str, Any]) -> dict[str, Any]:
    """A payload without the column that describes the bytes, which is no field of the partner."""
    return {name: value for name, value in payload.items() if content is None or name != content.field}


def differing_bytes(
    content: Content | None, held: str | None, record: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Field → what the ledger says (`held`, its column `content`) and what the record shows, where they differ.

    Compared are the id of the file, its size and its hash, as far as the record shows them.
    """
    if content is None or held is None:
        return {}
    known = json.loads(held)
    pairs = [(place, known.get(name), dig(record, place)) for name, place in content.shown.items()]
    if content.id:
        pairs.append((content.field, known["kept"].get(content.id), record.get(content.field)))
    return {
        place: (ours, shown)
        for place, ours, shown in pairs
        if ours and shown is not None and not _same(ours, shown)
    }


def to_send_anew(held: str | None) -> str | None:
    """The column `content` of a record whose bytes are sent once more; which file that was is known still."""
    return None if held is None else json.dumps({**json.loads(held), "sha256": "", "label": ""})


def adopted_bytes(content: Content | None, record: Mapping[str, Any]) -> str | None:
    """The column `content` of a record that is taken over: its bytes are not known, only which file they are."""
    shown = record.get(content.field) if content and content.id else None
    if content is None or not isinstance(shown, str | int) or isinstance(shown, bool):
        return None
    return json.dumps({"sha256": "", "label": "", "size": 0, "kept": {content.id: str(shown)}})


def _same(ours: Any, shown: Any) -> bool:
    return str(ours).casefold() == str(shown).casefold()
