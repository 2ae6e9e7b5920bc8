"""Runs the tests of partners against mutants of their marts, in one pytest session on databases built once.

The databases are those that the tests' own fixtures build. For a mutant the mart is replaced in each of them, the
partner's tests run until one fails, and what dbt built is put back. Nothing is built by dbt again.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from dataclasses import field as default
from pathlib import Path
from typing import Any

import duckdb
import pytest
from _pytest.runner import runtestprotocol

from pipelines.contract.contract import partners
from tests.mutants.stock import Stock

PARTNERS = tuple(partners())
FOLDER = Path(__file__).parents[1] / "partners"
CONTRACTS = "test_partner_contracts.py"
DOCUMENTS = "test_document_marts.py"


@dataclass
class Score:
    """What became of a partner's mutants; `broken` are tests that fail without any."""

    partner: str
    killed: list[str] = default(default_factory=list)
    survived: list[str] = default(default_factory=list)
    equivalent: list[str] = default(default_factory=list)
    broken: list[str] = default(default_factory=list)

    @property
    def share(self) -> float:
        """Killed mutants in percent of those that can be seen; 0 where nothing was measured."""
        total = len(self.killed) + len(self.survived)
        return 100 * len(self.killed) / total if total and not self.broken else 0.0


class Recorder:
    """What dbt compiled, and the databases that tests opened with it."""

    def __init__(self) -> None:
        self.compiled: dict[str, str] = {}
        self.opened: list[tuple[duckdb.DuckDBPyConnection, dict[str, str]]] = []
        self.calls = 0
        self.own = ""
        self.connect = duckdb.connect

    def watch(self, dbt: Any) -> None:
        """Listens to the `dbt` fixture."""
        self.own = str(dbt.database)
        invoke = dbt.runner.invoke

        def recorded(*arguments: Any, **more: Any) -> Any:
            self.calls += 1
            done = invoke(*arguments, **more)
            for entry in done.result if isinstance(done.result, Iterable) else []:
                if entry.node.resource_type == "model" and getattr(entry.node, "compiled_code", None):
                    self.compiled[entry.node.name] = entry.node.compiled_code
            return done

        dbt.runner.invoke = recorded

    def open(self, database: Any = ":memory:", *arguments: Any, **more: Any) -> duckdb.DuckDBPyConnection:
        """`duckdb.connect`; keeps what a test opens, which is never the file that dbt itself writes."""
        connection = self.connect(database, *arguments, **more)
        if Path(str(database)).is_file() and str(database) != self.own:
            self.opened.append((connection, dict(self.compiled)))
        return connection

    def stocks(self, partner: str) -> list[Stock]:
        """The open databases with marts of a partner."""
        found = []
        for connection, compiled in self.opened:
            try:
                connection.execute("select 1")
            except duckdb.ConnectionException:
                continue
            stock = Stock(connection, partner, compiled)
            if stock.marts:
                found.append(stock)
        return found


class Mutation:
    """A pytest plugin: replaces the loop over the tests by one over mutants."""

    def __init__(self, partners: Sequence[str]) -> None:
        self.partners = partners
        self.recorder = Recorder()
        self.scores: list[Score] = []

    def pytest_configure(self) -> None:
        duckdb.connect = self.recorder.open

    def pytest_unconfigure(self) -> None:
        duckdb.connect = self.recorder.connect

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        value = yield
        if fixturedef.argname == "dbt":
            self.recorder.watch(value)
        return value

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for partner in self.partners:
            own = [item for item in session.items if item.path.name == f"test_{partner}_marts.py"]
            documents = _of_file(session.items, DOCUMENTS, partner, whole=True)
            shared = _of_file(session.items, CONTRACTS, partner, whole=False)
            modules = [items for items in (own, documents, shared) if items]
            self.scores.append(self._measured(partner, modules))
        session._setupstate.teardown_exact(None)
        return True

    def _measured(self, partner: str, modules: list[list[pytest.Item]]) -> Score:
        """Each module sees the mutants that those before it left, and those of databases that it builds itself; so the
        fixtures of each are set up once."""
        score = Score(partner, broken=[] if modules else ["no tests were found"])
        left: dict[str, None] = {}
        hidden: dict[str, str] = {}
        for items in modules:
            items[0].session._setupstate.teardown_exact(items[0])
            useful = self._useful(items, score)
            stocks = self.recorder.stocks(partner)
            if not self._is_sound(useful, stocks, score):
                return score
            visible, equivalent = _sorted_out(stocks)
            left |= dict.fromkeys(name for name in visible if name not in score.killed)
            hidden |= equivalent
            killed = [name for name in left if _kills(useful, stocks, name)]
            # A test that had become red by itself would kill everything.
            self._is_sound(useful, stocks, score)
            score.killed += killed
            left = {name: None for name in left if name not in killed}
        score.survived = list(left)
        seen = {*score.killed, *score.survived}
        score.equivalent = [f"{name} ({why})" for name, why in hidden.items() if name not in seen]
        return score

    def _useful(self, items: list[pytest.Item], score: Score) -> list[pytest.Item]:
        """The tests that pass and read what a fixture built: one that calls dbt itself cannot see a mutant."""
        useful = []
        for item in items:
            failed, is_building = self._first(item)
            score.broken += [f"{item.name}: {_cause(report)}" for report in failed[:1]]
            if not failed and not is_building:
                useful.append(item)
        return useful

    def _first(self, item: pytest.Item) -> tuple[list[pytest.TestReport], bool]:
        """What fails of a test, and whether the test itself calls dbt, beside its fixtures."""
        run, calls = item.runtest, []

        def counted() -> None:
            before = self.recorder.calls
            run()
            calls.append(self.recorder.calls - before)

        item.runtest = counted  # type: ignore[method-assign]
        failed = [report for report in _run(item) if report.failed]
        item.runtest = run  # type: ignore[method-assign]
        return failed, any(calls)

    def _is_sound(self, items: list[pytest.Item], stocks: list[Stock], score: Score) -> bool:
        """Whether the tests pass on marts that were made again without a change."""
        with ExitStack() as stack:
            for stock in stocks:
                stack.enter_context(stock.having(None))
            score.broken += [item.name for item in items if _fails(item)]
        return not score.broken


def _sorted_out(stocks: Sequence[Stock]) -> tuple[list[str], dict[str, str]]:
    """Names of the mutants that can be seen in a stock, and those that cannot in any, with the reason."""
    reasons: dict[str, set[str]] = {}
    for stock in stocks:
        for name, mutant in stock.mutants.items():
            reasons.setdefault(name, set()).add(mutant.equivalent)
    visible = [name for name, why in reasons.items() if "" in why]
    return visible, {name: ", ".join(sorted(why)) for name, why in reasons.items() if "" not in why}


def _kills(items: list[pytest.Item], stocks: Sequence[Stock], mutant: str) -> bool:
    """Whether a test fails with the mutant, or its build does; the test that did goes first for the next."""
    with ExitStack() as stack:
        for stock in stocks:
            if mutant in stock.mutants:
                try:
                    stack.enter_context(stock.having(stock.mutants[mutant]))
                except duckdb.ConversionException:  # a value that the changed expression cannot take
                    return True
        for position, item in enumerate(items):
            if _fails(item):
                items.insert(0, items.pop(position))
                return True
    return False


def _cause(report: pytest.TestReport) -> str:
    """The first line of what went wrong."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longrepr).splitlines()[0]


def _fails(item: pytest.Item) -> bool:
    return any(report.failed for report in _run(item))


def _run(item: pytest.Item) -> list[pytest.TestReport]:
    """Setup, call and teardown of one test; fixtures of its module and of the session stay."""
    return runtestprotocol(item, log=False, nextitem=item.parent)  # type: ignore[arg-type]


def _of_file(items: Sequence[pytest.Item], file: str, partner: str, *, whole: bool) -> list[pytest.Item]:
    """The tests of a file that partners share with this partner as their parameter; none where it has none of it.

    `whole`: those without a partner, too.
    """
    own = [(item, _partner_of(item)) for item in items if item.path.name == file]
    if partner not in dict(own).values():
        return []
    return [item for item, of in own if of == partner or (whole and of is None)]


def _partner_of(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("partner") if callspec else None


def measure(partners: Sequence[str], folder: Path = FOLDER) -> list[Score]:
    """Runs the partners' mapping tests against their mutants; the output of pytest itself is left out."""
    plugin = Mutation(partners)
    names = [*(f"test_{partner}_marts.py" for partner in partners), DOCUMENTS, CONTRACTS]
    files = [folder / name for name in names]
    options = ["-qq", "--no-header", "--no-summary", "-p", "no:cacheprovider", "--tb=no"]
    pytest.main([*options, *(str(file) for file in files if file.is_file())], plugins=[plugin])
    return plugin.scores
