"""dbt's docs of all partners as one HTML file, and the manifest that the lines to the fields are drawn from."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.contract.contract import built_in_partners
from pipelines.errors import StammdatenError
from pipelines.settings import project_root

# Whatever the page of dbt would like to ask for, the browser does not let it.
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="'
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    'img-src data:; font-src data:">'
)


def write_dbt_docs(work: Path, page: Path) -> Mapping[str, Any]:
    """Writes dbt's page with every partner on, and returns the manifest. Raises StammdatenError with dbt's words.

    No database is read, so it shows no types of columns; those of fields stand on the pages of partners.
    """
    everybody = {name: {"aktiv": True, "separator": "/", "mandanten": "alle"} for name in built_in_partners()}
    (work / "home").mkdir(parents=True)
    ended = subprocess.run(  # noqa: S603
        [
            *(sys.executable, "-m", "dbt.cli.main", "docs", "generate", "--static", "--empty-catalog"),
            *("--vars", json.dumps({"partners": everybody}), "--target-path", str(work / "dbt")),
            *("--project-dir", str(project_root()), "--profiles-dir", str(project_root())),
            *("--log-path", str(work / "logs"), "--no-use-colors"),
        ],
        cwd=project_root(),
        env={
            **os.environ,
            "STAMMDATEN_HOME": str(work / "home"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    static = work / "dbt" / "static_index.html"
    if ended.returncode or not static.is_file():
        raise StammdatenError(f"dbt docs generate failed:\n{(ended.stdout + ended.stderr)[-2000:]}")
    text = static.read_text(encoding="utf-8")
    # The docs are handed on: where they were built is nobody's business.
    text = text.replace(str(work), ".").replace(str(project_root()), ".")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(re.sub(r"(<head[^>]*>)", rf"\1{POLICY}", text, count=1), encoding="utf-8")
    manifest: Mapping[str, Any] = json.loads((work / "dbt" / "manifest.json").read_text(encoding="utf-8"))
    return manifest
