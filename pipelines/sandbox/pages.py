"""What the partners hold, as plain HTML. Every value is escaped: it comes from an ERP."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from pipelines.sandbox.play.partner import Partner

NEWEST = 50
STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.note { border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .6rem; font-size: .85rem; font-weight: 400; }
.wide { overflow-x: auto; } code { font-size: .9em; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 .75rem; margin: 0; } dd { margin: 0; }
dt { opacity: .7; }
"""


def home(partners: Mapping[str, Partner]) -> str:
    """The list of partners and entities with the number of their records."""
    parts = "".join(_partner(partner) for partner in partners.values())
    intro = "<p>A local server that plays the partner systems. Nothing here leaves this machine.</p>"
    return _page("Sandbox", f"<h1>Sandbox: what the partners hold</h1>{intro}{parts}")


def entity(partner: Partner, name: str) -> str:
    """The newest records of one entity."""
    contract = partner.contract
    described = contract.entities[name]
    records = partner.entity_records(name)
    rows = [
        (escape(str(record[described.id])), _code(_external_id(partner, name, record)), _fields(record))
        for record in reversed(records[-NEWEST:])
    ]
    shown = f"{len(records)} records" + (f", the newest {NEWEST}" if len(records) > NEWEST else "")
    title = f"{contract.title}: {described.title}"
    body = _table(("Partner's id", "Our id", "Record"), rows) if rows else "<p>Nothing yet.</p>"
    back = '<p><a href="/">All partners</a></p>'
    return _page(title, f"<h1>{escape(title)}{_note(partner)}</h1>{back}<p>{shown}.</p>{body}{back}")


def nothing() -> str:
    """There is no such page."""
    return _page("Not found", '<h1>There is no such page</h1><p><a href="/">All partners</a></p>')


def _partner(partner: Partner) -> str:
    contract = partner.contract
    rows = [
        (
            f'<a href="/records/{escape(contract.partner)}/{escape(name)}">{escape(described.title)}</a>',
            escape(described.erp),
            _code(described.collection),
            str(partner.entity_count(name)),
        )
        for name, described in contract.entities.items()
    ]
    heading = f'<h2 id="{escape(contract.partner)}">{escape(contract.title)}{_note(partner)}</h2>'
    return heading + _table(("Entity", "In the ERP", "Path", "Records"), rows, numbers={3})


def _note(partner: Partner) -> str:
    title = escape(partner.contract.title)
    return (
        ""
        if partner.contract.specified
        else f' <span class="note">announced, not specified by {title}</span>'
    )


def _external_id(partner: Partner, name: str, record: Mapping[str, Any]) -> str:
    field = partner.contract.entities[name].external_id
    return str(record.get(field) or "") if field else ""


def _fields(record: Mapping[str, Any]) -> str:
    filled = {name: value for name, value in record.items() if value is not None}
    pairs = (f"<dt>{escape(name)}</dt><dd>{escape(_text(value))}</dd>" for name, value in filled.items())
    return f"<dl>{''.join(pairs)}</dl>"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _code(value: str) -> str:
    return f"<code>{escape(value)}</code>" if value else ""


def _table(head: Iterable[str], rows: Iterable[Iterable[str]], numbers: Iterable[int] = ()) -> str:
    marks = {column: ' class="number"' for column in numbers}
    heads = "".join(f'<th scope="col"{marks.get(i, "")}>{escape(text)}</th>' for i, text in enumerate(head))
    lines = ("".join(f"<td{marks.get(i, '')}>{cell}</td>" for i, cell in enumerate(row)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
