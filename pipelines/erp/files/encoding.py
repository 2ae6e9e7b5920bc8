"""In which encoding a file is written. It is looked through once; a guess that would spoil names is an error."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from pipelines.errors import DeliveryError

ENCODINGS = ("utf-8", "windows-1252", "iso-8859-1", "cp850", "mac-roman")
ENCODING_SETTING = "SOURCES__ERP__FILES__ENCODING"
BLOCK = 8 << 20
# A pattern looks at words; a longer line is cut where a word may be cut, too.
LONGEST_WORD = 1 << 12

# Bytes by their part in UTF-8: 2, 3 or 4 leads a character of so many bytes, C continues one.
_UTF8_SHAPE = bytes(
    ord("C" if 0x80 <= byte < 0xC0 else "2" if 0xC2 <= byte < 0xE0 else "3" if 0xE0 <= byte < 0xF0 else "4")
    if 0x80 <= byte <= 0xF4 and byte not in (0xC0, 0xC1)
    else ord(".")
    for byte in range(256)
)
_UTF8_CHARACTERS = (b"2C", b"3CC", b"4CCC")
_HIGH_BYTES = bytes(range(0x80, 0x100))

# In windows-1252 these bytes are quotation marks, signs, and capitals such as Š, which never stand inside a word in
# front of a small letter. There they are letters of DOS (0x84 and 0x94 are umlauts) or old Macs (0x8A, 0x9F, and 0xA7
# for ß). Behind 0xC2 to 0xC5 they may be the second half of a character in UTF-8.
_FOREIGN = re.compile(rb"[A-Za-z\xC6-\xFF]([\x82-\x84\x86-\x8E\x93-\x95\x98\x9B\x9F\xA7])[a-z]")
# Only in files without a single umlaut of windows-1252, where they may be letters of a name as well.
_DOUBTFUL = re.compile(
    # ß of DOS, which is á: behind a double vowel, or another one, but as in Adrián, Suárez, Gaál, Deák, Beáta.
    rb"(?:[eE]i|[aAeE]u|[iI]e)(\xE1)"
    rb"|[aeoAEO\x84\x94\x81](\xE1)(?![lktr](?:[^a-z]|$)|[kt][ao]|ny)"
    rb"|[iuIU](\xE1)(?:[^A-Za-z\x80-\xFF]|$|[ebfhpw]|ler|ner|l?mann|gasse|dorf|kirch|see|tal)"
    # ß of old Macs, which is a paragraph sign, at the end of a word.
    rb"|[aeiou\x8A\x9A\x9F](\xA7)(?:[^A-Za-z0-9\x80-\xFF]|$)"
    # Ä and Ü of DOS, which are Ž and š, and ö of old Macs, which is š.
    rb"|(?:^|[^A-Za-z\x80-\xFF])(\x8E)[c-hj-np-tv-z]|(?:^|[^A-Za-z\x80-\xFF])(\x9A)[bcdfghlmnr]"
    rb"|[b-df-hj-np-tv-zB-DF-HJ-NP-TV-Z](\x9A)[b-df-hj-np-tv-z]"
    # Ö of DOS, Ü and Ä of old Macs: a trade mark, a dagger and the sign of the euro in front of a small letter.
    rb"|(?:^|[^A-Za-z0-9\x80-\xFF])([\x99\x86\x80])[a-z]"
)
_UMLAUTS = frozenset(b"\xc4\xd6\xdc\xe4\xf6\xfc\xdf")


@dataclass(frozen=True)
class Recognised:
    """The encoding of a file, and how many characters in it look as if they had been turned into UTF-8 before."""

    encoding: str
    pairs: int = 0


def recognise(path: Path, given: str | None) -> Recognised:
    """The encoding in which the whole file can be read: the given one, else UTF-8, else windows-1252.

    A file in ISO-8859-1 is the same text in windows-1252: they differ in 0x80 to 0x9F, where ISO-8859-1 has control
    characters, which no text has. Raises `DeliveryError` with line and byte for what is no text.
    """
    if (given or "utf-8") == "utf-8" and _is_utf8(path):
        return Recognised("utf-8")
    broken = _undecodable(path, given or "utf-8")
    if broken is None:
        return Recognised(given or "utf-8")
    line, byte = line_and_byte(path, broken)
    if given is not None:
        raise DeliveryError(
            f"{path.name}, line {line}: byte 0x{byte:02X} is not {given}; "
            f"export the table again, or mend {ENCODING_SETTING} ({', '.join(ENCODINGS)})"
        )
    high, pairs = _count(path)
    # Where both kinds of characters are as many, the pairs are text that was spoilt before: a finding (rule C8).
    if 3 * pairs > high or (pairs and _is_cut(path, broken)):
        raise DeliveryError(
            f"{path.name}, line {line}: byte 0x{byte:02X} is not UTF-8, though most of the file is; "
            f"export the table again, or set {ENCODING_SETTING}=windows-1252"
        )
    broken = _undecodable(path, "windows-1252")
    if broken is not None:
        line, byte = line_and_byte(path, broken)
        raise DeliveryError(
            f"{path.name}, line {line}: byte 0x{byte:02X} is neither UTF-8 nor windows-1252; "
            f"export the table again, or set {ENCODING_SETTING}"
        )
    _check_is_windows(path)
    return Recognised("windows-1252", pairs)


def line_and_byte(path: Path, position: int) -> tuple[int, int]:
    """Line number, from 1, and value of the byte at a position."""
    line, left = 1, position
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(BLOCK, left))):
            line += block.count(b"\n")
            left -= len(block)
        return line, (file.read(1) or b"\0")[0]


def _check_is_windows(path: Path) -> None:
    """Raises `DeliveryError` for the first byte that tells that a file is not windows-1252, though it could be."""
    broken = _foreign(path)
    if broken is None:
        return
    line, byte = line_and_byte(path, broken)
    raise DeliveryError(
        f"{path.name}, line {line}: byte 0x{byte:02X} inside a word is no letter in windows-1252, so the file may "
        f"be in another encoding (DOS, Mac); export it as UTF-8, or set {ENCODING_SETTING} to cp850 or mac-roman, "
        "or to windows-1252 if that is right"
    )


def _foreign(path: Path) -> int | None:
    """Position of the first foreign byte; a doubtful one counts only where the file has no umlaut of windows-1252."""
    doubtful, has_umlauts, position = None, False, 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            # Patterns end with the line.
            block += file.readline(LONGEST_WORD)
            if found := _FOREIGN.search(block):
                return position + found.start(found.lastindex or 0)
            has_umlauts = has_umlauts or len(block.translate(None, bytes(_UMLAUTS))) < len(block)
            if doubtful is None and not has_umlauts and (found := _DOUBTFUL.search(block)):
                doubtful = position + found.start(found.lastindex or 0)
            position += len(block)
    return None if has_umlauts else doubtful


def _is_utf8(path: Path) -> bool:
    """Whether Arrow, which is five times as fast as Python's decoder, finds nothing but UTF-8 and no NUL."""
    rest = b""
    with path.open("rb") as file:
        for block in _blocks(file):
            text = rest + block
            # A character may be cut at the end: up to three bytes wait for the next block.
            whole = text[:-4] + text[-4:].rstrip(_HIGH_BYTES)
            rest = text[len(whole) :]
            if b"\0" in block or len(rest) == 4 or not _is_text(whole):
                return False
    return _is_text(rest)


def _is_text(block: bytes) -> bool:
    offsets = pa.array([0, len(block)], pa.int32()).buffers()[1]
    try:
        pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(block)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _undecodable(path: Path, encoding: str) -> int | None:
    """Position of the first byte that is no text in this encoding (NUL never is), or None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    position = 0
    with path.open("rb") as file:
        for block in _blocks(file):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block)
            except UnicodeDecodeError as problem:
                return position - pending + problem.start
            nul = block.find(b"\0")
            if nul >= 0:
                raise DeliveryError(
                    f"{path.name}, line {line_and_byte(path, position + nul)[0]}: byte 0x00 is no text; "
                    "the file is damaged or UTF-16: export it again as UTF-8 or windows-1252"
                )
            position += len(block)
    pending = len(decoder.getstate()[0])
    return position - pending if pending else None


def _count(path: Path) -> tuple[int, int]:
    """How many bytes are beyond ASCII, and how many characters of UTF-8 (mostly pairs) some of them would make.

    In windows-1252 such pairs (an umlaut before a quotation mark) are rare.
    """
    high = pairs = 0
    with path.open("rb") as file:
        for block in _blocks(file):
            high += len(block) - len(block.translate(None, _HIGH_BYTES))
            shape = block.translate(_UTF8_SHAPE)
            pairs += sum(shape.count(character) for character in _UTF8_CHARACTERS)
    return high, pairs


def _is_cut(path: Path, position: int) -> bool:
    """Whether a file ends inside the character of UTF-8 that begins at a position."""
    with path.open("rb") as file:
        file.seek(position)
        rest = file.read(4)
    return len(rest) < 4 and re.fullmatch(rb"[\xC2-\xF4][\x80-\xBF]{0,2}", rest) is not None


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
