"""Which models and tests there are: dbt's manifest of the settings in force when Dagster loads the code location."""

import fcntl
import hashlib
import json
from pathlib import Path
from typing import Any

from pipelines.commands import build as dbt
from pipelines.dbt_folder import DAGSTER_READS, dbt_folder, using
from pipelines.settings import Vars

# So many manifests are kept: a run that waits in the queue asks for the one that its code location was loaded with.
KEPT = 5
Json = dict[str, Any]


def parsed(home: Path, settings: Vars) -> str:
    """Lets dbt read the project and keeps its manifest; returns what `manifest` takes. Raises `SettingsError`."""
    with using(DAGSTER_READS):
        folder = dbt_folder(home)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Two processes may load definitions at once, and dbt writes into one folder.
        with (folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            dbt.check_settings(home, settings)
            read = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            text = json.dumps(
                {
                    key: {name: _undated(one) for name, one in read[key].items()}
                    for key in ("nodes", "sources")
                }
                | {key: {} for key in ("exposures", "groups", "metrics", "saved_queries", "semantic_models")}
                | {"metadata": {"adapter_type": read["metadata"]["adapter_type"]}}
            )
            name = hashlib.sha256(text.encode()).hexdigest()[:16]
            _keep(folder, name, text)
    return name


def manifest(home: Path, name: str) -> Json | None:
    """The manifest of that name; None when it is not kept any more."""
    with using(DAGSTER_READS):
        file = _file(dbt_folder(home), name)
    try:
        found: Json = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def _undated(node: Json) -> Json:
    return {key: value for key, value in node.items() if key != "created_at"}


def _file(folder: Path, name: str) -> Path:
    return folder / f"project-{name}.json"


def _keep(folder: Path, name: str, text: str) -> None:
    file = _file(folder, name)
    half = file.with_suffix(".half")
    half.write_text(text, encoding="utf-8")
    half.replace(file)
    kept = sorted(folder.glob("project-*.json"), key=lambda path: path.stat().st_mtime)
    for old in kept[:-KEPT]:
        old.unlink()
