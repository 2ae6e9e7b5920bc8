"""A delivery of many millions of units: a sample portfolio over and over, with Mandanten and persons of their own.

The sample itself ends where its real addresses end. Its files become one Parquet file a table, a seventh of the CSV.
"""

import sys
from pathlib import Path

import duckdb

from pipelines.erp.sample import write_sample
from pipelines.erp.sample.portfolio import TABLES

AT_ONCE = 1_000_000
# Lists that are the same for all Mandanten.
COMMON = ("archiv", "ordner")
MANDANTEN = 3

_MANDANT = "lpad((try_cast({0}[:3] as integer) + {1})::varchar, 3, '0') || {0}[4:]"
_PERSON = "regexp_replace({0}, '^0?', '{2}')"
_OBJECT = f"case when regexp_matches({{0}}, '^[0-9]{{{{3}}}}/') then {_MANDANT} else {_PERSON} end"
_MAIL = "replace({0}, '@', '{2}@')"
# What makes a value another one in each copy: {0} the column, {1} what is added to a Mandant's number, {2} the copy.
OTHERS = {
    "mandant_nr": f"coalesce({_MANDANT}, {{0}})",
    "ve_mandant_nr": f"coalesce({_MANDANT}, {{0}})",
    "person_nr": _PERSON,
    "eigentuemer_person_nr": _PERSON,
    "interessent_nr": "{0} || '-{2}'",
    "dokument_nr": "{0} || '-{2}'",
    "bezug_key": _OBJECT,
    "objektnr": _OBJECT,
    "wert": _MAIL,
    "email": _MAIL,
    "quelle_id": "'{2}' || {0}",
}


def write_large(folder: Path, units: int, seed: int = 1) -> int:
    """Writes a delivery of so many units, a whole number of samples (at most ten); returns its bytes.

    The CSV files of the one sample lie beside it while it is written.
    """
    copies, rest = divmod(units, min(units, AT_ONCE))
    if rest or not 1 <= copies <= 10:
        raise ValueError(f"{units} units are not up to ten samples of {AT_ONCE}")
    folder.mkdir(parents=True, exist_ok=True)
    sample = folder.with_name(folder.name + "_once")
    if not (sample / "mandant.csv").exists():
        write_sample(sample, units // copies, seed)
    for table in TABLES:
        write_copies(sample / f"{table}.csv", folder / f"{table}.parquet", 1 if table in COMMON else copies)
    return sum(file.stat().st_size for file in folder.iterdir())


def write_copies(source: Path, target: Path, copies: int) -> None:
    """The rows of a CSV file so many times, in the order of its lines, as one Parquet file."""
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as db:
        read = "create table rows as from read_csv(?, header = true, delim = ';', all_varchar = true)"
        db.execute(read, [str(source)])
        columns = [name for name, *_ in db.execute("describe rows").fetchall()]
        parts = [
            "select "
            + ", ".join(
                f"{OTHERS[name].format(name, copy * MANDANTEN, copy)} as {name}"
                if copy and name in OTHERS
                else name
                for name in columns
            )
            + " from rows"
            for copy in range(copies)
        ]
        db.execute(f"copy ({' union all '.join(parts)}) to '{target}' (format parquet, compression zstd)")


if __name__ == "__main__":
    print(write_large(Path(sys.argv[1]), int(sys.argv[2])))
