"""Customers with deliveries and partners of their own, and the command line that runs them."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.contract.contract import load_contract
from pipelines.erp.sample import write_sample
from pipelines.fleet.secrets import is_secret
from pipelines.sandbox.server import Sandbox

ROOT = Path(__file__).resolve().parents[2]
PARTNER = "etg24"
# By it processes of these tests are told from those of others.
NIGHT = uuid.uuid4().hex
# In toml; JSON is what the plain command line takes.
VARS = {"partners": {PARTNER: {"aktiv": True, "separator": "/", "mandanten": "alle"}}}
AS_TOML = f'partners = {{{PARTNER} = {{aktiv = true, separator = "/", mandanten = "alle"}}}}'


@dataclass
class Company:
    """A customer: its delivery, its home, its partner's system."""

    name: str
    folder: Path
    sandbox: Sandbox
    environment: dict[str, str]
    home: str = ""
    more: dict[str, str] = field(default_factory=dict)

    def write(self, customers: Path) -> Path:
        """Its file; secrets lie in files of their own."""
        lines = [f'folder = "{self.folder}"', f'home = "{self.home}"', "[settings]"]
        for name, value in {**self.environment, **self.more}.items():
            if is_secret(name, value) and not value.startswith("env:"):
                file = self.folder / name
                file.write_text(value)
                file.chmod(0o600)
                value = f"file:{file}"
            lines.append(f"{name} = {json.dumps(value)}")
        path = customers / f"{self.name}.toml"
        path.write_text("\n".join([*lines, "[vars]", AS_TOML]), encoding="utf-8")
        return path

    def records(self) -> dict[str, list[str]]:
        """What the partner holds, without the ids that it gives: they tell in which order it came."""
        ids = {}
        found = {}
        for entity in load_contract(PARTNER).entities:
            rows = self.sandbox.records(PARTNER, entity)
            ids |= {str(row["id"]): str(row.get("externalId")) for row in rows if "id" in row}
            found[entity] = rows
        return {
            entity: sorted(json.dumps(_named(row, ids), sort_keys=True) for row in rows)
            for entity, rows in found.items()
        }

    def alone(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The plain command line."""
        return call(
            *words, "--vars", json.dumps(VARS), cwd=self.folder, STAMMDATEN_HOME=self.home, **self.environment
        )


def _named(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        moments = ("createdAt", "updatedAt", "created_at", "updated_at")
        return {key: _named(one, ids) for key, one in value.items() if key not in moments}
    if isinstance(value, list):
        return [_named(one, ids) for one in value]
    return ids.get(str(value), value)


def surroundings() -> dict[str, str]:
    """This environment without settings."""
    ours = ("DESTINATION__", "SOURCES__", "STAMMDATEN_", "DBT_", "AWS_", "RAY_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(ROOT), "NIGHT": NIGHT}


def call(*words: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """`stammdaten` in a process of its own."""
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pipelines.cli.main", *words],
        env={**surroundings(), **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def start(*words: str, **environment: str) -> subprocess.Popen[str]:
    """The same, which the test ends itself."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "pipelines.cli.main", *words],
        env={**surroundings(), **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def companies(
    base: Path, names: list[str], units: int, parsed: Path | None = None
) -> Iterator[dict[str, Company]]:
    """So many of them, the first letter of a name says which delivery; `parsed`: what dbt has read of the project."""
    found = {}
    with ExitStack() as stack:
        for name in names:
            folder = base / name
            write_sample(folder / "erp", units, ord(name[0]))
            sandbox = stack.enter_context(Sandbox(state=folder / "sandbox.sqlite"))
            mine = {
                k: v
                for k, v in sandbox.environment().items()
                if k.startswith(f"DESTINATION__{PARTNER.upper()}__")
            }
            erp = {"SOURCES__ERP__KIND": "files", "SOURCES__ERP__FILES__FOLDER": str(folder / "erp")}
            (folder / "home").mkdir(mode=0o700)
            found[name] = Company(name, folder, sandbox, {**mine, **erp}, str(folder / "home"))
            if parsed:
                (folder / "home" / "dbt").mkdir()
                shutil.copy(parsed, folder / "home" / "dbt")
        yield found
