"""States of the project: copies of what decides what is sent, each with its edits."""

import shutil
from pathlib import Path

from pipelines.diff.states import CONTRACTS, PARTS, READ
from pipelines.settings import project_root

# File, what stands there, what stands there after the edit.
Edit = tuple[str, str, str]


def state(folder: Path, *edits: Edit) -> Path:
    """A folder with the project and these edits."""
    for part in PARTS:
        source, target = project_root() / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if part == str(CONTRACTS):
            for file in (file for pattern in READ for file in source.glob(f"*/{pattern}")):
                (target / file.parent.name).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target / file.parent.name / file.name)
        elif source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    for file, old, new in edits:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder
