"""What went wrong at a database, in one line: cause and remedy, without credentials, parameters and values of rows."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import sqlalchemy as sa

from pipelines.erp.delivery.encrypted import ALLOW, CREDENTIALS
from pipelines.errors import DeliveryError, StammdatenError

LOGIN, DATABASE, HOST, TLS = "login", "database", "host", "tls"
MISSING, COLUMN, DENIED, STATEMENT = "missing", "column", "denied", "statement"
LOST, STOPPED, VALUE = "lost", "stopped", "value"

# SQLSTATE, SQL Server's error number, Oracle's code, SQLite's name. Two characters stand for a class of SQLSTATE.
CAUSES = {
    **dict.fromkeys(("28P01", "28000", "18456", "ORA-01017", "ORA-28000"), LOGIN),
    **dict.fromkeys(("3D000", "4060", "ORA-12514", "ORA-12505", "DPY-6001", "DPY-6003"), DATABASE),
    **dict.fromkeys(("08001", "HYT00", "DPY-6005", "ORA-12541", "ORA-12170", "SQLITE_CANTOPEN"), HOST),
    **dict.fromkeys(("42P01", "3F000", "42S02", "208", "ORA-00942"), MISSING),
    **dict.fromkeys(("42703", "42S22", "207", "ORA-00904"), COLUMN),
    **dict.fromkeys(("42501", "229", "230", "ORA-01031"), DENIED),
    **dict.fromkeys(
        ("08", "57P01", "57P02", "57P03", "ORA-03113", "ORA-03135", "DPY-4011", "DPY-1001"), LOST
    ),
    **dict.fromkeys(("57014", "25P03", "25P04", "HYT01", "ORA-01013", "ORA-01555"), STOPPED),
    **dict.fromkeys(("22", "ORA-01722"), VALUE),
    **dict.fromkeys(("42", "25006"), STATEMENT),
}

# What drivers say in words alone: PostgreSQL while it connects (also in German), SQLite.
WORDS = (
    (r"(not|nicht|kein).*SSL.*(required|verlangt|angefordert)|Encryption not supported", TLS),
    (r"password|Passwort|authenti|pg_hba|role .* (does not exist|is not permitted)|Rolle", LOGIN),
    (r"database .* does not exist|Datenbank .* existiert nicht", DATABASE),
    (r"no such table", MISSING),
    (r"no such column", COLUMN),
    (r"could not translate|refused|timed? ?out|timeout|unreachable|No route|resolve", HOST),
)

# What Arrow passes on from PostgreSQL while rows come; everything else there is a value.
WORDS_WITH_ROWS = (
    (r"terminating connection|closed the connection|SSL|no connection|Verbindung", LOST),
    (r"cancel|timeout|storniere", STOPPED),
    (r"", VALUE),
)

SENTENCES = {
    LOGIN: "{origin}: the database refuses this user or password; mend {credentials}",
    DATABASE: "{origin}: there is no such database on this server; mend {credentials}",
    HOST: "{origin}: the database cannot be reached; mend {credentials}, or look whether it runs",
    TLS: f"{{origin}}: the server does not encrypt; switch TLS on there, or set {ALLOW}=true",
    MISSING: "{what} is not there in {origin}, or hidden from this user; create it, or mend {remedy}",
    COLUMN: "{what} in {origin}: names a column that is not there{said}; mend {remedy}",
    DENIED: "{what} in {origin}: this user may not read it; grant it the right to select",
    STATEMENT: "{what} in {origin}: cannot be run{said}; mend {remedy}",
    LOST: "{what} in {origin}: the connection broke while it was read; load again",
    STOPPED: "{what} in {origin}: the database stopped the query, it took too long; raise its time limit",
    VALUE: "{what} in {origin}: a value cannot be computed or converted; mend the view or {remedy}",
    None: "{what} in {origin}: the database reports {kind}; see the database's log",
}


class DatabaseError(DeliveryError):
    """A database cannot be read. `cause` is one of the words above, None where it is not known."""

    def __init__(self, cause: str | None, message: str) -> None:
        super().__init__(message)
        self.cause = cause


@contextmanager
def explained(origin: str, what: str, remedy: str, credentials: str = CREDENTIALS) -> Iterator[None]:
    """Turns what a driver raises into a `DatabaseError`.

    `what` is the view or statement being read, `remedy` the place where it is named, `credentials` the setting that
    names the database.
    """
    try:
        yield
    except Exception as problem:
        failure = _failure(problem, origin, what, remedy, credentials)
        if failure is None:
            raise
    else:
        return
    # Drivers write statements, parameters and addresses into their errors.
    raise failure from None


def _failure(
    problem: BaseException, origin: str, what: str, remedy: str, credentials: str
) -> DatabaseError | None:
    chain = list(_chain(problem))
    own = next((link for link in chain if isinstance(link, StammdatenError)), None)
    if own is not None:
        return DatabaseError(None, f"{what} in {origin}: {own}") if isinstance(own, DeliveryError) else None
    driver = next((link for link in chain if _is_drivers(link)), None)
    return None if driver is None else _sentence(driver, origin, what, remedy, credentials)


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    """An error and what led to it; SQLAlchemy keeps the driver's own error as `orig`."""
    while problem is not None:
        yield problem
        original = getattr(problem, "orig", None)
        problem = (
            original if isinstance(original, BaseException) else problem.__cause__ or problem.__context__
        )


def _is_drivers(problem: BaseException) -> bool:
    is_wrapper = isinstance(problem, sa.exc.DBAPIError) and problem.orig is not None
    return not is_wrapper and (
        isinstance(problem, sa.exc.SQLAlchemyError | pa.ArrowException)
        # Arrow's own, as it reads from PostgreSQL: without a code, in words of the server.
        or (isinstance(problem, OSError) and problem.errno is None)
        or any(base.__name__ == "Error" for base in type(problem).__mro__)
    )


def _sentence(problem: BaseException, origin: str, what: str, remedy: str, credentials: str) -> DatabaseError:
    codes = _codes(problem)
    cause = _cause(codes, str(problem), WORDS_WITH_ROWS if isinstance(problem, OSError) else WORDS)
    kind = " ".join([type(problem).__name__, *codes[:1]])
    message = SENTENCES[cause].format(
        origin=origin,
        what=what,
        remedy=remedy,
        credentials=credentials,
        said=_words_of(problem),
        kind=kind,
    )
    return DatabaseError(cause, message)


def _codes(problem: BaseException) -> list[str]:
    """SQLSTATE or the vendor's own number, as each driver keeps it."""
    first = problem.args[0] if problem.args else None
    found = [
        getattr(problem, "sqlstate", None),
        getattr(problem, "sqlite_errorname", None),
        getattr(first, "full_code", None),
        # pyodbc: the state alone, and the server's number at the end of its text.
        first if isinstance(first, str) and re.fullmatch(r"[0-9A-Z]{5}", first) else None,
        *re.findall(r"\((\d{3,5})\)", str(problem)),
    ]
    return [code for code in found if isinstance(code, str)]


def _cause(codes: list[str], said: str, words: tuple[tuple[str, str], ...]) -> str | None:
    # The server's own number says more than a general state.
    known = [CAUSES[code] for code in reversed(codes) if code in CAUSES]
    spoken = [cause for pattern, cause in words if re.search(pattern, said, re.IGNORECASE)]
    classes = [CAUSES[code[:2]] for code in codes if len(code) == 5 and code[:2] in CAUSES]
    return next(iter(known + (classes or spoken)), None)


def _words_of(problem: BaseException) -> str:
    """The server's own words about a statement: they name objects, never values."""
    words = getattr(getattr(problem, "diag", None), "message_primary", None)
    return f" ({words})" if words else ""
