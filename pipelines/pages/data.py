"""What dbt has to know out of YAML that it cannot read: profiles as macros, and the settings as they are shipped."""

import textwrap
from collections.abc import Iterator, Mapping

from pipelines.contract.contract import built_in_partners
from pipelines.contract.jinja_macro import macro, of_checks, of_profiles
from pipelines.contract.profile import SEPARATOR, SEPARATORS, Profile, load_profile
from pipelines.erp.delivery.schema import erp_facts
from pipelines.errors import StammdatenError
from pipelines.settings import project_root

PROJECT, LINTED = "dbt_project.yml", "tests/all_partners.sqlfluff"
BEGIN, END = "    # <made by python -m pipelines.pages>\n", "    # <end>\n"
WIDTH = 112


def read_by_dbt() -> Mapping[str, str]:
    """The macros that hold data, by their place in the project."""
    return {
        "macros/built_in_profiles.sql": "\n\n".join((
            macro("built_in_profiles", of_profiles(_profiles()), "pipelines/partners/*/profile.yaml"),
            macro("partner_separatoren", SEPARATORS, "pipelines/contract/profile.py"),
        )),
        "macros/erp_profiles.sql": macro(
            "erp_profiles", erp_facts(), "pipelines/erp/delivery/profiles.yaml"
        ),
        **{f"macros/contracts/{name}.sql": of_checks(name) for name in built_in_partners()},
    }  # fmt: skip


def all_partners_on() -> str:
    """The setting of sqlfluff with which it reads the SQL that dbt makes, of each partner."""
    lines = [
        "# Made by python -m pipelines.pages. The SQL that dbt makes, with every partner on: what sqlfluff cannot"
        " parse of it is found here.",
        "[sqlfluff]",
        "templater = dbt",
        "[sqlfluff:templater:dbt]",
        "project_dir = ..",
        "profiles_dir = ..",
    ]
    for partner in built_in_partners():
        lines += [f"[sqlfluff:templater:dbt:context:partners:{partner}]", "aktiv = True"]
        lines += [f"separator = {SEPARATOR}", "mandanten = alle"]
    return "\n".join([*lines, ""])


def project_file() -> str:
    """`dbt_project.yml` with each partner of the project as it is shipped. Raises StammdatenError without its marks."""
    text = (project_root() / PROJECT).read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise StammdatenError(
            f"{PROJECT}: the lines {BEGIN!r} and {END!r} are needed once each, in this order."
        )
    before, rest = text.split(BEGIN)
    lines = "".join(f"    {line}\n" for profile in _profiles() for line in shipped_settings(profile))
    return f"{before}{BEGIN}{lines}{END}{rest.split(END)[1]}"


def shipped_settings(profile: Profile) -> Iterator[str]:
    """The partner's lines under `vars: partners:`, with what its own settings do; those are at their defaults."""
    for line in textwrap.wrap(profile.note, WIDTH, break_long_words=False, break_on_hyphens=False):
        yield f"# {line}"
    state = str(profile.aktiv).lower()
    yield f'{profile.partner}: {{aktiv: {state}, separator: "{SEPARATOR}", mandanten: alle}}'


def _profiles() -> list[Profile]:
    return [load_profile(partner) for partner in built_in_partners()]
