"""The Python code of a partner: its connector and its sandbox, wherever its folder lies."""

import importlib
import importlib.util
import sys
from types import ModuleType

from pipelines.contract import contract
from pipelines.contract.model import ContractError

BUILT_IN, OWN = "pipelines.partners", "own_partners"


def partner_module(partner: str, part: str = "") -> ModuleType | None:
    """The package of a partner, or the module `part` in it; None where there is no such file.

    Raises `ContractError` with the kind of error and the line for code of one's own that cannot be read.
    """
    folder = contract.partner_folder(partner)
    file = folder / (f"{part}.py" if part else "__init__.py")
    if not file.is_file():
        return None
    if folder.parent == contract.FOLDER:
        return importlib.import_module(".".join([BUILT_IN, partner, part]).rstrip("."))
    if part and f"{OWN}.{partner}" not in sys.modules:
        partner_module(partner)
    name = ".".join([OWN, partner, part]).rstrip(".")
    loaded = sys.modules.get(name)
    if loaded is not None and loaded.__file__ == str(file):
        return loaded
    return _loaded(partner, name, part)


def _loaded(partner: str, name: str, part: str) -> ModuleType:
    folder = contract.partner_folder(partner)
    file = folder / (f"{part}.py" if part else "__init__.py")
    places = None if part else [str(folder)]
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=places)
    if spec is None or spec.loader is None:
        raise ContractError(f"partners/{partner}/{file.name}: is no Python file.")
    parent = sys.modules.setdefault(OWN, ModuleType(OWN))
    parent.__path__ = []
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    try:
        spec.loader.exec_module(made)
    except Exception as problem:
        sys.modules.pop(name, None)
        raise ContractError(
            f"{file}: {_where(problem, str(file))}{type(problem).__name__}: {problem}"
        ) from None
    return made


def _where(problem: BaseException, file: str) -> str:
    """`line 7: ` of the file, where the error came out of it."""
    line = getattr(problem, "lineno", None)
    trace = problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line}: " if line else ""
