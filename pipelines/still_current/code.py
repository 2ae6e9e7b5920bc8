"""What the marts are made by: the files that dbt reads, the settings, and the versions that work.

A model may ask the key date in any way it likes; which day changes a verdict is only known where a date of a row is
compared with it as it stands. So the lines that look at the day, or at anything beside the database, are read here, and
a project that has one that nobody has looked at is built each time.
"""

import hashlib
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from pipelines.contract.contract import built_in_partners
from pipelines.contract.own_partners import own_folder, own_partners
from pipelines.settings import Vars, project_root, working_folder
from pipelines.versions import versions
from pipelines.yaml_file import read_yaml

# Folders that dbt reads, by their key in dbt_project.yml.
FOLDERS = {
    "model-paths": "models",
    "macro-paths": "macros",
    "seed-paths": "seeds",
    "test-paths": "tests",
    "snapshot-paths": "snapshots",
    "analysis-paths": "analyses",
    "function-paths": "functions",
}
FILES = ("dbt_project.yml", "profiles.yml", "packages.yml", "dependencies.yml", "package-lock.yml")
# Where a working folder has what it builds on: our project, and what `dbt deps` fetched.
PACKAGES = "dbt_packages"
# What the commands set themselves.
OF_OURS = ("DBT_SEND_ANONYMOUS_USAGE_STATS",)
# Of the folder of tests dbt reads SQL and YAML; the rest are tests of Python.
OF_DBT = (".sql", ".yml", ".yaml", ".csv", ".py", ".md")

# What looks at the day, at chance, at the environment or at files, in the SQL and YAML of dbt.
LOOKS = re.compile(
    r"\bstichtag\(|\bcurrent_(?:date|timestamp|time|local\w+)\b|\blocaltime(?:stamp)?\b|"
    r"\b(?:now|today|get_current_\w+|transaction_timestamp)\s*\(|\bage\s*\([^,]*$|\bage\s*\([^,)]*\)|"
    r"\brun_started_at\b|\binvocation_id\b|\benv_var\(|\b(?:random|uuid|uuidv[47]|gen_random_uuid|setseed|nextval)\(|"
    r"\b(?:read|parse)_(?:csv|csv_auto|parquet|json|json_auto|ndjson|text|blob|xlsx)\(|\b(?:parquet|sqlite|postgres)_scan\(|"
    r"\bglob\(|\battach\b\s|\bfrom\s+'[^' ]*[./*:]|\bgetenv\(|\bmodules\.datetime\.(?:date|datetime)\.\w*(?:now|today)",
    re.IGNORECASE,
)
# A date of a row, compared with the key date: its verdict changes on that day or the day after, and on no other.
COMPARED = re.compile(
    r"(?<![-+*/] )(?:cast\([\w.]+ as date\)|(?:\{\{ \w+ \}\}|\w+)(?:\.\w+)?)"
    r" (?:<|<=|>|>=) \{\{ stichtag\(\) \}\}(?! *[-+*/])"
)
# Arithmetic with dates beside such a comparison moves the day.
MOVES = re.compile(
    r"\binterval\b|\bdate_?(?:add|sub|diff|part|trunc)\(|\bage\(|\bextract\(|\blast_day\(|[-+] \d",
    re.IGNORECASE,
)
# What asks the database while dbt makes the SQL, which may be other SQL with other rows.
ASKS = re.compile(
    r"\brun_query\(|\bload_result\(|\bcall\s+statement\b|\bstatement\(|\badapter\.(?!dispatch\b|commit\b|quote\b)\w+|"
    r"\bload_(?:cached_)?relation\(|\bget_\w*(?:relation|column|table)\w*\(|\bis_incremental\(|\bcheck_relation\w*\(|"
    r"\bduckdb_\w+\(|\binformation_schema\b|\bpg_catalog\b|\bpragma_\w+\(|\bsqlite_master\b|\bset\s+variable\b|"
    r"\bmacro\s+(?:\w+__)?(?:note_settings|begin_on_engine|end_on_engine|note_refused_values|contract_refusals)\b|"
    r"\bmaterialization\s|\bgetvariable\(|\bcurrent_setting\(|\bquery_table\(|\bquery\('",
    re.IGNORECASE,
)
ALL = "all lines of the file"
# Lines of the shipped project that were looked at. Other days on which they change a verdict: `days.py`.
REVIEWED: dict[str, frozenset[str]] = {
    # Places and memory, no rows.
    "dbt_project.yml": frozenset(
        {"packages-install-path: \"{{ env_var('STAMMDATEN_HOME', '.stammdaten') }}/partners\""}
    ),
    "profiles.yml": frozenset(
        {
            "path: \"{{ env_var('STAMMDATEN_HOME', '.stammdaten') }}/stammdaten.duckdb\"",
            "memory_limit: \"{{ env_var('STAMMDATEN_MEMORY', '3GB') }}\"",
            # Of the session of Spark, which builds marts of its own.
            "spark.driver.memory: \"{{ env_var('STAMMDATEN_SPARK_MEMORY', '2g') }}\"",
            "spark.sql.warehouse.dir: \"{{ env_var('STAMMDATEN_SPARK', env_var('STAMMDATEN_HOME', '.stammdaten') ~"
            " '/spark') }}/warehouse\"",
        }
    ),
    "macros/spark/raw_layer.sql": frozenset(
        {"{% do return(env_var('STAMMDATEN_SPARK', env_var('STAMMDATEN_HOME', '.stammdaten') ~ '/spark')) %}"}
    ),
    # The key date itself; the commands name it.
    "macros/stichtag.sql": frozenset(
        {
            "{% macro stichtag() -%}",
            "{%- set given = env_var('STAMMDATEN_STICHTAG', '') if execute else '' -%}",
            "{%- set day = run_started_at.astimezone(modules.pytz.timezone(zeitzone())).date().isoformat() -%}",
            "{% do return((first + modules.datetime.timedelta(days=(value[8:] | int) - 1)).isoformat() == value) %}",
        }
    ),
    # Notes on the models, no rows.
    "macros/note_settings.sql": frozenset(
        {
            "'built_at': run_started_at.isoformat(),",
            "'stichtag': modules.re.search('[0-9]{4}-[0-9]{2}-[0-9]{2}', stichtag())[0],",
        }
    ),
    # Plain comparisons that are written in another way.
    "macros/judge_erp_rows.sql": frozenset(
        {
            "('zeilen.' ~ end_column ~ ' < ' ~ stichtag(), \"'L2'\","
            ' "\'" ~ end_column ~ " \' || zeilen." ~ end_column)'
        }
    ),
    "macros/tenants_to_the_end.sql": frozenset(
        {
            # So many days after a date: a setting, allowed as days.
            "and ende >= {{ stichtag() }} - {{ days }}",
            "mieter.gueltig_bis >= case when leases.status = 'beendet' then leases.ende else {{ stichtag() }} end,",
        }
    ),
    "models/partners/everreal/intermediate/int_everreal__mieten.sql": frozenset(
        {
            "coalesce(konditionen.gueltig_von <= greatest({{ stichtag() }}, mietvertraege.mietbeginn), true)",
            "and coalesce(konditionen.gueltig_bis >= greatest({{ stichtag() }}, mietvertraege.mietbeginn), true)",
        }
    ),
    # Distances to the key date are compared of dates that all lie on one side of it: their order stays.
    "models/partners/everreal/intermediate/int_everreal__einheiten.sql": frozenset(
        {"'abs(' ~ days_between(\"coalesce(vertraege.beginn, date '0001-01-01')\", stichtag()) ~ ')',"}
    ),
    # The year: on New Year's Day.
    "models/partners/pricehubble/intermediate/int_pricehubble__wohnungen.sql": frozenset(
        {"{% set latest_baujahr = 'extract(year from ' ~ stichtag() ~ ') + 3' %}"}
    ),
    # Rules on invented rows around the key date, whichever it is.
    "tests/rules/h1_doubt_of_a_lease.sql": frozenset({ALL}),
    "tests/rules/l4_state_of_a_lease.sql": frozenset({ALL}),
}

# Lines of ours that ask the database, and do not matter: what they ask is compared (`again.py`), or they run only where
# dbt does.
ASKED: dict[str, frozenset[str]] = {
    "macros/not_forgotten.sql": frozenset({ALL}),
    "macros/table.sql": frozenset({ALL}),
    "macros/note_settings.sql": frozenset({ALL}),
    "macros/fits_contract.sql": frozenset(
        {
            "{%- if findings and adapter.get_relation(findings.database, findings.schema, findings.alias) -%}",
            "{% macro contract_refusals(mart, name, checks) -%}",
            "{% macro note_refused_values(results) -%}",
        }
    ),
    "macros/spark/materializations.sql": frozenset({ALL}),
    "macros/spark/raw_layer.sql": frozenset({ALL}),
}


def code_digest(settings: Vars) -> str:
    """Of all that shapes rows beside the raw layer and the key date, as it is now."""
    # dbt takes its flags from there, too.
    flags = sorted(
        item for item in os.environ.items() if item[0].startswith("DBT_") and item[0] not in OF_OURS
    )
    known = hashlib.sha256(repr((sorted(versions().items()), settings.for_dbt(), flags)).encode())
    for root, file in _files():
        content = file.read_bytes()
        known.update(f"{root.name}/{file.relative_to(root).as_posix()} {len(content)}\n".encode())
        known.update(content)
    return known.hexdigest()


def read_unknown() -> tuple[str, ...]:
    """`file:number` of each line that nobody has looked at: with one, nothing says until when a mart is current."""
    unknown: list[str] = []
    for root, file in _files():
        name = file.relative_to(root).as_posix()
        if file.suffix in (".sql", ".yml", ".yaml"):
            is_ours = root == project_root() or name in FILES
            reviewed = REVIEWED.get(name, frozenset()) if is_ours else frozenset()
            lines = lines_unknown(file.read_text(encoding="utf-8", errors="replace"), reviewed)
            unknown += [f"{name}:{line}" for line in lines]
        elif file.suffix == ".py":
            unknown.append(f"{name}:1")
    return tuple(unknown)


def asks_database() -> tuple[str, ...]:
    """`file:number` of each line that may make other SQL of other rows: with one, no statement is run by itself."""
    found: list[str] = []
    for root, file in _files():
        name = file.relative_to(root).as_posix()
        if file.suffix in (".sql", ".yml", ".yaml"):
            asked = ASKED.get(name, frozenset()) if root == project_root() else frozenset()
            lines = enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
            found += [
                f"{name}:{number}"
                for number, line in lines
                if ASKS.search(line) and ALL not in asked and line.strip() not in asked
            ]
    return tuple(found)


def lines_unknown(text: str, reviewed: Collection[str] = ()) -> list[int]:
    """Numbers of the lines that look at the day, or beside the database, in a way that nobody has looked at."""
    if ALL in reviewed:
        return []
    lines = text.splitlines()
    asks = "stichtag(" in text
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() in reviewed:
            continue
        looks = len(LOOKS.findall(line))
        if (looks and looks != len(COMPARED.findall(line))) or (asks and MOVES.search(line)):
            found.append(number)
    return found


def _files() -> Iterator[tuple[Path, Path]]:
    """Folder of a dbt project and each file of it that dbt reads, in a fixed order."""
    roots = {project_root(), working_folder(), *own_partners(built_in_partners()).values()}
    packages = working_folder() / PACKAGES
    if packages.is_dir():
        roots |= {package.resolve() for package in packages.iterdir() if package.is_dir()}
    for root in sorted(roots):
        yield from ((root, root / name) for name in FILES if (root / name).is_file())
        for key, default in FOLDERS.items():
            for folder in _project(root).get(key, [default]):
                if root != project_root() and (root / folder).resolve().is_relative_to(project_root()):
                    continue  # that of the base, which a folder made by `init` names once more for dbt
                found = (file for file in _below(root / folder) if file.suffix in OF_DBT and file.is_file())
                yield from (
                    (root, file) for file in sorted(found) if key != "test-paths" or file.suffix != ".py"
                )


def read_places() -> list[Path]:
    """Files and folders in which all lies that `code_digest` reads, and what would be read were it put there."""
    places: list[Path] = []
    for root in sorted({project_root(), working_folder()}):
        places += [root / name for name in FILES]
        project = _project(root)
        places += [
            root / folder for key, default in FOLDERS.items() for folder in project.get(key, [default])
        ]
    own = own_folder()
    return [*places, working_folder() / PACKAGES, *([own] if own else [])]


def _below(folder: Path) -> Iterator[Path]:
    """All files below a folder, also links and what else goes by a name of a file."""
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)


def _project(root: Path) -> dict[str, list[str]]:
    file = root / "dbt_project.yml"
    found = read_yaml(file) if file.is_file() else {}
    return found if isinstance(found, dict) else {}
