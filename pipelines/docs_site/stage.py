"""The sources of the site in a folder of their own: the project's Markdown, and the pages that are made for it."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath

import pipelines
from pipelines.errors import StammdatenError
from pipelines.settings import project_root

LINK = re.compile(r"(\]\()([^)\s#]*)((?:#[^)]*)?\))")
SOURCES = "source"
LEXERS = {
    ".sql": "sql+jinja",
    ".yml": "yaml",
    ".yaml": "yaml",
    ".py": "python",
    ".csv": "text",
    ".json": "json",
}
HIDDEN = "---\norphan: true\nnosearch: true\n---\n\n"


def in_project(name: str) -> Path:
    """A file or folder of the project, also where a wheel has brought it."""
    if name == "pipelines" or name.startswith("pipelines/"):
        return Path(pipelines.__file__).parent / name.removeprefix("pipelines").lstrip("/")
    return project_root() / name


class Stage:
    """A folder that mirrors the project. What a page links to and is no page becomes one, with its text as code."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._pages: dict[str, str] = {}
        self._written_for: dict[str, str] = {}

    def add(self, name: str, text: str, written_for: str | None = None) -> None:
        """A page by its place in the project; its links are as they stand in the page `written_for`, or in itself."""
        self._pages[name] = text
        self._written_for[name] = written_for or name

    @property
    def names(self) -> list[str]:
        """Places of all pages, in the order in which they were added."""
        return list(self._pages)

    def write(self) -> None:
        """All pages, with those that they link to. Raises StammdatenError for a link to what is not there."""
        written: set[str] = set()
        while waiting := [name for name in self._pages if name not in written]:
            for name in waiting:
                self._write(name, self._with_links(name, self._pages[name]))
            written |= set(waiting)

    def source(self, name: str, text: str | None = None) -> str:
        """The place of the page with a file of the project as code; `text` is a page made of it otherwise."""
        page = f"{SOURCES}/{name}.md"
        if page not in self._pages or text is not None:
            self._pages[page] = text or _as_code(name)
        return page

    def _with_links(self, name: str, text: str) -> str:
        origin = self._written_for.get(name, name)

        def led(found: re.Match[str]) -> str:
            return f"{found[1]}{self._target(name, origin, found[2])}{found[3]}"

        return outside_code(text, lambda part: LINK.sub(led, part))

    def _target(self, page: str, origin: str, target: str) -> str:
        """The link of `origin` as it has to be on the page."""
        if re.match(r"[a-z]+:", target) or (not target and page == origin):
            return target
        name = os.path.normpath(PurePosixPath(origin).parent / target) if target else origin
        if name not in self._pages:
            name = self._made(page, name)
        return os.path.relpath(name, PurePosixPath(page).parent)

    def _made(self, page: str, name: str) -> str:
        """The place on the site of a file or folder of the project."""
        file = in_project(name)
        if file.is_dir():
            self._pages.setdefault(f"{name}/index.md", _listing(name))
            return f"{name}/index.md"
        if not file.is_file():
            raise StammdatenError(f"{page}: the link to {name} leads nowhere")
        if name.startswith("docs/"):
            self._write(name, file.read_bytes())
            return name
        return self.source(name)

    def _write(self, name: str, content: str | bytes) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with what stands in no fence and no code span changed."""
    parts = re.split(r"(?ms)(^ *```.*?^ *```\s*$|(?<!`)`(?!`)[^`\n]*`)", text)
    joined = "\0".join(parts[::2])  # a link's own text may hold a code span
    changed = change(joined).split("\0")
    if len(changed) != len(parts[::2]):
        raise StammdatenError("a link that goes over a code span could not be read")
    return "".join(part for pair in zip(changed, [*parts[1::2], ""], strict=True) for part in pair)


def _as_code(name: str) -> str:
    text = in_project(name).read_text(encoding="utf-8").rstrip()
    lexer = LEXERS.get(PurePosixPath(name).suffix, "text")
    fence = "`" * (1 + max((len(run) for run in re.findall("`{3,}", text)), default=2))
    return f"{HIDDEN}# {name}\n\n{fence}{lexer}\n{text}\n{fence}\n"


def _listing(name: str) -> str:
    files = sorted(in_project(name).iterdir())
    names = [file.name + "/" * file.is_dir() for file in files if not file.name.startswith((".", "__"))]
    return f"---\norphan: true\n---\n\n# {name}\n\n" + "".join(f"- [`{one}`]({one})\n" for one in names)


def tree(caption: str, pages: Iterable[str]) -> list[str]:
    """The lines of a table of contents in reStructuredText: the side bar shows it under its caption."""
    return [
        "",
        ".. toctree::",
        f"   :caption: {caption}",
        "   :maxdepth: 1",
        "",
        *(f"   {page}" for page in pages),
    ]


def groups(found: Iterable[str], wanted: Mapping[str, tuple[str, ...]], rest: str) -> dict[str, list[str]]:
    """Pages by caption in the order that is wanted; what nobody named stands under the last caption."""
    there = sorted(found)
    named = {name for names in wanted.values() for name in names}
    placed = {caption: [name for name in names if name in there] for caption, names in wanted.items()}
    return {**placed, rest: [name for name in there if name not in named]}
