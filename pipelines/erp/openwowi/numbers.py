"""Visible numbers (`IdNum`) and the key parts in them."""

import re
from dataclasses import dataclass

from pipelines.errors import SettingsError

PARTS = ("mandant", "we", "gebaeude", "ve")


@dataclass(frozen=True)
class Pattern:
    """How the visible number of an entity is built, such as `mandant.we.gebaeude.ve`.

    `setting` names it in messages, `text` is what a person wrote: the parts in their order with the signs between
    them. A part ends at the next of these signs; the last part may hold them when a `+` stands behind it.
    """

    setting: str
    text: str

    @property
    def separators(self) -> str:
        """The signs between the parts, each once."""
        return "".join(sorted(set(re.sub("|".join(PARTS), "", self.text.removesuffix("+")))))

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts in the order of the number."""
        return tuple(re.findall("|".join(PARTS), self.text))

    @property
    def regex(self) -> str:
        """A regular expression with one group a part, for RE2."""
        sign = f"[^{re.escape(self.separators)}]+" if self.separators else ".+"
        groups = [f"({sign})"] * len(self.parts)
        if self.text.endswith("+"):
            groups[-1] = "(.+)"
        between = [re.escape(text) for text in re.split("|".join(PARTS), self.text.removesuffix("+"))]
        return "^" + "".join(f"{text}{group}" for text, group in zip(between, groups, strict=False)) + "$"

    def check(self, needed: tuple[str, ...], allowed: tuple[str, ...]) -> "Pattern":
        """Itself, if it can split a number into known parts.

        Raises `SettingsError` unless each of `needed` and nothing but `allowed` stands in it, each once, with a sign
        between any two.
        """
        parts = self.parts
        between = re.split("|".join(PARTS), self.text.removesuffix("+"))
        if (
            len(set(parts)) != len(parts)
            or not set(needed) <= set(parts) <= set(allowed)
            or between[0]
            or between[-1]
            or not all(re.fullmatch(r"[^\w\s+]+", sign) for sign in between[1:-1])
        ):
            raise SettingsError(
                f"{self.setting}: {self.text!r} is no pattern of a number; write {', '.join(needed)} (and, where they "
                f"stand in it, others of {', '.join(allowed)}) with the signs between them, for example "
                f"{'.'.join(allowed)}"
            )
        return self


@dataclass(frozen=True)
class Numbers:
    """The patterns of the three entities whose numbers hold key parts."""

    we: Pattern
    gebaeude: Pattern
    ve: Pattern


def numbers(settings: dict[str, str], prefix: str) -> Numbers:
    """The checked patterns; `settings` holds those that a person has set, `prefix` starts their names."""

    def pattern(name: str, needed: tuple[str, ...], allowed: tuple[str, ...]) -> Pattern:
        text = settings.get(name, ".".join(allowed))
        return Pattern(prefix + name.upper(), text).check(needed, allowed)

    return Numbers(
        # OpenWOWI names no Mandant on a WE but in its number.
        we=pattern("idnum_we", ("mandant", "we"), PARTS[:2]),
        gebaeude=pattern("idnum_gebaeude", ("gebaeude",), PARTS[:3]),
        ve=pattern("idnum_ve", ("ve",), PARTS),
    )
