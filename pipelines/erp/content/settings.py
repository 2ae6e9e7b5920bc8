"""Where the bytes of documents lie: dlt's configuration under `sources.erp.dokumente` (docs/erp-documents.md)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from pipelines.erp.content.folder import FolderSource
from pipelines.erp.content.reader import ContentReader
from pipelines.erp.content.source import Source
from pipelines.erp.delivery.delivery import DOCUMENTS
from pipelines.erp.delivery.encrypted import demanded, is_lifted
from pipelines.erp.files.folder import PACKED
from pipelines.erp.files.place import PLACES, place
from pipelines.erp.files.remote import FILES, Remote
from pipelines.erp.sample.documents import write_documents
from pipelines.errors import SettingsError
from pipelines.settings import config_value, home, setting_name
from pipelines.suggest import did_you_mean

SECTION = "sources.erp.dokumente"
SQL_CREDENTIALS = "sources.erp.sql.credentials"


@contextmanager
def content_reader() -> Iterator[ContentReader]:
    """The reader of documents that the settings name; without any, documents lie where the delivery does.

    Raises `SettingsError` naming the setting and what to do.
    """
    at_home = home()
    source = _source(at_home)
    spools = at_home / "tmp"
    spools.mkdir(mode=0o700, exist_ok=True)
    with closing(ContentReader(source, spools)) as reader:
        yield reader


def _source(at_home: Path) -> Source:
    kind = _kind()
    if kind is not None:
        return KINDS[kind]()
    # Without an ERP, the sample is what was loaded.
    sample = at_home / "sample"
    if config_value("sources.erp.kind") is None and (sample / "dokument.csv").is_file():
        if not (sample / DOCUMENTS).exists():
            write_documents(sample)
        return FolderSource(sample, beside_tables=True)
    raise SettingsError(
        f"{_name('folder')}: missing; name the folder or ZIP with the files of documents, or the SELECT for them in"
        f" {_name('query')}; {PLACES}"
    )


def _kind() -> str | None:
    """Where documents lie: what is said, else what is set for them, else where the delivery lies; None for nowhere."""
    given = _value("kind")
    if given is not None:
        if given not in KINDS:
            raise SettingsError(
                f"{_name('kind')}: unknown kind {given!r}{did_you_mean(given, KINDS)}; it may be {', '.join(KINDS)};"
                f" {PLACES}"
            )
        return given
    has_folder, has_query = _value("folder") is not None, bool(_value("query") or _value("column"))
    if has_folder and has_query:
        raise SettingsError(
            f"{_name('kind')}: missing, although a folder and a database are named for documents; it may be"
            f" {', '.join(KINDS)}; {PLACES}"
        )
    if has_folder or has_query:
        return "files" if has_folder else "sql"
    delivery = config_value("sources.erp.kind")
    if delivery is None:
        return "files" if config_value(f"{FILES}.folder") else None
    # What the delivery's own settings say of a kind that there is not.
    return delivery if delivery in ("files", "openwowi") else None


def _files() -> Source:
    own = place(SECTION, (".zip",))
    found = own or place(FILES, PACKED)
    if found is None:
        raise SettingsError(f"{_name('folder')}: missing; name the folder with documents; {PLACES}")
    if isinstance(found, Path):
        if found.is_file() and found.suffix.lower() != ".zip":
            raise SettingsError(
                f"{_name('folder')}: missing, and the delivery is a workbook; name the folder with documents; {PLACES}"
            )
        return FolderSource(found, beside_tables=own is None or _is_delivery(found))
    if found.is_single_file:
        raise SettingsError(
            f"{_name('folder')}: documents inside a packed file on another machine cannot be read; name a folder with"
            f" the files; {PLACES}"
        )
    from pipelines.erp.content.remote import RemoteSource

    return RemoteSource(found, beside_tables=own is None or _is_delivery(found))


def _is_delivery(found: Path | Remote) -> bool:
    """Whether the tables of the delivery lie in the folder of documents."""
    try:
        delivery = place(FILES, PACKED)
    except SettingsError:
        return False
    if isinstance(found, Remote) or isinstance(delivery, Remote):
        urls = [one.url.rstrip("/") for one in (found, delivery) if isinstance(one, Remote)]
        return len(urls) == 2 and urls[0] == urls[1]
    return delivery is not None and found.resolve() == delivery.resolve()


def _sql() -> Source:
    # Libraries of databases, which only who has one needs to load.
    from pipelines.erp.content import database
    from pipelines.erp.database.settings import check_select, database_url

    key = f"{SECTION}.credentials" if _value("credentials") else SQL_CREDENTIALS
    url, lifted = database_url(key), is_lifted()
    line = demanded(url, lifted, setting=setting_name(key))
    query, column = _value("query"), _value("column")
    if bool(query) == bool(column):
        raise SettingsError(
            f"{_name('query')}: {'missing' if not query else 'set beside ' + _name('column')}; write a SELECT of the"
            f" bytes with the parameter :{database.PARAMETER}, or name view and column in {_name('column')}; {PLACES}"
        )
    if query:
        check_select(_name("query"), query)
        if not database.has_parameter(query):
            raise SettingsError(
                f"{_name('query')}: has no parameter :{database.PARAMETER}; write it where the number of the document"
                " belongs"
            )
        return database.DatabaseSource(line, database.by_query(query, _name("query")), setting_name(key))
    view, _, name = str(column).rpartition(".")
    if not view or not name:
        raise SettingsError(f"{_name('column')}: {column!r} is no column; write it as view.column; {PLACES}")
    wish = database.by_column(view, name, _name("column"))
    return database.DatabaseSource(line, wish, setting_name(key))


def _openwowi() -> Source:
    # Its HTTP client takes a second to import.
    from pipelines.erp.content.openwowi import OpenWowiSource
    from pipelines.erp.openwowi.settings import openwowi_settings

    settings = openwowi_settings()
    return OpenWowiSource(settings.access, settings.backoff_seconds)


KINDS: Mapping[str, Callable[[], Source]] = {"files": _files, "sql": _sql, "openwowi": _openwowi}


def _name(key: str) -> str:
    return setting_name(f"{SECTION}.{key}")


def _value(key: str) -> str | None:
    return config_value(f"{SECTION}.{key}")
