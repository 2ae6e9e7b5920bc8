"""Words that come from outside, as they may be compared and shown."""

import re
import unicodedata

LONGEST_SHOWN = 80

# Rule C1: what nobody sees. Tabs and line breaks stay.
_INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]"
)
# Rule C8: Excel's marks of a text, `="001"` and `'001`.
_EXCEL_TEXT = re.compile(r"\"?=\"+(?P<formula>[^\"]*)\"+|'(?P<apostrophe>[^']+)")


def visible(text: str) -> str:
    """A text without what cannot be seen and without outer blanks (rule C1), in Unicode NFC."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip()


def plain(text: str) -> str:
    """A visible text without Excel's marks of a text (rule C8)."""
    seen = visible(text)
    marked = _EXCEL_TEXT.fullmatch(seen)
    return visible(marked["formula"] or marked["apostrophe"] or "") if marked else seen


def shown(text: str) -> str:
    """A name on one line, not too long, without what a terminal would obey."""
    printable = "".join(
        character if character.isprintable() else "?" for character in text[: LONGEST_SHOWN + 1]
    )
    return printable if len(printable) <= LONGEST_SHOWN else printable[: LONGEST_SHOWN - 1] + "…"


def listed(names: list[str], most: int = 5) -> str:
    """Names with commas; of many the first ones and their number."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(shown(name) for name in names[:most]) + more
