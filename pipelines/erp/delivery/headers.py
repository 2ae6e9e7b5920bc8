"""Names of columns: how every door spells them, and which cannot be used."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from pipelines.erp.delivery.delivery import RESERVED_PREFIXES
from pipelines.erp.delivery.words import listed, visible
from pipelines.errors import DeliveryError

# No ERP has a table as wide; a database and its rows in memory would not bear much more.
MOST_COLUMNS = 2_000
LONGEST_NAME = 250

# What dlt's naming convention `direct` would replace, too.
_IN_NAMES = str.maketrans("\n\r'\"▶", "_____")
# A line break as Excel's XML writes it.
_EXCEL_BREAK = re.compile(r"_x000[ad]_", re.IGNORECASE)


def column_names(where: str, fields: Sequence[str]) -> tuple[str, ...]:
    """Names as the raw layer has them: see `spelled`; one that is empty is called `spalte_<position>`.

    Raises `DeliveryError` for names that are the same, too many or too long ones, and one that the loader keeps for
    itself.
    """
    if len(fields) > MOST_COLUMNS:
        raise DeliveryError(
            f"{where}: {len(fields):,} columns, {MOST_COLUMNS:,} are allowed; export the table with its header line, "
            "or set SOURCES__ERP__FILES__DELIMITER"
        )
    names = [spelled(field) or f"spalte_{position}" for position, field in enumerate(fields, start=1)]
    _check_once(where, fields, names)
    reserved = [name for name in names if name.startswith(RESERVED_PREFIXES)]
    if reserved:
        raise DeliveryError(f"{where}: column {listed(reserved)} has a name that the loader uses; rename it")
    if any(len(name) > LONGEST_NAME for name in names):
        raise DeliveryError(
            f"{where}: a column has a name of more than {LONGEST_NAME} characters; "
            "export the table with its header line"
        )
    return tuple(names)


def our_names(where: str, names: Sequence[str], renamed: Mapping[str, str]) -> tuple[str, ...]:
    """Names of columns after the mapping file: `renamed` gives a name of the ERP ours.

    Raises `DeliveryError` for names that are then the same, and for our name where the mapping file expects another.
    """
    for theirs, ours in renamed.items():
        if theirs not in names and ours in names:
            raise DeliveryError(
                f"{where}: column {theirs} missing, which the mapping file names for {ours}, and there is a column "
                f"{ours}; take the entry out of the mapping file, or export {theirs}"
            )
    return column_names(where, [renamed.get(name, name) for name in names])


def spelled(field: str) -> str:
    """A name as the raw layer has it: no invisible characters and outer blanks, NFC, small letters, `_` for breaks.

    `straße` is `strasse`, as all of our columns are ASCII and the database compares names like that.
    """
    seen = visible(_EXCEL_BREAK.sub("\n", field)).translate(_IN_NAMES)
    folded = _folded(seen)
    return folded if folded.isascii() else unicodedata.normalize("NFC", seen.lower())


def _folded(name: str) -> str:
    """A name as the database and dlt compare it: there `ß` is `ss`."""
    return unicodedata.normalize("NFC", name.casefold())


def _check_once(where: str, fields: Sequence[str], names: Sequence[str]) -> None:
    by_name: dict[str, list[str]] = {}
    for field, name in zip(fields, names, strict=True):
        by_name.setdefault(_folded(name), []).append(visible(field) or name)
    twice = {name: given for name, given in by_name.items() if len(given) > 1}
    if not twice:
        return
    spellings = sorted({given for names in twice.values() for given in names} - twice.keys())
    as_written = f", written {listed(spellings)}" if spellings else ""
    is_case = all(len({given.lower() for given in names}) == 1 for names in twice.values())
    same = "upper and lower case are the same" + ("" if is_case else ", and so are ß and ss")
    raise DeliveryError(
        f"{where}: column {listed(sorted(twice))} comes more than once{as_written} ({same}); export each column once"
    )
