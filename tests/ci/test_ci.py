"""The pipelines that can be copied: they are what a forge reads, and their steps run as its shell would run them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
GITHUB, GITLAB = ROOT / "docs/ci/github-workflow.yml", ROOT / "docs/ci/gitlab-ci.yml"
MART = Path("models/partners/etg24/etg24__objektgruppen.sql")
FORGE = re.compile(r"^(GITHUB|GITLAB|CI_|BASE$|FAIL_ON$|PULL_REQUEST$|STAMMDATEN_|DESTINATION__|SOURCES__)")


def run(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A step as a runner does it: bash, which ends with the first command that fails."""
    clean = {key: value for key, value in os.environ.items() if not FORGE.match(key)}
    # The code of that folder, not the one that is installed.
    env = {**clean, "BIN": str(BIN), "PYTHONPATH": str(folder), "BASE": "origin/main", **environment}
    return subprocess.run(  # noqa: S603
        ["bash", "-e", "-o", "pipefail", "-c", command],  # noqa: S607
        cwd=folder, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607


@pytest.fixture(scope="module")
def cloned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it stands here in a repository of its own, on a branch beside origin/main."""
    folder = tmp_path_factory.mktemp("clone") / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "base")
    git(folder, "remote", "add", "origin", str(folder))
    git(folder, "fetch", "--quiet", "origin")
    git(folder, "checkout", "--quiet", "-b", "change")
    return folder


@pytest.fixture
def clone(cloned: Path) -> Iterator[Path]:
    yield cloned
    git(cloned, "checkout", "--quiet", "--force", "-B", "change", "origin/main")
    git(cloned, "clean", "--quiet", "--force", "-d")


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "change")


def check(file: Path, schema: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", schema, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


@pytest.mark.parametrize(
    ("file", "schema"),
    [(GITHUB, "vendor.github-workflows"), (GITLAB, "vendor.gitlab-ci")],
    ids=["github", "gitlab"],
)
def test_the_pipeline_is_what_the_public_schema_of_the_forge_says(
    file: Path, schema: str, tmp_path: Path
) -> None:
    ended = check(file, schema)
    assert ended.returncode == 0, ended.stdout
    wrong = tmp_path / file.name
    text = file.read_text(encoding="utf-8")
    wrong.write_text(
        text.replace("runs-on:", "runs_on:").replace("when: always", "when: perhaps"), encoding="utf-8"
    )
    assert wrong.read_text(encoding="utf-8") != text
    assert check(wrong, schema).returncode == 1


def steps_of_github() -> list[tuple[str, Mapping[str, Any]]]:
    """Each command with its step."""
    (job,) = yaml.safe_load(GITHUB.read_text(encoding="utf-8"))["jobs"].values()
    return [(step["run"], step) for step in job["steps"] if "run" in step]


def steps_of_gitlab() -> list[str]:
    job = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))["mapping"]
    return [*job["before_script"], *job["script"]]


def test_both_forges_do_the_same_in_the_same_order() -> None:
    calls = re.compile(r"docs/ci/(?:check\.sh \w+|comment\.py)")
    github = [found[0] for command, _ in steps_of_github() if (found := calls.search(command))]
    gitlab = [found[0] for command in steps_of_gitlab() if (found := calls.search(command))]
    assert github == gitlab
    script = (ROOT / "docs/ci/check.sh").read_text(encoding="utf-8")
    known = re.findall(r"(?m)^(\w+)\)", script)
    assert sorted(call.rpartition(" ")[2] for call in github if "check.sh" in call) == sorted(known)


def test_an_unknown_step_says_which_there_are(clone: Path) -> None:
    ended = run("bash docs/ci/check.sh lnit", clone)
    assert ended.returncode == 2
    assert "lint|build|contracts|diff|package|docs" in ended.stderr


def test_lint_looks_at_what_changed_and_at_nothing_else(clone: Path) -> None:
    untouched = run("bash docs/ci/check.sh lint", clone)
    assert untouched.returncode == 0, untouched.stdout + untouched.stderr
    assert "sqlfluff" not in untouched.stdout.lower()
    assert "All checks passed" in untouched.stdout
    assert run("bash docs/ci/check.sh lint", clone, BASE="origin/gone").returncode != 0, (
        "nothing was compared"
    )
    mart = clone / MART
    # One that goes, and one that comes, with a blank in its name.
    mart.rename(mart.with_name("etg24__object groups.sql"))
    wrong = mart.with_name("etg24__object groups.sql")
    wrong.write_text(wrong.read_text(encoding="utf-8").replace("select", "SELECT"), encoding="utf-8")
    commit(clone)
    ended = run("bash docs/ci/check.sh lint", clone)
    assert ended.returncode != 0
    assert "etg24__object groups.sql" in ended.stdout
    assert "CP01" in ended.stdout
    assert str(MART) not in ended.stdout


@pytest.mark.slow
def test_contracts_stops_a_misspelt_key_a_wrong_value_and_a_stale_page(clone: Path) -> None:
    ended = run("bash docs/ci/check.sh contracts", clone)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    contract = clone / "pipelines/partners/etg24/contract.yaml"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("withdraw_note:", "withdraw_not:", 1), encoding="utf-8")
    assert "withdraw_not" in run("bash docs/ci/check.sh contracts", clone).stdout
    contract.write_text(text.replace("title: etg24", "title: etg25"), encoding="utf-8")
    ended = run("bash docs/ci/check.sh contracts", clone)
    assert (ended.returncode, "docs/partners/etg24.md" in ended.stdout) == (1, True), (
        ended.stdout + ended.stderr
    )
    page = (clone / "docs/partners/etg24.md").read_text(encoding="utf-8")
    assert page.startswith("# etg24\n"), "a check writes nothing"


def has_diff() -> bool:
    ended = subprocess.run([BIN / "stammdaten", "diff", "--help"], capture_output=True, check=False)  # noqa: S603
    return ended.returncode == 0


@pytest.mark.slow
def test_the_steps_of_github_run_from_the_first_to_the_last(clone: Path) -> None:
    mart = clone / MART
    mart.write_text(
        f"-- A change that sends nothing else.\n{mart.read_text(encoding='utf-8')}", encoding="utf-8"
    )
    assert run(f"{BIN}/python -m pipelines.pages", clone).returncode == 0  # a line more stands in a table
    commit(clone)
    done = []
    for command, step in steps_of_github():
        if command == "make setup" or (not has_diff() and ("diff" in command)):
            continue  # this test runs in what it makes
        assert "${{" not in command, "an expression in a script is filled in before the shell reads it"
        given = step.get("env", {})
        assert set(given) <= {"GITHUB_TOKEN", "PULL_REQUEST"}
        ended = run(command.replace(".venv/bin", str(BIN)), clone, PULL_REQUEST="7")
        assert ended.returncode == 0, f"{command}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
        done.append(command)
    assert list((clone / "target/ci/dist").glob("stammdaten-*.whl"))
    assert (clone / "target/ci/site/index.html").is_file()
    assert len(done) >= 5
    assert not (clone / ".stammdaten").exists()
    if has_diff():
        assert (clone / "target/ci/diff.md").is_file()


@pytest.mark.slow
def test_the_steps_of_gitlab_stop_at_a_model_that_does_not_build(clone: Path) -> None:
    mart = clone / MART
    mart.write_text(
        mart.read_text(encoding="utf-8").replace("wirtschaftseinheit", "wirtschaft", 1), encoding="utf-8"
    )
    commit(clone)
    wanted = [one for one in steps_of_gitlab() if "git fetch" in one or "check.sh build" in one]
    fetched = run(wanted[0], clone, CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    assert fetched.returncode == 0, fetched.stderr
    ended = run(wanted[1], clone)
    assert ended.returncode != 0
    assert "etg24__objektgruppen" in ended.stdout


def test_the_editor_finds_a_schema_for_each_contract_and_profile() -> None:
    settings = json.loads((ROOT / ".vscode/settings.json").read_text(encoding="utf-8"))
    schemas = settings["yaml.schemas"]
    assert [name for name in schemas if not (ROOT / name).is_file()] == []
    for file in (ROOT / "pipelines/partners").glob("*/*.yaml"):
        if file.name in ("contract.yaml", "profile.yaml"):
            place = file.relative_to(ROOT).as_posix()
            found = [name for name, globs in schemas.items() if any(fnmatch(place, glob) for glob in globs)]
            assert found == [f"docs/editor/{file.stem}.schema.json"]
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    recommended = json.loads((ROOT / ".vscode/extensions.json").read_text(encoding="utf-8"))[
        "recommendations"
    ]
    assert container["customizations"]["vscode"]["extensions"] == recommended
    assert container["postCreateCommand"] == "make setup"


def hooks() -> list[Mapping[str, Any]]:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert local["repo"] == "local"
    found: list[Mapping[str, Any]] = local["hooks"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_a_hook_passes_what_is_there(hook: Mapping[str, Any]) -> None:
    assert hook["language"] == "system"
    listed = [
        "pipelines/errors.py",
        str(MART),
        *(str(f.relative_to(ROOT)) for f in ROOT.glob("pipelines/partners/*/*.yaml")),
    ]
    ending = r"\.pyi?$" if "types_or" in hook else hook["files"]
    files = (
        [] if hook.get("pass_filenames") is False else [name for name in listed if re.search(ending, name)]
    )
    assert files or hook.get("pass_filenames") is False
    ended = run(" ".join([hook["entry"].replace(".venv/bin", str(BIN)), *files]), ROOT)
    assert ended.returncode == 0, ended.stdout + ended.stderr
