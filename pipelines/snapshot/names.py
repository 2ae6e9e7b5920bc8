"""Where in a text something stands that the delivery knows as a name: whole, within a word, glued, in any spelling."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from pipelines.snapshot.spelling import Seen, Stream, bare, stream
from pipelines.snapshot.words import LEAST, LETTERS, covering_words

# In a key a name of four letters is found as a whole word only: shorter runs of letters are chance.
LEAST_IN_KEYS = 5
Span = tuple[int, int]


@dataclass(frozen=True)
class Names:
    """Names (folded) and pairs of first and last name (`pairs_of`), beside words and phrases in which they stay.

    `no_names`: folded words that are nobody's here. `phrases`: streets and towns of the stock, folded.
    """

    words: Collection[str]
    pairs: Collection[str]
    no_names: Collection[str]
    phrases: tuple[str, ...]
    _around: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def spans(self, seen: Seen, is_key: bool = False) -> list[Span]:
        """The places of names in `seen.text`, apart and in order."""
        whole = stream(seen.text)
        found = [
            (line.spans[start][0], line.spans[end - 1][1])
            for line, start, end in self._found(whole, is_key)
            if (not is_key or _stands_out(line.text, start, end)) and not self.is_covered(line, start, end)
        ]
        return merged(found)

    def is_covered(self, line: Stream, start: int, end: int) -> bool:
        """Whether a part of a text stands in a word that is no name, or in a street or town of the stock."""
        part = line.text[start:end]
        around = self._around.get(part)
        if around is None:
            around = tuple(
                text
                for text in self._covering
                if part in text and (len(part) < len(text) or part in self._places)
            )
            self._around[part] = around
        for text in around:
            at = line.text.find(text)
            while at >= 0:
                if at <= start and end <= at + len(text):
                    return True
                at = line.text.find(text, at + 1)
        return False

    def is_in_phrase(self, line: Stream, start: int, end: int) -> bool:
        """Whether a part of the text that `line` was made of stands in a street or town of the stock."""
        first = bisect_left(line.spans, (start, 0))
        last = bisect_left(line.spans, (end, 0))
        part = line.text[first:last]
        for phrase in self.phrases if part else ():
            at = line.text.find(phrase) if part in phrase else -1
            if at >= 0 and at <= first and last <= at + len(phrase):
                return True
        return False

    def _found(self, whole: Stream, is_key: bool) -> Iterator[tuple[Stream, int, int]]:
        short = whole.bare
        for found in LETTERS.finditer(short.text):
            for start, end in _within(short.text, *found.span(), self._bare):
                yield short, start, end
        if self._folded and short is not whole:
            for found in LETTERS.finditer(whole.text):
                for start, end in _within(whole.text, *found.span(), self._folded):
                    yield whole, start, end
        # Parts of a key stand by themselves in other tables.
        glued = whole if is_key else whole.compact
        for line in (glued, glued.bare) if self._glued else ():
            for found in LETTERS.finditer(line.text):
                for start, end in _within(line.text, *found.span(), self._glued):
                    yield line, start, end

    @cached_property
    def _covering(self) -> tuple[str, ...]:
        return tuple(_forms(covering_words()) | self._places)

    @cached_property
    def _places(self) -> frozenset[str]:
        return frozenset(_forms(self.phrases))

    @cached_property
    def _bare(self) -> dict[str, dict[int, set[str]]]:
        return _by_beginning(bare(word) for word in self.words if word not in self.no_names)

    @cached_property
    def _glued(self) -> dict[str, dict[int, set[str]]]:
        return _by_beginning(self.pairs)

    @cached_property
    def _folded(self) -> dict[str, dict[int, set[str]]]:
        """Names of which a letter is lost in the bare form, by themselves (Noel) or beside another (zuErika)."""
        return _by_beginning(
            word
            for word in self.words
            if word not in self.no_names and (len(bare(word)) < LEAST or word[0] == "e" or word[-1] in "aou")
        )


def pairs_of(first: str | None, last: str | None) -> Iterator[str]:
    """First and last name glued, in both orders, where one of them is too short to be found by itself or is a word."""
    names = [LETTERS.findall(stream(text or "").text) for text in (first, last)]
    if len(names[1]) > 1:
        yield from {"".join(names[1]), bare("".join(names[1]))}
    if all(names):
        for one, other in (names, names[::-1]):
            for glued in ("".join([*one, *other]), one[0] + other[-1], one[0] + other[0], one[-1] + other[0]):
                yield from {glued, bare(glued)}


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that overlap as one."""
    done: list[Span] = []
    for start, end in sorted(spans):
        if done and start < done[-1][1]:
            done[-1] = (done[-1][0], max(end, done[-1][1]))
        else:
            done.append((start, end))
    return done


def _forms(texts: Iterable[str]) -> set[str]:
    """Folded texts in the forms in which names are looked for."""
    found = {form for text in texts for form in (text, stream(text).compact.text)}
    return found | set(map(bare, found))


def _stands_out(text: str, start: int, end: int) -> bool:
    """Whether letters of a key are no chance: enough of them, or with none beside them."""
    beside = text[start - 1 : start] + text[end : end + 1]
    return end - start >= LEAST_IN_KEYS or not any(map(str.isalpha, beside))


def _by_beginning(words: Iterable[str]) -> dict[str, dict[int, set[str]]]:
    found: dict[str, dict[int, set[str]]] = {}
    for word in words:
        if len(word) >= LEAST:
            found.setdefault(word[:LEAST], {}).setdefault(len(word), set()).add(word)
    return {start: dict(sorted(lengths.items(), reverse=True)) for start, lengths in found.items()}


def _within(text: str, first: int, behind: int, names: dict[str, dict[int, set[str]]]) -> Iterator[Span]:
    for start in range(first, behind - LEAST + 1):
        for length, words in names.get(text[start : start + LEAST], {}).items():
            if start + length <= behind and text[start : start + length] in words:
                yield start, start + length
