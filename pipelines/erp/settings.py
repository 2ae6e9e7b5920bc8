"""Which delivery to load, out of dlt's configuration (`.dlt/config.toml` or the environment)."""

import codecs
import math
import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from pipelines.erp.delivery.delivery import Door
from pipelines.erp.delivery.mapping import read_mapping
from pipelines.erp.files.archive import ArchiveLimits
from pipelines.erp.files.csv_file import DELIMITERS
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.files.encoding import ENCODINGS
from pipelines.erp.files.folder import PACKED
from pipelines.erp.files.place import PLACES, place
from pipelines.erp.files.remote import FILES, Remote
from pipelines.erp.increments import Increments
from pipelines.errors import SettingsError
from pipelines.settings import checked_text, setting_name, settings_path, working_folder

KINDS = ("files", "sql", "openwowi")
DELIMITER_NAMES = {"tab": "\t", **{delimiter: delimiter for delimiter in DELIMITERS}}


def is_configured() -> bool:
    """Whether an ERP is named at all; without one a sample portfolio is loaded."""
    return any(_value(key) for key in ("sources.erp.kind", "sources.erp.files.folder"))


def erp_settings() -> Door:
    """The door, with its settings, that `SOURCES__ERP__KIND` names.

    Raises `SettingsError` naming the setting, the values it may have and where to set it.
    """
    kind = _value("sources.erp.kind") or "files"
    if kind not in KINDS:
        raise SettingsError(
            f"SOURCES__ERP__KIND: unknown kind {kind!r}; it may be {', '.join(KINDS)}; {PLACES}"
        )
    if kind == "sql":
        return _sql()
    if kind == "openwowi":
        return _openwowi()
    return _files()


def _sql() -> Door:
    # So are a database's libraries.
    from pipelines.erp.database.settings import sql_settings

    return sql_settings()


def _openwowi() -> Door:
    # Its HTTP client takes a second to import, which the other doors need not pay for.
    from pipelines.erp.openwowi.settings import openwowi_settings

    return openwowi_settings()


def increments() -> Increments | None:
    """How a load may go on from the last one; None (the default) where everything is read each time.

    Raises `SettingsError` like `erp_settings`.
    """
    switch = (_value("sources.erp.incremental") or "false").strip().lower()
    if switch not in ("true", "false"):
        raise SettingsError(f"SOURCES__ERP__INCREMENTAL: {switch!r} is not true or false; {PLACES}")
    days = _whole_number("sources.erp.full_every_days", default=7, least=1, most=31)
    hours = _whole_number("sources.erp.overlap_hours", default=24, least=0, most=720)
    return Increments(timedelta(days=days), timedelta(hours=hours)) if switch == "true" else None


def _whole_number(key: str, default: int, least: int, most: int) -> int:
    given = _value(key)
    with suppress(ValueError):
        number = default if given is None else int(given)
        if least <= number <= most:
            return number
    raise SettingsError(
        f"{setting_name(key)}: {given!r} is not a whole number from {least} to {most}; {PLACES}"
    )


def mapping_file() -> Path | None:
    """The file that says which column is which, where one is set."""
    mapping = _value("sources.erp.files.mapping")
    return settings_path(mapping) if mapping else None


def _files() -> FilesSettings:
    mapping = mapping_file()
    limits = ArchiveLimits(
        max_gb=_positive("sources.erp.files.max_gb", ArchiveLimits.max_gb),
        max_ratio=_positive("sources.erp.files.max_ratio", ArchiveLimits.max_ratio),
        max_workbook_mb=_positive("sources.erp.files.max_workbook_mb", ArchiveLimits.max_workbook_mb),
    )
    quiet = _value("sources.erp.files.quiet_seconds")
    return FilesSettings(
        folder=_folder(),
        encoding=_encoding(),
        delimiter=_delimiter(),
        mapping=read_mapping(mapping) if mapping else {},
        control=_value("sources.erp.files.control"),
        quiet_seconds=_whole_number("sources.erp.files.quiet_seconds", 0, 0, 3600) if quiet else None,
        limits=limits,
    )


def _folder() -> Path | Remote:
    found = place(FILES, PACKED)
    if found is None:
        raise SettingsError(
            f"{setting_name(f'{FILES}.folder')}: missing; name the folder with the ERP's files; {PLACES}"
        )
    return found


def _positive(key: str, default: float) -> float:
    given = _value(key)
    with suppress(ValueError):
        number = default if given is None else float(given)
        if 0 < number < math.inf:
            return number
    raise SettingsError(f"{setting_name(key)}: {given!r} is no number above 0; {PLACES}")


def _encoding() -> str | None:
    key = "sources.erp.files.encoding"
    given = _value(key)
    if given is None:
        return None
    with suppress(LookupError):
        for encoding in ENCODINGS:
            if codecs.lookup(given.strip()).name == codecs.lookup(encoding).name:
                return encoding
    raise SettingsError(
        f"{setting_name(key)}: unknown encoding {given!r}; it may be {', '.join(ENCODINGS)}; {PLACES}"
    )


def _delimiter() -> str | None:
    key = "sources.erp.files.delimiter"
    given = _value(key)
    if given is not None and given.lower() not in DELIMITER_NAMES:
        raise SettingsError(
            f"{setting_name(key)}: {given!r} cannot separate fields; it may be ; , | or tab; {PLACES}"
        )
    return DELIMITER_NAMES[given.lower()] if given else None


def _value(key: str) -> str | None:
    os.environ.setdefault("DLT_PROJECT_DIR", str(working_folder()))
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    import dlt

    value = dlt.config.get(key, str)
    return checked_text(key, value) if value and value.strip() else None
