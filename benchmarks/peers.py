"""drt, the open-source tool a user would pick instead, in an environment of its own: the same rows, one POST each."""

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks import process
from benchmarks.bare import PATH
from benchmarks.process import ROOT, Cost
from benchmarks.push import ENTITY, PARTNER

LOCK = ROOT / "benchmarks" / "peers.lock"


def environment(folder: Path) -> Path:
    """The folder of programs of the peers' environment, made once and again when the lock file changes."""
    programs, mark = folder / "bin", folder / "lock"
    if not mark.is_file() or mark.read_text() != LOCK.read_text():
        print(f"Setting up the peers' environment in {folder} (once)", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [programs / "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--requirement", LOCK]
        subprocess.run(pip, check=True)
        mark.write_text(LOCK.read_text())
    return programs


def drt(programs: Path, url: str, database: Path, folder: Path) -> Cost:
    """One run of drt that sends the whole mart, without its default limit of ten requests a second."""
    project, home = folder / "project", folder / "home"
    (project / "syncs").mkdir(parents=True, exist_ok=True)
    (home / ".drt").mkdir(parents=True, exist_ok=True)
    (project / "drt_project.yml").write_text('name: bench\nversion: "0.1"\nprofile: bench\n')
    (home / ".drt" / "profiles.yml").write_text(f"bench:\n  type: duckdb\n  database: {database}\n")
    model = f"select to_json(m)::varchar as body from partners.{PARTNER}__{ENTITY} as m"
    sync = {
        "name": "locations",
        "model": model,
        "destination": {
            "type": "rest_api",
            "url": url + PATH,
            "method": "POST",
            "headers": {"Content-Type": "application/json", "Authorization": "Bearer token"},
            "body_template": "{{ row.body }}",
        },
        "sync": {"mode": "full", "rate_limit": {"requests_per_second": 1_000_000}, "on_error": "fail"},
    }
    # JSON is YAML, so the file needs no writer of its own.
    (project / "syncs" / "locations.yml").write_text(json.dumps(sync))
    env = {"HOME": str(home), "DO_NOT_TRACK": "1", "DRT_TELEMETRY_DISABLED": "1", "NO_PROXY": "127.0.0.1"}
    return process.run([os.fspath(programs / "drt"), "run"], env, cwd=project)
