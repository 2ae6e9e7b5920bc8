"""What pyproject.toml cannot say: a wheel also holds the dbt project and the docs, which lie beside the package."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

# Where it is installed, all of it lies in `pipelines/base_project` (`project_root` in pipelines/settings.py).
PROJECT = (
    "dbt_project.yml", "profiles.yml", "README.md", "CHANGELOG.md", "docs", "macros", "models", "seeds",
    "tests/generic",
)  # fmt: skip


class BuildWithProject(build_py):
    """Takes the dbt project along, and nothing that a former build has left behind."""

    def run(self) -> None:
        if self.editable_mode:
            super().run()
            return
        package = Path(self.build_lib, "pipelines")
        shutil.rmtree(package, ignore_errors=True)
        super().run()
        for part in PROJECT:
            source, target = Path(part), package / "base_project" / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*", "__pycache__"))
            else:
                shutil.copyfile(source, target)


setup(cmdclass={"build_py": BuildWithProject})
