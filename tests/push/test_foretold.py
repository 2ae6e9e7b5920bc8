"""A careless delivery at servers that refuse what their contract does not take: each refusal was a finding before."""

import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines.erp.sample import write_sample
from pipelines.sandbox.server import Sandbox
from tests.conftest import PROJECT, SHIPPED

pytestmark = pytest.mark.slow
# Numbers make ids, and a wrong mark of deletion or of anonymity takes rows away: neither is what this is about.
KEPT = {
    "mandant_nr", "we_nr", "gebaeude_nr", "ve_nr", "mv_nr", "ev_nr", "person_nr", "lfd_nr", "archiv_nr", "dokument_nr",
    "ordner_nr", "interessent_nr", "quelle_erp", "bezug_key", "bezug_art", "geloescht_kz", "anonymisiert",
}  # fmt: skip
SHARE = 0.05


def odd(value: str, chance: random.Random) -> str:
    """What stands in a cell that somebody filled in carelessly."""
    return chance.choice((
        "", "x" * chance.choice((41, 51, 101, 256, 600, 5000)), "Ä" * 300, "-1", "0", "99999999999", "1e9", "-17,5",
        "3000", "0001", "19999", f"{value}\n{value}", f"<b>{value}", f'"{value}', "😀" * 60, "a@b", "ä@ö.de", "?",
        "DEU", "ZZ", "de", "31.12.2199", "2026-13-45", "01.01.0100", value.upper(), value.lower(), f" {value}",
        "1.234.567,89", "12345678901234567890", f"O'Brien {value}",
    ))  # fmt: skip


def careless(sample: Path, folder: Path, chance: random.Random) -> None:
    folder.mkdir()
    for file in sorted(sample.iterdir()):
        with file.open(newline="", encoding="utf-8-sig") as given:
            head, *rows = csv.reader(given, delimiter=";")
        for row in rows:
            for place, column in enumerate(head):
                if column not in KEPT and chance.random() < SHARE:
                    row[place] = odd(row[place], chance)
        with (folder / file.name).open("w", newline="", encoding="utf-8") as written:
            csv.writer(written, delimiter=";").writerows([head, *rows])


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, 500, 1)
    return folder


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_refusal_was_foretold(sample: Path, tmp_path: Path, seed: int) -> None:
    careless(sample, tmp_path / "erp", random.Random(seed))
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    partners = {name: {**settings, "aktiv": True} for name, settings in SHIPPED.items()}
    for name in ("immomio", "wohnungshelden"):
        partners[name]["kontakt_email"] = "post@example.org"
    with Sandbox(tmp_path / "sandbox.sqlite") as sandbox:
        done = subprocess.run(  # noqa: S603
            [
                sys.executable,
                "-m",
                "pipelines.cli.main",
                "run",
                "--vars",
                yaml.safe_dump({"partners": partners}),
            ],
            env={
                **os.environ,
                **sandbox.environment(),
                "STAMMDATEN_HOME": str(home),
                "SOURCES__ERP__KIND": "files",
                "SOURCES__ERP__FILES__FOLDER": str(tmp_path / "erp"),
            },
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
    assert "is not pushed" not in done.stdout + done.stderr
    with duckdb.connect(home / "stammdaten.duckdb", read_only=True) as db:
        refused = set(
            db.execute(
                "select partner || '__' || entity, external_id from sync.attempts where state = 'rejected'"
            ).fetchall()
        )
        foretold = set(
            db.execute("select table_name, key from quality.findings where rule = 'V3'").fetchall()
        )
        [(sent,)] = db.execute("select count(*) from sync.attempts where state = 'synced'").fetchall()
    assert refused == foretold, json.dumps(sorted(map(list, refused ^ foretold)))
    assert sent > 5_000
