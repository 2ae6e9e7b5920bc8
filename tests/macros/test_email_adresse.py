"""E4 and E5: the first valid address of a field, or nothing."""

from collections.abc import Callable
from typing import Any

Evaluate = Callable[..., list[Any]]

LOCAL_64 = "a" * 64

VECTORS = {
    # as it should be
    "max.muster@example.org": "max.muster@example.org",
    "Max.Muster@Example.ORG": "max.muster@example.org",
    "a@b.de": "a@b.de",
    "o'neil+tag=1!#$%&*?^_`{|}~-@x.de": "o'neil+tag=1!#$%&*?^_`{|}~-@x.de",
    "müller@x.de": None,
    "info@müller-söhne.de": "info@müller-söhne.de",
    "info@MÜLLER.de": "info@müller.de",
    "a@sub.sub2.x.museum": "a@sub.sub2.x.museum",
    "a@1.de": "a@1.de",
    "a@x--y.de": "a@x--y.de",
    # E5: local part
    f"{LOCAL_64}@x.de": f"{LOCAL_64}@x.de",
    f"a{LOCAL_64}@x.de": None,
    f"a{LOCAL_64}@x.de; b@x.de": "b@x.de",
    ".a@x.de": None,
    "a.@x.de": None,
    "a..b@x.de": None,
    "@x.de": None,
    "a b@x.de": None,
    '"a b"@x.de': None,
    "a(b)@x.de": None,
    "İbrahim@x.de": None,
    # E5: domain
    "name@": None,
    "a@b": None,
    "a@@b.de": None,
    "a@b@c.de": None,
    "a@-x.de": None,
    "a@x-.de": None,
    "a@x..de": None,
    "a@.x.de": None,
    "a@x.d": None,
    "a@x.d1": None,
    "a@x.xn--p1ai": None,
    "a@x_y.de": None,
    "a@[127.0.0.1]": None,
    "a@x.рф": "a@x.рф",
    # words
    "keine": None,
    "k.A.": None,
    "-": None,
    # E4: mailto
    "mailto:a@b.de": "a@b.de",
    "MailTo: a@b.de": "a@b.de",
    "E-Mail mailto:a@b.de": None,
    "Max <mailto:a@b.de>": "a@b.de",
    "x@y.de;MAILTO:a@b.de": "x@y.de",
    # E4: name and brackets
    "Max Muster <Max@B.de>": "max@b.de",
    '"Muster, Max" <max@b.de>': "max@b.de",
    "<a@b.de>": "a@b.de",
    "Max < a@b.de >": "a@b.de",
    "a@b.de <c@d.de>": "c@d.de",
    "Max <a@b.de> privat": None,
    "Max <a@b.de> privat; c@d.de": "c@d.de",
    "Max <keine>; c@d.de": "c@d.de",
    "Max <a@b.de": None,
    # E4: several in one field
    "a@b.de;c@d.de": "a@b.de",
    "keine, c@d.de": "c@d.de",
    "a@b.de/c@d.de": "a@b.de",
    "/;,c@d.de": "c@d.de",
    "a@b.de c@d.de": "a@b.de",
    "a@b.de\u00a0c@d.de": "a@b.de",
    "a@b.de\n c@d.de": "a@b.de",
    "max muster@x.de": None,
    "a@b.de privat": None,
    "max muster@x.de; c@d.de": "c@d.de",
    # E4: trailing dot
    "a@b.de.": "a@b.de",
    "a@b.de..": None,
    "a@b.de.; c@d.de": "a@b.de",
    "a@b.de. c@d.de.": "a@b.de",
    "Max <a@b.de.>": "a@b.de",
}


def test_the_first_valid_address_wins_and_nothing_else_is_one(evaluate: Evaluate) -> None:
    found = evaluate("{{ email_adresse('wert') }}", [*VECTORS, None])

    assert dict(zip(VECTORS, found, strict=False)) == VECTORS
    assert found[-1] is None
