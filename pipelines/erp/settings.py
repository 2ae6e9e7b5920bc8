"""Which delivery to load, out of dlt's configuration (`.dlt/config.toml` or the environment)."""

import codecs
import os
from contextlib import suppress
from pathlib import Path

from pipelines.erp.csv_file import DELIMITERS, ENCODINGS
from pipelines.erp.delivery import Door
from pipelines.erp.files import FilesSettings
from pipelines.errors import SettingsError
from pipelines.settings import project_root, setting_name

KINDS = ("files",)
DELIMITER_NAMES = {"tab": "\t", **{delimiter: delimiter for delimiter in DELIMITERS}}
PLACES = "set it in the environment or in .dlt/config.toml"


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
    return FilesSettings(folder=_folder(), encoding=_encoding(), delimiter=_delimiter())


def _folder() -> Path:
    key = "sources.erp.files.folder"
    folder = _value(key)
    if folder is None:
        raise SettingsError(f"{setting_name(key)}: missing; name the folder with the ERP's files; {PLACES}")
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise SettingsError(
            f"{setting_name(key)}: {path} is no folder; name the one with the ERP's files; {PLACES}"
        )
    return path


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
            f"{setting_name(key)}: {given!r} cannot separate fields; it may be ; , or tab; {PLACES}"
        )
    return DELIMITER_NAMES[given.lower()] if given else None


def _value(key: str) -> str | None:
    os.environ.setdefault("DLT_PROJECT_DIR", str(project_root()))
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    import dlt

    value = dlt.config.get(key, str)
    return value if value and value.strip() else None
