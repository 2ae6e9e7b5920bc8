"""The rules of `docs/rules.md`, each with the files that carry it out, its unit tests and its findings."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.pages.markdown import section
from pipelines.settings import project_root

HEADING = re.compile(r"^### ([A-Z]{1,2}\d+) (.+)$")
# A rule of one partner: a row of a table, or an entry of a list, that begins with its number.
ENTRY = re.compile(r"^(?:- |\| )\*\*([A-Z]{1,2}\d+)\*\*(.*)$")
# A file or a model in the text of a rule: `macros/x.sql`, `x.sql`, `int_x`.
NAMED = re.compile(r"`(?:[\w*/]+/)?(\w+)(?:\.sql)?`")
FOLDERS = ("macros", "models")


@dataclass(frozen=True)
class Rule:
    """A rule as the docs say it; `lines` are its text without the heading, `is_entry` says that it has none."""

    number: str
    title: str
    lines: tuple[str, ...]
    is_entry: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def has_findings(self) -> bool:
        """Some rules drop nothing: their text says `No finding`."""
        return "No finding" not in self.text


@dataclass(frozen=True)
class UnitTest:
    """A unit test of dbt: its file in the project, the model, and the YAML as it stands there."""

    name: str
    model: str
    file: str
    text: str

    @property
    def rules(self) -> frozenset[str]:
        """Numbers of rules that its name begins with: `l4_…`, `do1_do4_…`."""
        numbers = []
        for word in self.name.split("_"):
            if not re.fullmatch(r"[a-z]{1,2}\d+", word):
                break
            numbers.append(word.upper())
        return frozenset(numbers)


@dataclass(frozen=True)
class Evidence:
    """Where a rule stands: files that its text names, others that name its number, tests."""

    named: tuple[str, ...]
    others: tuple[str, ...]
    tests: tuple[UnitTest, ...]


def read_rules(text: str) -> list[Rule]:
    """Each rule with a number, in the order of the page; a rule ends with the next heading."""
    found: list[tuple[str, str, list[str]]] = []
    entries: list[Rule] = []
    title = ""
    is_open = False
    for line in text.splitlines():
        if heading := HEADING.match(line):
            found.append((heading[1], heading[2], []))
            is_open = True
        elif line.startswith(("# ", "## ", "### ")):
            title, is_open = line.lstrip("# "), False
        elif entry := ENTRY.match(line):
            said = " · ".join(part for cell in entry[2].split("|") if (part := cell.strip(" ·:")))
            entries.append(Rule(entry[1], f"of {title}", (said,), is_entry=True))
        elif is_open:
            found[-1][2].append(line)
    return [*(Rule(number, title, tuple(_trimmed(lines))) for number, title, lines in found), *entries]


def with_links(text: str, rules: Iterable[Rule]) -> str:
    """The page of all rules, with a link from each to its own page."""
    for rule in rules:
        place = f"rules/{rule.number.lower()}.md"
        if rule.is_entry:
            text = text.replace(f"**{rule.number}**", f"[**{rule.number}**]({place})", 1)
        else:
            more = f"[What carries {rule.number} out, its tests and findings]({place})"
            text = text.replace(rule.text, f"{rule.text}\n\n{more}", 1)
    return text


def _trimmed(lines: list[str]) -> list[str]:
    return "\n".join(lines).strip("\n").splitlines()


def sql_files() -> dict[str, str]:
    """Text of each macro and model by its path in the project."""
    root = project_root()
    files = sorted(file for folder in FOLDERS for file in (root / folder).rglob("*.sql"))
    return {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in files}


def unit_tests() -> list[UnitTest]:
    """All unit tests of the project."""
    files = sorted((project_root() / "models").rglob("_unit_tests*.yml"))
    return [test for file in files for test in _unit_tests(file)]


def _unit_tests(file: Path) -> Iterator[UnitTest]:
    place = file.relative_to(project_root()).as_posix()
    # The text as it stands there is shown, with its comments.
    for part in re.split(r"(?m)^(?=  - name: )", file.read_text(encoding="utf-8"))[1:]:
        name, model = (re.findall(rf"(?m)^(?:  - |    ){key}: (\w+)", part)[0] for key in ("name", "model"))
        yield UnitTest(name, model, place, part.rstrip() + "\n")


def evidence(rule: Rule, files: dict[str, str], tests: Iterable[UnitTest]) -> Evidence:
    """What there is of a rule."""
    by_name = {Path(file).stem: file for file in files}
    named = dict.fromkeys(by_name[name] for name in NAMED.findall(rule.text) if name in by_name)
    number = re.compile(rf"\b{rule.number}\b")
    others = [file for file, text in files.items() if file not in named and number.search(text)]
    return Evidence(tuple(named), tuple(others), tuple(test for test in tests if rule.number in test.rules))


def rule_page(rule: Rule, found: Evidence) -> list[str]:
    """The lines of the page `docs/rules/<number>.md`, with links as they stand in `docs/rules.md`."""
    return [
        f"# {rule.number} {rule.title}",
        "",
        *rule.lines,
        *section("Where it is carried out", [f"- {_link(file)}" for file in found.named]),
        *section("Who else names it", [f"- {_link(file)}" for file in found.others]),
        *section("Unit tests", [_test_line(test) for test in found.tests] or [_no_test(rule)]),
        *section("Findings", _findings(rule, found)),
        "",
        "[All rules](rules.md)",
        "",
    ]


def _link(file: str) -> str:
    return f"[`{file}`](../{file})"


def _test_line(test: UnitTest) -> str:
    return (
        f"- [{test.name.replace('_', ' ')}](../{test.file}#{test.name}), on `{test.model}`: "
        f"`dbt test --select {test.name}`"
    )


def _no_test(rule: Rule) -> str:
    return f"No unit test of dbt has {rule.number} in its name: it is tested from Python, `tests/` of the sources."


def _findings(rule: Rule, found: Evidence) -> list[str]:
    if not rule.has_findings:
        return ["What it does is no finding, see above."]
    makers = [file for file in (*found.named, *found.others) if "finding" in file]
    return [
        "```sql",
        f"select * from quality.findings where rule = '{rule.number}'",
        "```",
        "",
        f"`stammdaten status` counts them; `quality.<partner>__findings` are those of one partner. All of them come"
        f" together in {_link('models/intermediate/findings.sql')}.",
        *(["", f"Written in {', '.join(_link(file) for file in makers)}."] if makers else []),
    ]
