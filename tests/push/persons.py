"""A delivery, what is built from it, and the marts of three partners around one invented tenant: for erasure tests."""

import json
from pathlib import Path
from typing import Any

import duckdb

from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import load
from pipelines.ledger.ledger import open_database
from tests.erp.delivery import DELIVERY
from tests.push.stock import FACILIOO, HOUSE, PLENTIFIC

Rows = dict[str, list[dict[str, Any]]]

NUMBER = "0000000815"
SECRETS = ("Böttcher-Groß", "aenne@example.org", NUMBER)
STOCK = {"etg24": HOUSE, "facilioo": FACILIOO, "plentific": PLENTIFIC}


def marts(partner: str) -> Rows:
    """The stock of a partner in which the tenant 77 is the tenant of the delivery."""
    text = json.dumps(STOCK[partner], ensure_ascii=False)
    for old, new in (('/77"', f'/{NUMBER}"'), ('"77', f'"{NUMBER}'), ("ada@example.org", SECRETS[1])):
        text = text.replace(old, new)
    rows: Rows = json.loads(text)
    for row in [row for entity in rows.values() for row in entity if NUMBER in row["external_id"]]:
        for name in set(row) & {"lastName", "secondaryName", "last_name"}:
            row[name] = SECRETS[0]
    return rows


def deliver(home: Path, folder: Path, without: str | None = None) -> None:
    """Loads the small delivery, without the rows that mention a number."""
    folder.mkdir(exist_ok=True)
    for name, text in DELIVERY.items():
        lines = [line for line in text.splitlines(keepends=True) if not without or without not in line]
        (folder / name).write_text("".join(lines), encoding="utf-8")
    if without:
        for name in ("mieter.csv", "kontaktweg.csv"):
            # A header alone would be taken for a broken export.
            (folder / name).write_text(
                DELIVERY[name].replace(without, "0000004711").replace(SECRETS[1], "j@example.org")
            )
    load(FilesSettings(folder=folder), home)


def stage(home: Path) -> None:
    """What dbt would leave of the delivery: staging, an intermediate table, a view on it, findings, a failed test."""
    with open_database(home) as db:
        for schema in ("staging", "intermediate", "quality"):
            db.execute(f"create schema if not exists {schema}")
        for table in ("person", "kontaktweg", "mieter", "verwaltungseinheit", "mietvertrag", "gebaeude"):
            db.execute(
                f"create or replace table staging.base_erp__{table} as"
                f" select *, null::varchar as _rule, null::varchar as _reason from erp_raw.{table}"
            )
        db.execute(
            "create or replace table intermediate.int_personen as"
            " select p.person_nr, p.nachname, k.wert as email from erp_raw.person as p"
            " left join erp_raw.kontaktweg as k on p.person_nr = k.person_nr"
        )
        db.execute(
            "create or replace table staging.base_erp__wirtschaftseinheit as"
            f" select *  exclude (eigentuemer_person_nr), '{NUMBER}' as eigentuemer_person_nr, null::varchar as _rule,"
            " null::varchar as _reason from erp_raw.wirtschaftseinheit"
        )
        db.execute(
            "create or replace view intermediate.int_namen as"
            ' select nachname from "stammdaten"."intermediate"."int_personen"'
        )
        _findings(db)


def _findings(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(
        "create or replace table quality.findings (rule varchar, table_name varchar, key varchar, column_name varchar,"
        " value varchar, partner varchar, reason varchar)"
    )
    db.executemany(
        "insert into quality.findings values (?, ?, ?, ?, ?, ?, ?)",
        [
            ["E4", "kontaktweg", f"{NUMBER}/1", "wert", "xxxxx@xxxxxxx.xxx", None, None],
            ["E2", "mieter", f"001/0123/01/0004/02/{NUMBER}", "email", None, None, "no valid e-mail address"],
            ["L6", "eigentuemer", "001/0123/01/0004/01/1", None, None, None, f"person {NUMBER}: anonymised"],
            ["L3", "kontaktweg", "0000004711/9", None, None, None, "no person 0000004711"],
            [
                "L2",
                "verwaltungseinheit",
                "001/0123/01/0007",
                None,
                None,
                None,
                "gebaeude 001/0123/01: abgang_am 2026-01-30",
            ],
        ],
    )
    failures = [
        {"partner": "etg24", "node": "valid_email_etg24__mieter", "status": "fail", "message": "2 failing rows",
         "keys": [f"001/1/01/0001/01/{NUMBER}", "001/1/01/0001/01/78"]}
    ]  # fmt: skip
    db.execute("delete from sync.builds")
    db.execute(
        "insert into sync.builds (started_at, finished_at, failures) values (now(), now(), ?)",
        [json.dumps(failures)],
    )
