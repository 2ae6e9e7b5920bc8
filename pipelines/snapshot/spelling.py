"""Texts as somebody may have written a name in them: encoded, without accents or apostrophes, glued, spaced out.

`seen` undoes what hides letters, `Stream` is the one form in which names are looked for, and where each letter stood.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from urllib.parse import quote

from pipelines.snapshot.words import APOSTROPHES, UNSEEN, fold

# Two letters for an umlaut, or none: Müller, Mueller and Muller are one.
TWO_LETTERS = re.compile("([aou])e")
# Between the words of a name.
GAP = re.compile(r"(?<=[^\W\d_])(?:[^\w]|_){1,3}(?=[^\W\d_])")
# How often something may be encoded: %25C3%25BC.
TIMES = 3


# As what programs read UTF-8 that they take for something else.
MISREAD_AS = ("latin-1", "cp1252", "mac_roman", "cp437", "cp850")
# How far letters of full width are from those of ASCII.
WIDTH = ord("Ａ") - ord("A")


@cache
def _misread() -> dict[str, str]:
    """Letters of Latin languages as programs show them that read UTF-8 as something else: Ã¼ for ü."""
    found = {}
    for letter in map(chr, range(0xC0, 0x180)):
        for encoding in MISREAD_AS:
            try:
                found[letter.encode().decode(encoding)] = letter
            except UnicodeDecodeError:
                continue
    return found


_SPACED = r"(?<![^\W_])(?:[^\W\d_](?:[ ._-]|  )){3,}[^\W\d_](?![^\W_])"
_AT = r"\s?[\[({]\s?(?:at|AT|ät)\s?[\])}]\s?"
# What may hide a letter, for SQL: only such values are looked at more closely.
HIDDEN = (
    "%[0-9A-Fa-f]{2}|=[0-9A-F]{2}|&#?[A-Za-z0-9]{1,8};|_x[0-9A-Fa-f]{4}_|[\\\\]u[0-9A-Fa-f]{4}"
    r"|[\[({]\s?(?:at|AT|ät)\s?[\])}]|[ÃÄÅÂ√├┼┬]|(?:[^\s0-9._-][ ._-]{1,2}){3}|[！-～]"
)


@cache
def _encoded() -> re.Pattern[str]:
    misread = "|".join(re.escape(text) for text in sorted(_misread(), key=len, reverse=True))
    return re.compile(
        rf"(?P<percent>(?:%[0-9A-Fa-f]{{2}})+)|(?P<printable>(?:=[89A-F][0-9A-F])+)|(?P<entity>&#?[A-Za-z0-9]{{1,8}};)"
        rf"|(?P<sheet>_x[0-9A-Fa-f]{{4}}_|\\u[0-9A-Fa-f]{{4}})|(?P<at>{_AT})|(?P<misread>{misread})|(?P<spaced>{_SPACED})"
        r"|(?P<wide>[！-～])"
    )


@dataclass(frozen=True)
class Seen:
    """A text without encodings; `spans` says where each of its letters stands in the original."""

    original: str
    text: str
    spans: tuple[tuple[int, int], ...] | None = None

    def replaced(self, edits: list[tuple[int, int, str]]) -> str:
        """The original with these parts of `text`, in order and apart, replaced; encoded ones are encoded again."""
        done, last = [], 0
        for start, end, other in edits:
            first, behind = self._span(start)[0], self._span(end - 1)[1]
            done += [self.original[last:first], self._written(start, end, other)]
            last = behind
        return "".join(done) + self.original[last:]

    def _span(self, place: int) -> tuple[int, int]:
        return self.spans[place] if self.spans else (place, place + 1)

    def _written(self, start: int, end: int, other: str) -> str:
        if not self.spans or len(other) != end - start:
            return other
        return "".join(
            _as(self.original[slice(*self._span(start + place))], letter)
            for place, letter in enumerate(other)
        )


def seen(text: str) -> Seen:
    """The text with all encodings undone that people's programs leave in names of files and in fields."""
    letters, spans = text, [(place, place + 1) for place in range(len(text))]
    for _ in range(TIMES):
        parts: list[str] = []
        places: list[tuple[int, int]] = []
        last = 0
        for found in _encoded().finditer(letters):
            parts.append(letters[last : found.start()])
            places += spans[last : found.start()]
            for letter, start, end in _letters(found):
                parts.append(letter)
                places.append((spans[start][0], spans[end - 1][1]))
            last = found.end()
        if not last:
            break
        letters, spans = "".join(parts) + letters[last:], places + spans[last:]
    return Seen(text, letters, None if letters == text else tuple(spans))


def decoded(text: str) -> str:
    """`seen` without the places."""
    return seen(text).text


def _letters(found: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """The letters that an encoded part stands for, each with its place."""
    kind, text, start, end = found.lastgroup, found[0], *found.span()
    if kind in ("percent", "printable"):
        code = bytes.fromhex(text.replace("%", "").replace("=", ""))
        try:
            letters, encoding = code.decode(), "utf-8"
        except UnicodeDecodeError:
            letters, encoding = code.decode("latin-1"), "latin-1"
        for letter in letters:
            length = 3 * len(letter.encode(encoding))
            yield letter, start, start + length
            start += length
    elif kind == "spaced":
        places = [place for place, letter in enumerate(text) if letter.isalpha()]
        for place, behind in zip(places, [*places[1:], len(text)], strict=True):
            yield text[place], start + place, start + behind
    else:
        if kind == "entity":
            letter = html.unescape(text)
        elif kind == "sheet":
            letter = chr(int(text.strip("_xu\\"), 16))
        elif kind == "wide":
            letter = chr(ord(text) - WIDTH)
        else:
            letter = "@" if kind == "at" else _misread()[text]
        # What stands for no single letter stays as it is.
        if len(letter) == 1:
            yield letter, start, end
        else:
            for place, one in enumerate(text):
                yield one, start + place, start + place + 1


def _as(written: str, letter: str) -> str:
    """A letter in the encoding of the one that it stands for."""
    if written.startswith("%"):
        if len(written) == 3 and "\x80" <= letter <= "\xff":
            return quote(letter, encoding="latin-1")
        return f"%{ord(letter):02X}" if letter.isascii() else quote(letter)
    if len(written) > 1 and written[0].isalpha() and written[1] in " ._-":
        return letter + written[1:]
    if "！" <= written <= "～" and "!" <= letter <= "~":
        return chr(ord(letter) + WIDTH)
    if written in _misread():
        # It stays as damaged as it was: rule C8 tells of it.
        return next((one for one in _misread_forms(letter) if one[0] == written[0]), letter)
    return letter


def _misread_forms(letter: str) -> Iterator[str]:
    return (damaged for damaged, meant in _misread().items() if meant == letter)


@dataclass(frozen=True)
class Stream:
    """A text in the form in which names are looked for: small plain letters, signs as they are, apostrophes gone."""

    text: str
    spans: tuple[tuple[int, int], ...]

    @cached_property
    def bare(self) -> "Stream":
        """The same with one letter for `ae`, `oe` and `ue`."""
        if not TWO_LETTERS.search(self.text):
            return self
        spans = list(self.spans)
        for found in reversed(list(TWO_LETTERS.finditer(self.text))):
            start = found.start()
            spans[start : start + 2] = [(spans[start][0], spans[start + 1][1])]
        return Stream(bare(self.text), tuple(spans))

    @cached_property
    def compact(self) -> "Stream":
        """The same without blanks and signs between words, of which at most three stand beside each other."""
        gaps = list(GAP.finditer(self.text))
        spans = list(self.spans)
        for found in reversed(gaps):
            del spans[found.start() : found.end()]
        return Stream(GAP.sub("", self.text), tuple(spans)) if gaps else self


def stream(text: str) -> Stream:
    """The stream of a text that `seen` has made."""
    if text.isascii() and "'" not in text and "`" not in text and UNSEEN.search(text) is None:
        return Stream(text.lower(), tuple((place, place + 1) for place in range(len(text))))
    letters: list[str] = []
    spans: list[tuple[int, int]] = []
    for place, letter in enumerate(text):
        plain = "" if letter in APOSTROPHES or UNSEEN.match(letter) else fold(letter)
        if not plain and spans:
            # A mark behind a letter goes with it.
            spans[-1] = (spans[-1][0], place + 1) if unicodedata.combining(letter) else spans[-1]
        for one in plain:
            letters.append(one)
            spans.append((place, place + 1))
    return Stream("".join(letters), tuple(spans))


def bare(folded: str) -> str:
    """A folded text with one letter for `ae`, `oe` and `ue`."""
    return TWO_LETTERS.sub(r"\1", folded)


def bare_sql(folded: str) -> str:
    """`bare` in SQL."""
    return f"regexp_replace({folded}, '([aou])e', '\\1', 'g')"


def compact_sql(text: str) -> str:
    """`compact` in SQL."""
    return f"regexp_replace({text}, '(\\p{{L}})[^\\p{{L}}\\p{{N}}]{{1,3}}', '\\1', 'g')"


def without_apostrophes(expr: str) -> str:
    """An SQL text without apostrophes."""
    listed = APOSTROPHES.replace("'", "''")
    return f"translate({expr}, '{listed}', '')"
