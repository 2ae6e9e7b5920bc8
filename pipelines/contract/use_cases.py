"""A run of one use case: which partners have entities in it, and what an ERP's delivery must bring for it."""

from collections.abc import Mapping
from dataclasses import replace

from pipelines.contract.contract import load_contract, partners
from pipelines.contract.rhythms import DOKUMENTE, LEERSTAENDE, USE_CASES
from pipelines.errors import SettingsError
from pipelines.settings import VARS, Vars
from pipelines.suggest import did_you_mean

# Tables that such a run is all about: without them it has nothing to go by. Others may come with master data only.
OWNED: Mapping[str, frozenset[str]] = {
    LEERSTAENDE: frozenset({"leerstand"}),
    DOKUMENTE: frozenset({"dokument"}),
}

# Tables that no other use case reads: what rules say of their rows is written anew by a build of it.
ALONE: Mapping[str, frozenset[str]] = {
    **OWNED,
    DOKUMENTE: frozenset({"archiv", "dokument", "ordner"}),
}


def limited(settings: Vars, use_case: str, asked: list[str]) -> Vars:
    """The same settings with every partner switched off that has no entity of the use case.

    Raises `SettingsError` for a use case that there is not, for a partner `asked` for by name that has no entity of it,
    and where no partner is left.
    """
    if use_case not in USE_CASES:
        raise SettingsError(
            f"--use-case {use_case}: unknown use case{did_you_mean(use_case, USE_CASES)};"
            f" known are {', '.join(USE_CASES)}"
        )
    having = [name for name in partners() if load_contract(name).of_use_case(use_case)]
    there = ", ".join(having) or "no partner"
    for name in asked:
        if name not in having:
            raise SettingsError(f"--partner {name}: has no entity of the use case {use_case}; {there} has")
    if not set(having) & set(settings.active):
        raise SettingsError(
            f"--use-case {use_case}: no partner that is switched on has an entity of it; {there} has; set aktiv: true"
            f" for one in {VARS}"
        )
    return replace(
        settings,
        use_case=use_case,
        partners={
            name: given if name in having else {**given, "aktiv": False}
            for name, given in settings.partners.items()
        },
    )
