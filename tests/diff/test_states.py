"""Which states can be named, and what is said of one that cannot."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from pipelines.dbt_folder import Project
from pipelines.diff.states import State, at_hand, find_state
from pipelines.errors import SettingsError
from tests.diff.states import state

EINHEITEN = "models/partners/etg24/etg24__einheiten.sql"


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Muster", "-c", "user.email=muster@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603, S607
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits of the project, the second one with another line in a model."""
    folder = state(tmp_path_factory.mktemp("repository"))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "checkout", "-q", "-b", "feature/field")
    (folder / EINHEITEN).write_text((folder / EINHEITEN).read_text() + "-- second\n")
    git(folder, "commit", "-q", "-a", "-m", "second")
    return folder


def beside(folder: Path) -> State:
    """The repository as the state at hand."""
    return State("here", Project(folder, folder), folder / "pipelines" / "partners")


def test_a_revision_is_what_was_committed(repository: Path, tmp_path: Path) -> None:
    here = beside(repository)
    first = find_state("HEAD~1", "--base", here, tmp_path / "a")
    again = find_state("main", "--base", here, tmp_path / "b")
    second = find_state("feature/field", "--base", here, tmp_path / "c")
    assert first.label == f"HEAD~1 ({git(repository, 'rev-parse', 'main')[:12]})"
    assert first.digest() == again.digest() != second.digest() == here.digest()
    assert first.partners().keys() == here.partners().keys() >= {"etg24", "everreal"}
    assert (first.contracts or tmp_path).is_relative_to(tmp_path)
    assert "-- second" not in (first.project.folder / EINHEITEN).read_text()


def test_three_dots_are_where_the_branch_began(repository: Path, tmp_path: Path) -> None:
    assert find_state("main...", "--base", beside(repository), tmp_path).label.endswith(
        f"({git(repository, 'rev-parse', 'main')[:12]})"
    )


def test_what_is_saved_and_not_committed_is_the_head(repository: Path, tmp_path: Path) -> None:
    """An untracked model, too: dbt would build it."""
    here = beside(repository)
    new = repository / "models" / "partners" / "etg24" / "etg24__neu.sql"
    before = here.digest()
    new.write_text("select 1 as external_id")
    try:
        assert here.digest() != before
        assert (
            not find_state("HEAD", "--base", here, tmp_path).project.folder.joinpath(*new.parts[-4:]).exists()
        )
    finally:
        new.unlink()
    assert here.digest() == before


def test_a_hook_of_git_finds_the_same_revisions(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nothing"))
    assert find_state("main", "--base", beside(repository), tmp_path / "a").partners()


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("nowhere", "nowhere: unknown revision, and there is no such folder; name a revision of git"),
        ("nowhere...", "no common commit with HEAD"),
        ("HEAD:models", "unknown revision"),
        ("-x", "is no revision, folder or wheel"),
        ("--upload-pack=true", "is no revision, folder or wheel"),
        ("main\x1b[2J", "is no revision, folder or wheel"),
        ("", "is no revision, folder or wheel"),
        ("./nowhere", "is no folder and no wheel"),
        ("/", "holds no dbt_project.yml of stammdaten"),
        ("installed", "this is a checkout"),
    ],
)
def test_what_cannot_be_compared_with_is_told(repository: Path, tmp_path: Path, ref: str, why: str) -> None:
    with pytest.raises(SettingsError) as problem:
        find_state(ref, "--base", beside(repository), tmp_path)
    assert "--base" in str(problem.value)
    assert why in str(problem.value)


def test_a_folder_outside_git_is_told_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="lies in no repository of git"):
        find_state("main", "--base", beside(tmp_path), tmp_path / "a")


def test_a_clone_that_is_cut_off_says_how_to_fetch_more(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "clone")
    with pytest.raises(SettingsError, match="cut off: fetch more of the history, in CI with fetch-depth: 0"):
        find_state("HEAD~1", "--base", beside(tmp_path / "clone"), tmp_path / "a")


def test_a_folder_a_wheel_and_an_environment_are_states(repository: Path, tmp_path: Path) -> None:
    here = beside(repository)
    wheel, environment = tmp_path / "stammdaten-9.whl", tmp_path / "venv"
    with zipfile.ZipFile(wheel, "w") as packed:
        for file in (file for file in repository.rglob("*") if file.is_file() and ".git" not in file.parts):
            inside = file.relative_to(repository)
            is_contract = inside.parts[0] == "pipelines"
            packed.write(file, inside if is_contract else Path("pipelines", "base_project", inside))
        packed.writestr("../../escaped", "x")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(environment / "lib" / "python3.11" / "site-packages")
    for place in (repository, wheel, environment):
        found = find_state(str(place), "--base", here, tmp_path / f"of-{place.name}")
        assert found.partners().keys() == here.partners().keys(), place
        assert found.vars() == here.vars()
        assert found.digest() == here.digest(), place
    assert not list(tmp_path.parent.glob("escaped"))


def test_a_wheel_of_something_else_is_told(repository: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as packed:
        packed.writestr("other/__init__.py", "")
    (tmp_path / "torn.whl").write_bytes(b"PK\x03\x04")
    with pytest.raises(SettingsError, match="is no wheel of stammdaten"):
        find_state(str(tmp_path / "other.whl"), "--base", beside(repository), tmp_path / "a")
    with pytest.raises(SettingsError, match="cannot be read as a wheel"):
        find_state(str(tmp_path / "torn.whl"), "--base", beside(repository), tmp_path / "b")


def test_the_checkout_is_the_state_at_hand() -> None:
    found = at_hand()
    assert found.project.folder == found.project.root
    assert found.label.startswith("the files at hand")
    assert "etg24" in found.partners()
