"""The rows of a plan for people: each field that changes, old and new, personal values masked."""

import json
from pathlib import Path
from typing import Any

from pipelines.ledger.ledger import open_database
from pipelines.personal.fields import masked, personal_fields


def plan_lines(home: Path, plan_id: str, show_personal_data: bool) -> list[dict[str, Any]]:
    """Operations in the order of sending, each with its fields: `{"field", "old", "new"}` as JSON text."""
    with open_database(home) as db:
        found = db.execute(
            "select p.partner, p.entity, p.operation, p.external_id, p.payload, p.refs, p.changed_fields,"
            " l.payload, l.refs, b.rule || ': ' || b.reason from sync.plan as p"
            " left join sync.by_law as b on p.plan_id = b.plan_id and p.partner = b.partner"
            " and p.id_space = b.id_space and p.external_id = b.external_id and p.operation = 'withdraw'"
            " left join sync.ledger as l"
            " on p.partner = l.partner and p.id_space = l.id_space and p.external_id = l.external_id"
            " where p.plan_id = ? and p.sends order by p.seq",
            [plan_id],
        ).fetchall()
    lines = []
    for partner, entity, operation, external_id, payload, refs, changed, held, held_refs, law in found:
        new = {**json.loads(refs if operation != "withdraw" else "{}"), **json.loads(payload)}
        old = {**json.loads(held_refs or "{}"), **json.loads(held or "{}")}
        names = (
            changed if operation != "create" else [name for name, value in new.items() if value is not None]
        )
        hidden = frozenset() if show_personal_data else personal_fields(partner, entity)
        lines.append(
            {
                "partner": partner,
                "entity": entity,
                "operation": operation,
                "external_id": external_id,
                "by_law": law,
                "fields": [
                    {
                        "field": name,
                        "old": _shown(old.get(name), name in hidden),
                        "new": _shown(new.get(name), name in hidden),
                    }
                    for name in names or ()
                ],
            }
        )
    return lines


def _shown(value: Any, is_hidden: bool) -> str:
    return json.dumps(masked(value) if is_hidden else value, ensure_ascii=False)
