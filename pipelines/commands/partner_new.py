"""The command `partner new`: the files that a new partner begins with, in the project or in a folder of one's own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.commands import partner_files as files
from pipelines.commands.known_settings import destinations_of_dlt
from pipelines.commands.own_packages import write_packages
from pipelines.commands.partner_openapi import contract_of, read_openapi
from pipelines.contract.contract import built_in_partners
from pipelines.contract.own_partners import SETTING, check_name, check_owned, own_folder
from pipelines.contract.unfinished import marks_of
from pipelines.errors import SettingsError
from pipelines.pages.data import LINTED, PROJECT, all_partners_on, project_file, read_by_dbt
from pipelines.reports.setup import PartnerNewReport
from pipelines.settings import local_path, project_root


@dataclass(frozen=True)
class Places:
    """Where the files of one partner lie; `own` is the folder of one's own partners, None inside the project."""

    code: Path
    models: Path
    tests: Path
    own: Path | None


def new_partner(name: str, source: Path | None, folder: Path | None, home: Path) -> PartnerNewReport:
    """Writes the skeleton of a partner. Nothing that is there is changed.

    Raises `SettingsError` for a name that cannot be one, for files that are there already, and for a document that is
    no OpenAPI.
    """
    check_name(name, built_in_partners(), "NAME")
    if name in files.sql_words():
        raise SettingsError(f"NAME: {name} is a word of SQL; give the partner another name")
    if name in destinations_of_dlt():
        raise SettingsError(f"NAME: {name} is a destination of dlt; give the partner another name")
    contract = contract_of(name, read_openapi(source), f"--from {source}")
    places = _places(name, folder)
    texts = _texts(name, contract, source is None, places)
    _check_free(places, texts)
    _write(texts)
    if places.own is None:
        for path, text in {**read_by_dbt(), PROJECT: project_file(), LINTED: all_partners_on()}.items():
            (project_root() / path).write_text(text, encoding="utf-8")
    elif places.own == own_folder():
        write_packages(home)
    marks = len(list(marks_of(contract)))
    return PartnerNewReport(
        partner=name,
        files=tuple(str(path) for path in texts),
        marks=marks,
        next=_next(name, places, marks),
    )


def _places(name: str, folder: Path | None) -> Places:
    own = Path(os.path.abspath(local_path(folder))) if folder else own_folder()  # without any ..
    if own is not None:
        _check_folder(own)
        place = own / name
        return Places(code=place, models=place / "models", tests=place / "tests", own=own)
    root = project_root()
    if not (root / "pyproject.toml").is_file():
        raise SettingsError(
            f"--folder: missing; name a folder for partners of your own, or set {SETTING} (stammdaten is installed as a"
            " package, which is not written into)"
        )
    return Places(
        code=root / "pipelines" / "partners" / name,
        models=root / "models" / "partners" / name,
        tests=root / "tests" / "partners",
        own=None,
    )


def _check_folder(own: Path) -> None:
    try:
        own.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as problem:
        raise SettingsError(
            f"--folder {own}: cannot be used ({problem.strerror}); name another folder"
        ) from None
    check_owned(own)


def _texts(name: str, contract: files.Json, is_example: bool, places: Places) -> Mapping[Path, str]:
    """The text of each file, by its place."""
    title = contract["x-partner"]["title"]
    in_code = {"name": name, "title": _in_code(title), "to_do": files.TO_DO}
    setup = files.SETUP if places.own else ""
    marts = {
        places.models / f"{name}__{entity}.sql": files.mart_text(name, contract, entity, is_example)
        for entity in contract["x-entities"]
    }
    return {
        places.code / "contract.yaml": files.contract_text(contract),
        places.code / "profile.yaml": files.PROFILE,
        places.code / "__init__.py": files.CONNECTOR.substitute(in_code),
        places.code / "sandbox.py": files.SANDBOX.substitute(in_code),
        **marts,
        places.models / f"{name}__findings.sql": files.FINDINGS.substitute(name=name),
        places.models / f"{name}__held.sql": files.held_text(files.HELD, name, contract),
        places.models / f"{name}__departures.sql": files.held_text(files.DEPARTURES, name, contract),
        places.models / f"_{name}.yml": files.models_text(name, title, contract),
        places.tests / f"test_{name}.py": files.TESTS.substitute(in_code, setup=setup),
    }


def _in_code(title: str) -> str:
    """A title that cannot end a docstring."""
    return (
        "".join(sign for sign in title if sign.isalnum() or sign in " .,-&()").strip()[:60] or "The partner"
    )


def _check_free(places: Places, texts: Mapping[Path, str]) -> None:
    there = [path for path in (*texts, places.code, places.models) if path.exists()]
    if there:
        raise SettingsError(
            f"{there[0]}: is there already, and nothing is overwritten; delete it or choose another name"
        )


def _write(texts: Mapping[Path, str]) -> None:
    for path, text in texts.items():
        try:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as problem:
            raise SettingsError(f"{path}: cannot be written ({problem.strerror})") from None


def _next(name: str, places: Places, marks: int) -> tuple[str, ...]:
    """What to do now, in the order of docs/add-a-partner.md."""
    steps = [
        f"Answer the {marks} marks x-fill-in in {places.code / 'contract.yaml'} and take them away"
        " (docs/contracts.md).",
        f"Say in {places.code / 'profile.yaml'} what tenants need, and whether a unit needs a Gebäude.",
        f"Login in {places.code / '__init__.py'}, the same in sandbox.py.",
        f"Say in {places.models} which rows become a record, and where each field comes from.",
        f"Test: pytest {places.tests / f'test_{name}.py'}",
        f'Switch it on: partners: {name}: {{aktiv: true, separator: "/", mandanten: alle}} in dbt_project.yml'
        " or --vars, then: stammdaten build, stammdaten plan",
    ]
    if places.own and places.own != own_folder():
        steps.insert(0, f"export {SETTING}={places.own}")
    if not places.own:
        steps.append("Page: python -m pipelines.pages")
    return tuple(steps)
