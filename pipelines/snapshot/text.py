"""Texts of persons in another spelling: letters for letters, digits for digits, signs and blanks as they are.

A replacement has no vowel and no n, so that it is none of the names in the delivery, and nobody takes it for one.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property

from pipelines.snapshot.key import Key
from pipelines.snapshot.names import Names
from pipelines.snapshot.permutation import permuted
from pipelines.snapshot.spelling import seen, stream
from pipelines.snapshot.words import (
    GUID,
    LEAST,
    LETTER,
    LETTERS,
    UNSEEN,
    fold,
    particles,
    plain_letters,
)

ALPHABET = "bcdfghjklmpqrstvwxz"
# Letters that stand for damaged text where others follow (rule C8).
TRIGGERS = frozenset("ÃÂÅâ√├┬")
# Up to so many digits every number has a partner of its own; longer ones are too many to list.
LISTED_DIGITS = 5
# A phone number in a text has at least so many digits behind zeros and country.
LEAST_PHONE = 6
# In a text that is none of a person only a number that is dialled like one, and is so long, is a phone number.
LEAST_IN_TEXT = 8
DIALLED = r"[(]*(?:[+]|0[1-9(]|00[1-9])"
TRIES = 50

# What rule C8 finds, as `macros/damaged_text.sql` says it; it stays letter for letter.
DAMAGE = (
    r"Ã(?:[^A-ZÀ-ÖØ-Þ]|[ŠŒŽŸ]|$)|Â[\x80-\xBF€‚-‡‰‹›•˜™š›œžŸŠŒŽƒˆ]|[ÄÅ][\x80-\x9F\xA1-\xBF€‚ƒ„†‡ˆ‰Š‹Œšž™œŸ]"
    r"|â[€‚\x80].?|√[^\W\d_]|√[§∂©®¶]|[├┬].?|&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8}[0-9]{0,2});"
    r"|_x000[dDaA]_"
)
EMAIL = r"[^\s@;,/<>()\":]+@[^\s@;,/<>()\":]*"
# As banks print it with groups of letters and digits; in other spellings of digits, behind a bank of four letters.
IBAN = (
    r"(?<![^\W_])(?:[A-Z]{2}[0-9]{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,4})?"
    r"|[A-Za-z]{2}[ .-]?[0-9]{2}(?:[ .-]?[A-Za-z]{4}(?:[ .-]?[0-9]{4}){2,6}|(?:[ .-]?[0-9]{4}){3,6})"
    r"(?:[ .-]?[0-9]{1,4})?)(?![^\W_])"
)
PHONE = r"[+(]*[0-9][0-9\s()/.\-–]{4,}[0-9]"
WORD = rf"{LETTER}+[\u0300-\u036f]*(?:{LETTER}+[\u0300-\u036f]*)*"
DIGITS = r"[^\W\D]+"
# The text `NULL`, a name that begins with anonym: rules read them.
ANONYM = r"(?i:(?<![^\W\d_])anonym(?:isier(?:ung|te[rsnm]?|t))?)"
# Abbreviations that stay; of other single letters each has one of its own.
SHORT = r"(?<![^\W_])(?:[cC]/[oO]|[zZ][.] ?[hH][dD]?[.]|[eE][.] ?[vVgGkK][.]|[iIpP][.] ?[aA][.])"
_TOKENS = re.compile(
    f"(?P<email>{EMAIL})|(?P<iban>{IBAN})|(?P<phone>{PHONE})|(?P<digits>{DIGITS})|(?P<word>{WORD})"
)
# Whoever is addressed is a person, known or not: Frau Muster, Familie Muster-Beispiel, Herr Dr. Max Muster.
ADDRESSED = (
    r"(?:[Hh]errn?|HERRN?|[Ff]rau|FRAU|[Ff]am(?:ilie|[.])|FAMILIE|[Ee]heleute|EHELEUTE|[HhFf]r[.]|M(?:rs?|s)[.]"
    r"|[cC]/[oO]|[zZ][.] ?[hH](?:d[.]|[.]))[ _]"
)
_ADDRESSED = re.compile(rf"(?<![^\W_]){ADDRESSED}+(?:(?:Dr|Prof)[.]?[ _]*)*(?:[^\W\d_]+[ _-]){{0,2}}$")
_FOUND = re.compile(
    f"(?P<guid>{GUID})|(?P<email>{EMAIL})|(?P<iban>{IBAN})|(?P<phone>{PHONE})|(?P<word>{WORD})"
)
_FOUND_IN_KEYS = re.compile(f"(?P<guid>{GUID})|(?P<email>{EMAIL})|(?P<word>{WORD})")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.ASCII | re.IGNORECASE)
_DIALLED = re.compile(DIALLED)
_WORDS = re.compile(WORD)
RESERVED = ".test"
_SCIENTIFIC = re.compile(r"\s*[0-9]+(?:[.,][0-9]+)?[eE][+][0-9]+\s*")


@dataclass(frozen=True)
class Known:
    """What the delivery says of persons: their words (folded), phone numbers (`phone_number`), `pairs_of` names."""

    words: Collection[str] = frozenset()
    phones: Collection[str] = frozenset()
    pairs: Collection[str] = frozenset()


@dataclass(frozen=True)
class Masker:
    """Replaces texts under a key. `phrases` stay wherever they stand: words that a setting looks for in remarks."""

    key: Key
    known: Known = Known()
    phrases: tuple[str, ...] = ()
    _lists: dict[tuple[str, int], list[int]] = field(default_factory=dict, repr=False)

    def text(self, text: str, attempt: int = 0, keeps_neutral: bool = False) -> str:
        """A value of a person; what is left of it are signs, blanks, and words that say nothing of who it is.

        Where it has only such words, they are the name, unless `keeps_neutral`.
        """
        if _SCIENTIFIC.fullmatch(text):
            return re.sub("[0-9]+", lambda run: self.digits(run[0], attempt), text)
        parts = self._kept.split(text)
        done = [
            self._part(part, attempt, particles()) if place % 2 == 0 else part
            for place, part in enumerate(parts)
        ]
        masked = "".join(done)
        if masked == text and not keeps_neutral:
            done[::2] = [
                _TOKENS.sub(lambda token: self._token(token, attempt, frozenset()), part)
                for part in parts[::2]
            ]
            masked = "".join(done)
        return masked

    def scanned(self, text: str, names: Names, is_key: bool = False) -> str:
        """A text of the stock or of papers, in which what is known of persons is replaced, and who is addressed.

        `is_key`: phone numbers and IBANs are not looked for, as they would be chance.
        """
        read = seen(text)
        line = stream(read.text)
        edits: list[tuple[int, int, str]] = []
        stays: list[tuple[int, int]] = []
        for token in (_FOUND_IN_KEYS if is_key else _FOUND).finditer(read.text):
            kind, found = token.lastgroup, token[0]
            other = found
            if kind == "guid":
                stays.append(token.span())
            elif kind == "email":
                other = self.email(found)
            elif kind == "iban":
                other = self._shape("iban", found, _iban(found))
            elif kind == "phone":
                other = self._phones_in(found)
            elif not is_key and found[0].isupper() and plain_letters(found) not in names.no_names:
                is_addressed = _ADDRESSED.search(read.text[: token.start()]) is not None
                if is_addressed and not names.is_in_phrase(line, *token.span()):
                    other = self.word(found)
            if other != found:
                edits.append((*token.span(), other))
        taken = [*stays, *((start, end) for start, end, _ in edits)]
        for start, end in names.spans(read, is_key):
            for first, behind in _apart((start, end), taken):
                edits.append((first, behind, self._part(read.text[first:behind], 0, frozenset())))
        return read.replaced(sorted(edits))

    def words(self, text: str) -> str:
        """A key in which a name stands that cannot be told apart: all its words replaced, numbers as they are."""
        return _WORDS.sub(lambda found: self.word(found[0]), text)

    def word(self, word: str, attempt: int = 0) -> str:
        """One word, the same for the same letters in any case; never a word of a person in this delivery."""
        composed = unicodedata.normalize("NFC", word)
        is_decomposed = composed != word
        norm = composed.lower()
        if len(norm) == 1 and norm.isascii():
            return _like(word, self._one_letter(norm, attempt))
        for more in range(TRIES):
            masked = self._shape("word", composed, norm, attempt * TRIES + more)
            # A letter must not become one with a mark behind it.
            stays_long = len(unicodedata.normalize("NFC", masked)) == len(composed)
            is_nobody = len(norm) < LEAST or plain_letters(masked) not in self.known.words
            if masked.lower() != norm and stays_long and is_nobody:
                break
        return unicodedata.normalize("NFD", masked) if is_decomposed else masked

    def digits(self, run: str, attempt: int = 0) -> str:
        """A run of digits; zeros in front stay, and no other run of up to five digits becomes the same."""
        rest = run.lstrip("0")
        return run[: len(run) - len(rest)] + (self._number("digits", rest, attempt) if rest else "")

    def phone(self, text: str, attempt: int = 0) -> str:
        """A phone number: sign, country and zeros stay; the same number in another spelling becomes the same."""
        number = phone_number(text)
        fixed = _fixed_digits(text)
        for more in range(TRIES):
            digits = iter(self._number("phone", number, attempt * TRIES + more))
            own = [next(digits) if letter in "0123456789" else letter for letter in text[fixed:]]
            masked = text[:fixed] + "".join(own)
            if phone_number(masked) not in self.known.phones:
                break
        return masked

    def email(self, text: str, attempt: int = 0) -> str:
        """An address: as long and as valid, at a domain for tests alone, or at a top level that there is not."""
        local, _, domain = text.rpartition("@")
        norm = unicodedata.normalize("NFC", text).lower().rstrip(".")
        bare = domain.rstrip(".")
        where = bare.lower()
        masked = self._of_nobody(lambda more: self._shape("email", local, norm, attempt * TRIES + more))
        if _DOMAIN.fullmatch(bare) and len(bare) > len(RESERVED):
            length = len(bare) - len(RESERVED)
            name = self._of_nobody(
                lambda more: _letters(self.key.stream("domain", _tried(where, more), length), length)
            )
            return f"{masked}@{name}{RESERVED}{domain[len(bare) :]}"
        name, dot, top = bare.rpartition(".")
        other = self._of_nobody(lambda more: self._shape("domain", name, where, more))
        nowhere = re.sub("[A-Za-z]", "z", top) if dot and top.isascii() else self._shape("domain", top, where)
        return f"{masked}@{other}{dot}{nowhere}{domain[len(bare) :]}"

    def _of_nobody(self, made: Callable[[int], str]) -> str:
        """The first that has no word of a person in this delivery."""
        for more in range(TRIES):
            text = made(more)
            if not any(
                len(word) >= LEAST and word in self.known.words
                for word in LETTERS.findall(plain_letters(text))
            ):
                break
        return text

    @cached_property
    def _kept(self) -> re.Pattern[str]:
        """What stays letter for letter, whatever is around it."""
        listed = [re.escape(phrase) for phrase in sorted(self.phrases, key=len, reverse=True)]
        phrases = rf"|(?<![^\W_])(?i:{'|'.join(listed)})(?![^\W_])" if listed else ""
        return re.compile(f"({DAMAGE}|{ANONYM}|{SHORT}{phrases})")

    def _part(self, text: str, attempt: int, stays: Collection[str]) -> str:
        """A text without damage; what cannot be seen in it divides no word, and stays in its place (rule C1)."""
        hidden = [(found.start(), found[0]) for found in UNSEEN.finditer(text)]
        seen = UNSEEN.sub("", text) if hidden else text
        masked = _TOKENS.sub(lambda token: self._token(token, attempt, stays), seen)
        for place, letter in hidden:
            masked = masked[:place] + letter + masked[place:]
        return masked

    def _token(self, token: re.Match[str], attempt: int, stays: Collection[str]) -> str:
        kind, found = token.lastgroup, token[0]
        if kind == "email":
            return self.email(found, attempt)
        if kind == "iban":
            return self._shape("iban", found, _iban(found), attempt)
        if kind == "phone":
            is_long = len(phone_number(found)) >= LEAST_PHONE
            return (
                self.phone(found, attempt)
                if is_long
                else re.sub(r"[0-9]+", lambda r: self.digits(r[0], attempt), found)
            )
        if kind == "digits":
            return self.digits(found, attempt) if found.isascii() else self._shape("digits", found, found)
        if kind == "word" and fold(found) not in stays:
            return self.word(found, attempt)
        return found

    def _phones_in(self, text: str) -> str:
        """Digits and blanks in which known phone numbers stand, replaced; dates may stand beside them."""
        parts = re.split(r"(\s+)", text)
        for first in range(0, len(parts), 2):
            for last in range(len(parts), first, -2):
                if self._is_phone("".join(parts[first:last])):
                    before, after = "".join(parts[:first]), "".join(parts[last:])
                    return before + self.phone("".join(parts[first:last])) + self._phones_in(after)
        return text

    def _is_phone(self, text: str) -> bool:
        number = phone_number(text)
        return len(number) >= LEAST_IN_TEXT and number in self.known.phones and bool(_DIALLED.match(text))

    def _number(self, kind: str, digits: str, attempt: int) -> str:
        """As many digits, the first of them no zero."""
        if len(digits) <= LISTED_DIGITS and digits.isascii():
            listed = self._lists.get((kind, len(digits)))
            least = 10 ** (len(digits) - 1)
            if listed is None:
                listed = permuted(self.key, f"{kind}{len(digits)}", 9 * least)
                self._lists[kind, len(digits)] = listed
            place = int(digits) - least
            for _ in range(attempt + 1):
                place = listed[place]
            return str(place + least)
        stream = self.key.stream(kind, _tried(digits, attempt), len(digits))
        return str(1 + stream[0] % 9) + "".join(str(byte % 10) for byte in stream[1 : len(digits)])

    def _one_letter(self, letter: str, attempt: int) -> str:
        listed = self._lists.get(("letter", 1))
        if listed is None:
            listed = permuted(self.key, "letter", 25)
            self._lists["letter", 1] = listed
        # N. N. is nobody (rule E9), so an N stays, and nothing else becomes one.
        letters = "abcdefghijklmopqrstuvwxyz"
        place = letters.find(letter)
        if place < 0:
            return letter
        for _ in range(attempt + 1):
            place = listed[place]
        return letters[place]

    def _shape(self, kind: str, text: str, norm: str, attempt: int = 0) -> str:
        """Each letter and digit replaced by one of its kind."""
        stream = self.key.stream(kind, _tried(norm, attempt), len(text))
        return "".join(_of_a_kind(letter, byte) for letter, byte in zip(text, stream, strict=False))


def _iban(text: str) -> str:
    return re.sub(r"[ .-]", "", text).upper()


def phone_number(text: str) -> str:
    """What a phone number is, however it is written: its digits behind zeros, or behind the country."""
    digits = re.sub(r"[^0-9]", "", text)
    has_plus = re.match(r"[^0-9]*\+", text) is not None
    if not has_plus and digits.startswith("00"):
        has_plus, digits = True, digits[2:]
    if not has_plus:
        return digits.lstrip("0")
    return digits[2:].lstrip("0")


def _fixed_digits(text: str) -> int:
    """The place in a phone number behind which its own digits begin: after plus, country and zeros."""
    number = len(phone_number(text))
    places = [place for place, letter in enumerate(text) if letter in "0123456789"]
    return places[len(places) - number] if number else len(text)


def _tried(norm: str, attempt: int) -> str:
    return f"{norm}\0{attempt}" if attempt else norm


def _letters(stream: bytes, length: int) -> str:
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in stream[:length])


def _of_a_kind(letter: str, byte: int) -> str:
    if "a" <= letter <= "z":
        return ALPHABET[byte % 19]
    if "A" <= letter <= "Z":
        return ALPHABET[byte % 19].upper()
    if "0" <= letter <= "9":
        return str(byte % 10)
    if letter.isascii():
        return letter
    kinds = _kinds(letter)
    return kinds[byte % len(kinds)]


def _like(original: str, letter: str) -> str:
    return letter.upper() if original.isupper() else letter


@cache
def _kinds(letter: str) -> str:
    """Letters that are as long in every encoding and form, stand in the same script, and decompose alike."""
    if letter in "äöü":
        return "äöü"
    if letter in "ÄÖÜ":
        return "ÄÖÜ"
    if unicodedata.category(letter)[0] != "L" and not letter.isdigit():
        return letter
    width = 0x80 if ord(letter) < 0x3000 else 0x1000
    first = ord(letter) // width * width
    alike = [chr(code) for code in range(first, first + width) if _form(chr(code)) == _form(letter)]
    return "".join(one for one in alike if one not in TRIGGERS) or letter


def _form(letter: str) -> tuple[object, ...]:
    composed = unicodedata.normalize("NFC", letter)
    return (
        unicodedata.category(letter),
        unicodedata.name(letter, "").split(" ")[0],
        composed == letter,
        len(unicodedata.normalize("NFD", letter)),
        letter.isdigit(),
        [(len(other), len(other.encode())) for other in (letter.lower(), letter.upper())],
    )


def _apart(span: tuple[int, int], taken: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The parts of a span that are in none of `taken`."""
    start, end = span
    for first, behind in sorted(taken):
        if first < end and behind > start:
            if start < first:
                yield start, first
            start = max(start, behind)
    if start < end:
        yield start, end
