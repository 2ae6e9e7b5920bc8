"""The body of an answer as data. What cannot be read safely is not half believed: it raises `UnusableBody`.

JSON of a partner may be nested without end, hold numbers that no float bears, or halves of characters.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Literal

Form = Literal["empty", "json", "other"]

# Deeper than any record of a partner, and far from where recursion ends.
DEEPEST = 200
LONGEST_NUMBER = 300
CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "latin1", "windows-1252", "cp1252"}
ODD_NUMBER = re.compile(rf"\d[eE]\+?\d{{3}}|\d{{{LONGEST_NUMBER}}}")
HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
SURROGATES = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"


class UnusableBody(Exception):
    """The body of an answer is no data that could be worked with."""


def read_body(content: bytes, content_type: str) -> tuple[Form, Any]:
    """What a body is, and its JSON; None where it is empty or another format.

    A lone surrogate becomes U+FFFD, as it can be neither stored nor shown. Raises `UnusableBody` for JSON that is
    nested deeper than 200 or holds numbers that are infinite, none, or longer than 300 digits.
    """
    if not content.strip():
        return "empty", None
    try:
        text = _decoded(content, content_type)
        found = _loads(text)
    except UnusableBody:
        raise
    except RecursionError:
        raise UnusableBody from None
    except ValueError:  # no JSON, or not in the encoding that it claims
        return "other", None
    _check_depth(text, found)
    return "json", _whole(found) if HALF_CHARACTER.search(text) else found


def _decoded(content: bytes, content_type: str) -> str:
    charset = content_type.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    if charset in CHARSETS and charset not in ("utf-8", "utf8"):
        return content.decode(charset)
    # Of bytes that cannot be JSON in any encoding it returns UTF-8.
    return content.decode(json.detect_encoding(content))


def _loads(text: str) -> Any:
    if ODD_NUMBER.search(text):  # found in texts too, where it costs time only
        return json.loads(
            text, parse_constant=_no_number, parse_float=_bounded_float, parse_int=_bounded_integer
        )
    return json.loads(text, parse_constant=_no_number)


def _no_number(word: str) -> Any:
    raise UnusableBody


def _bounded_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise UnusableBody
    return number


def _bounded_integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise UnusableBody
    return int(digits)


def _check_depth(text: str, found: Any) -> None:
    if text.count("{") + text.count("[") <= DEEPEST:
        return
    level = [found]
    for _ in range(DEEPEST):
        level = [part for whole in level for part in _parts(whole) if isinstance(part, dict | list)]
        if not level:
            return
    raise UnusableBody


def _parts(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _whole(value: Any) -> Any:
    """The same without halves of characters."""
    if isinstance(value, str):
        return SURROGATES.sub(REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {_whole(name): _whole(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    return value
