"""The package where it is installed: what a wheel holds, the folder that `init` makes, and where defaults lie."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipelines.commands.base_link import link_base, link_packages
from pipelines.commands.init import FILES, init_folder, top_level_block
from pipelines.commands.known_settings import ERP_KEYS, check_known_settings
from pipelines.contract.contract import load_contract, partners
from pipelines.errors import SettingsError
from pipelines.settings import home, project_root, project_vars, settings_path, working_folder
from tests.contracts.test_own_partners import without_marks

ROOT = Path(__file__).resolve().parent.parent
# What a wheel is made of.
SOURCES = (
    "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "CHANGELOG.md", "dbt_project.yml", "profiles.yml",
    "docs", "macros", "models", "seeds", "tests/generic", "pipelines",
)  # fmt: skip
BASE = "pipelines/base_project"


def files_below(folder: Path) -> set[str]:
    """Relative paths of all files, without what Python compiles."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built without a network from a copy in which a former build has left something."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    ghost = folder / "build/lib/pipelines/former_room/ghost.py"
    ghost.parent.mkdir(parents=True)
    ghost.write_text("")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(folder / "made"), "."], cwd=folder, check=True)  # noqa: S603
    (made,) = (folder / "made").glob("*.whl")
    return made


class Installed:
    """The wheel in an environment of its own, which sees the pinned libraries and nothing of the checkout."""

    def __init__(self, wheel: Path, folder: Path):
        venv.create(folder, with_pip=False)
        self.bin = folder / "bin"
        self.packages = Path(
            sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)})
        )
        # Not a site folder of this environment, so the link of an editable install in it is not followed.
        (self.packages / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "install", "--quiet"]
        subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True)  # noqa: S603

    def call(
        self, *arguments: str, cwd: Path, program: str = "stammdaten", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program of the environment with no setting but those given."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DESTINATION__", "SOURCES__", "STAMMDATEN_", "DBT_", "DLT_", "PYTHON"))
        }
        return subprocess.run(  # noqa: S603
            [str(self.bin / program), *arguments],
            env={**kept, **environment},
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(wheel, tmp_path_factory.mktemp("installed") / "venv")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder made by `init`, and the current one."""
    for name in list(os.environ):
        if name.startswith(("DESTINATION__", "SOURCES__", "STAMMDATEN_", "DLT_")):
            monkeypatch.delenv(name)
    folder = tmp_path / "site"
    init_folder(str(folder))
    monkeypatch.chdir(folder)
    return folder


def test_a_wheel_holds_the_dbt_project_the_contracts_the_data_and_the_docs(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {f"pipelines/{name}" for name in files_below(ROOT / "pipelines")}
    for part in ("docs", "macros", "models", "seeds", "tests/generic"):
        expected |= {f"{BASE}/{part}/{name}" for name in files_below(ROOT / part)}
    expected |= {
        f"{BASE}/{name}" for name in ("dbt_project.yml", "profiles.yml", "README.md", "CHANGELOG.md")
    }
    assert held == expected
    assert held >= {
        f"{BASE}/models/staging/_erp_raw.yml",
        f"{BASE}/seeds/woerter.csv",
        f"{BASE}/tests/generic/unique_key.sql",
        "pipelines/partners/everreal/schema.graphql",
        "pipelines/partners/etg24/contract.yaml",
        "pipelines/erp/sample/data/berlin_adressen.csv.gz",
        "pipelines/commands/init_files/secrets.toml.template",
    }


def test_the_version_names_what_a_run_stands_on(installed: Installed, tmp_path: Path) -> None:
    said = installed.call("--version", cwd=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert lines[0] == "stammdaten 0.1.0"
    assert [line.split()[0] for line in lines[1:5]] == ["Python", "dbt-core", "dbt-duckdb", "duckdb"]
    assert re.fullmatch(r"dlt \d+\.\d+\.\d+", lines[5])
    assert lines[6] == f"docs: {installed.packages / BASE / 'docs'}"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [["run"], ["forget", "--person", "4711"]])
def test_an_installed_command_outside_of_its_folder_is_refused_and_makes_nothing(
    command: list[str], installed: Installed, tmp_path: Path
) -> None:
    refused = installed.call(*command, cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"Error: {tmp_path}: is no folder of stammdaten (it has no dbt_project.yml with profile: stammdaten and a"
        " name of its own); go into yours, or make one with: stammdaten init DIR\n"
    )
    assert not list(tmp_path.iterdir())


def test_the_place_of_the_program_is_no_working_folder(installed: Installed) -> None:
    before = files_below(installed.packages / "pipelines")
    place = installed.packages / BASE
    assert installed.call("status", cwd=place).returncode == 2
    refused = installed.call("init", "../..", cwd=place)
    assert (refused.returncode, "is where the program lies" in refused.stderr) == (2, True)
    assert files_below(installed.packages / "pipelines") == before


DEFAULTS = """
import json, os, sys
from pipelines import settings
from pipelines.erp.settings import erp_settings
import dlt
print(json.dumps({
    "home": str(settings.home()),
    "stichtag": settings.project_vars()["stichtag"],
    "erp": str(erp_settings().folder),
    "mandanten": settings.project_vars()["partners"],
    "token": settings.config_value("destination.etg24.api_token"),
    "dlt": os.environ["DLT_PROJECT_DIR"],
    "project": str(settings.project_root()),
}))
"""


def test_home_settings_and_erp_of_an_installed_program_are_those_of_the_folder(
    installed: Installed, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    made = installed.call("init", "site", cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    again = installed.call("init", ".", cwd=site)
    assert again.returncode == 0
    assert again.stdout.splitlines()[:2] == [f"Folder: {site}", "  was there, left alone: dbt_project.yml"]
    assert "written" not in again.stdout
    (site / "export").mkdir()
    (site / ".dlt/config.toml").write_text(
        'sources.erp.kind = "files"\nsources.erp.files.folder = "export"\n'
    )
    (site / ".dlt/secrets.toml").write_text('destination.etg24.api_token = "4711"\n')
    project = (site / "dbt_project.yml").read_text()
    vars_ = 'vars:\n  partners:\n    etg24: {aktiv: true, separator: "-", mandanten: ["001"]}\n'
    (site / "dbt_project.yml").write_text(project.replace(top_level_block(project, "vars"), vars_))
    said = installed.call("-c", DEFAULTS, cwd=site, program="python")
    assert json.loads(said.stdout) == {
        "home": str(site / ".stammdaten"),
        "stichtag": None,  # of the base, as the folder does not say otherwise
        "erp": str(site / "export"),
        "mandanten": {"etg24": {"aktiv": True, "separator": "-", "mandanten": ["001"]}},
        "token": "4711",
        "dlt": str(site),
        "project": str(installed.packages / BASE),
    }
    assert stat.S_IMODE((site / ".stammdaten").stat().st_mode) == 0o700


def test_wrong_settings_name_the_folder_they_stand_in(installed: Installed, tmp_path: Path) -> None:
    installed.call("init", "site", cwd=tmp_path)
    site = tmp_path / "site"
    (site / ".dlt/config.toml").write_text('destination.etg24.api_tokn = "4711"\n')
    refused = installed.call("run", cwd=site)
    assert refused.returncode == 2
    assert refused.stderr.startswith("Error: .dlt/config.toml: destination.etg24.api_tokn: unknown setting")
    assert refused.stderr.endswith(f"(settings of {site})\n")


def test_a_broken_project_file_is_named_with_its_folder_and_is_still_the_folder_of_a_site(site: Path) -> None:
    (site / "dbt_project.yml").write_text("name: stammdaten_site\nprofile: stammdaten\nvars: [\n")
    with pytest.raises(SettingsError) as refused:
        project_vars()
    assert str(refused.value).startswith(f"{site}/dbt_project.yml: ")


def test_init_writes_settings_secrets_a_schedule_and_a_dbt_project(tmp_path: Path) -> None:
    made = init_folder(str(tmp_path / "neu" / "site"))
    folder = tmp_path / "neu" / "site"
    assert made.folder == str(folder)
    assert set(made.written) == files_below(folder) - {
        name for name in files_below(folder) if name.startswith("dbt_packages/")
    }
    assert (made.left_alone, made.also_there, made.notes) == ((), (), ())
    assert stat.S_IMODE((folder / ".dlt/secrets.toml").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert os.readlink(folder / "dbt_packages/stammdaten") == str(project_root())
    assert "OnCalendar=Tue,Thu,Sun 05:00" in (folder / "schedule/stammdaten.timer").read_text()
    assert all("$" not in (folder / name).read_text() for name in made.written if "README" not in name)


def test_init_in_a_folder_with_files_overwrites_none_and_says_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt/secrets.toml").write_text("# ours\n")
    (tmp_path / ".dlt/secrets.toml").chmod(0o644)
    (tmp_path / "README.md").symlink_to(tmp_path / "nowhere.md")
    (tmp_path / "export").mkdir()
    (tmp_path / "Liste 1.xlsx").write_text("")
    monkeypatch.chdir(tmp_path)
    made = init_folder(".")
    assert made.left_alone == (".dlt/secrets.toml", "README.md")
    assert made.also_there == ("Liste 1.xlsx", "export")
    assert made.notes == (
        f".dlt/secrets.toml: others may read it; forbid it with: chmod 600 {tmp_path}/.dlt/secrets.toml",
    )
    assert (tmp_path / ".dlt/secrets.toml").read_text() == "# ours\n"
    assert not (tmp_path / "nowhere.md").exists()
    again = init_folder(".")
    assert (again.written, set(again.left_alone)) == ((), set(FILES))


def test_init_refuses_places_that_are_no_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    (tmp_path / "me").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/dbt_project.yml").write_text("name: jaffle_shop\nprofile: jaffle_shop\n")
    (tmp_path / "file").write_text("")
    for place, said in (
        (" ", "DIR is empty"),
        ("/", "holds much else"),
        ("~", "holds much else"),
        (str(tmp_path / "me"), "holds much else"),
        (str(ROOT / "models"), "is where the program lies"),
        (str(tmp_path / "other"), "holds another dbt project"),
        (str(tmp_path / "file"), "cannot be made or written to"),
        (str(tmp_path / "file/below"), "cannot be made or written to"),
    ):
        with pytest.raises(SettingsError, match=said):
            init_folder(place)
    assert files_below(tmp_path) == {"file", "other/dbt_project.yml"}


def test_a_current_folder_that_is_gone_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(SettingsError, match="the current folder is not there any more"):
        init_folder("site")
    assert working_folder() == ROOT


def test_a_file_that_could_not_be_written_whole_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text

    def full(file: Path, text: str, **how: str) -> int:
        if file.name == "config.toml":
            write(file, text[:10])
            raise OSError(28, "No space left on device", str(file))
        return write(file, text, **how)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(SettingsError, match="No space left on device"):
        init_folder(str(tmp_path / "site"))
    monkeypatch.undo()
    made = init_folder(str(tmp_path / "site"))
    assert ".dlt/config.toml" in made.written


def test_the_schedule_names_a_folder_with_blanks_and_percent_signs_as_cron_and_systemd_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["pytest"])
    monkeypatch.setattr(sys, "executable", "/srv/py 3/bin/python")
    folder = tmp_path / "Köln 100%"
    init_folder(str(folder))
    lines = (folder / "schedule/stammdaten.cron").read_text().splitlines()
    command = f"cd '{tmp_path}/Köln 100\\%' && '/srv/py 3/bin/python' -m pipelines.cli.main run"
    assert [line for line in lines if line.startswith("0 ")] == [f"0 5 * * 0,2,4 {command}"]
    assert f"# 30 6-20 * * * {command} --use-case leerstaende" in lines
    assert lines[-1] == f"# 0 22 * * * {command} --use-case dokumente"
    service = (folder / "schedule/stammdaten.service").read_text().splitlines()
    assert f"WorkingDirectory={tmp_path}/Köln 100%%" in service
    assert 'ExecStart="/srv/py 3/bin/python" -m pipelines.cli.main run' in service


def test_every_key_of_the_templates_is_known_and_every_setting_of_the_erp_stands_in_one(site: Path) -> None:
    texts = []
    for name in ("config.toml", "secrets.toml"):
        file = site / ".dlt" / name
        text = re.sub(r"^# (?=(?:sources|destination)\.)", "", file.read_text(), flags=re.MULTILINE)
        file.write_text(text)
        texts.append(text)
    check_known_settings()
    config, secrets = texts
    keys = set(re.findall(r"^([a-z0-9_.]+) = ", config + secrets, re.MULTILINE))
    assert {f"sources.erp.{key}" for key in ERP_KEYS if not key.endswith("*")} <= keys
    for partner in partners():
        for key in load_contract(partner).credentials:
            assert f'\ndestination.{partner}.{key} = ""' in secrets
            assert f"destination.{partner}.{key} " not in config


def test_a_new_folder_says_the_same_as_the_base(site: Path) -> None:
    assert working_folder() == site
    assert home() == site / ".stammdaten"
    ours, its = ((place / "dbt_project.yml").read_text() for place in (ROOT, site))
    assert top_level_block(its, "vars") == top_level_block(ours, "vars") != ""
    assert top_level_block(its, "flags") == top_level_block(ours, "flags") != ""
    assert (site / "profiles.yml").read_text() == (ROOT / "profiles.yml").read_text()
    assert settings_path("export") == site / "export"
    assert settings_path("/srv/export") == Path("/srv/export")


def test_a_checkout_is_its_own_working_folder_wherever_it_is_called_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: jaffle_shop\nprofile: jaffle_shop\n")
    monkeypatch.chdir(tmp_path)
    assert working_folder() == ROOT
    assert project_vars()["zeitzone"] == "Europe/Berlin"
    assert settings_path("export") == Path("export")
    # Another checkout has the name of the base, and is no folder of a site.
    (tmp_path / "dbt_project.yml").write_text("name: stammdaten\nprofile: stammdaten\n")
    assert working_folder() == ROOT


def test_a_folder_above_the_current_one_says_nothing(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site / "models")
    assert working_folder() == ROOT


def test_the_link_to_the_base_is_renewed_and_nothing_else_is_removed_for_it(site: Path) -> None:
    link = site / "dbt_packages/stammdaten"
    link.unlink()
    link.symlink_to("/srv/python3.10/site-packages/pipelines/base_project")
    link_base(site)
    assert os.readlink(link) == str(project_root())
    assert [path.name for path in link.parent.iterdir()] == ["stammdaten"]
    shutil.rmtree(link.parent)
    link_base(site)
    assert os.readlink(link) == str(project_root())
    link.unlink()
    link.mkdir()
    (link / "mine.sql").write_text("")
    with pytest.raises(SettingsError, match="is no link to the dbt project of this version; move it away"):
        link_base(site)
    assert (link / "mine.sql").exists()


OWN_MODEL = """{{ config(enabled=partner_aktiv('etg24'), schema='partners', contract={'enforced': true}) }}

select
    {{ composite_id('etg24', 'wirtschaftseinheit') }} as external_id,
    {{ anzeigename('wirtschaftseinheit') }} || ' (eigen)' as title
from {{ ref('stg_erp__wirtschaftseinheit') }} as wirtschaftseinheiten
where {{ sendable('etg24', 'wirtschaftseinheit') }}
"""
OFF = "\n  stammdaten:\n    etg24:\n      etg24__objektgruppen: {+enabled: false}\n"


def replace_objektgruppen(site: Path) -> None:
    """What README.md in the folder says of a model of one's own."""
    own = site / "models/partners/etg24"
    own.mkdir()
    (own / "etg24__objektgruppen.sql").write_text(OWN_MODEL)
    project = site / "dbt_project.yml"
    project.write_text(project.read_text().rstrip() + OFF)


def test_dbt_reads_the_folder_with_all_that_the_base_has(site: Path, tmp_path: Path) -> None:
    replace_objektgruppen(site)
    places = {
        "project-dir": site,
        "profiles-dir": site,
        "target-path": tmp_path / "target",
        "log-path": tmp_path,
    }
    options = [word for name, place in places.items() for word in (f"--{name}", str(place))]
    parsed = dbtRunner().invoke(["parse", "--quiet", *options])
    assert parsed.success, parsed.exception
    nodes = [node for node in parsed.result.nodes.values() if node.resource_type in ("model", "seed")]
    disabled = [node for found in parsed.result.disabled.values() for node in found]
    there = {node.name for node in [*nodes, *disabled] if node.package_name == "stammdaten"}
    assert there >= {path.stem for path in ROOT.glob("models/**/*.sql")} | {
        path.stem for path in ROOT.glob("seeds/*.csv")
    }
    (own,) = (node for node in nodes if node.name == "etg24__objektgruppen")
    assert (own.package_name, own.schema) == ("stammdaten_site", "partners")
    tests = [node for node in parsed.result.nodes.values() if own.unique_id in node.depends_on_nodes]
    assert {node.name for node in tests} >= {
        "complete_id_etg24__objektgruppen_external_id__etg24",
        "known_mandanten_etg24__objektgruppen_etg24",
        "refers_to_etg24__objekte_objektgruppen_external_id__ref_etg24__objektgruppen_",
        "fits_contract_etg24__objektgruppen_",
        "unique_etg24__objektgruppen_external_id",
    }
    schemas = {node.name: node.schema for node in nodes if node.package_name == "stammdaten"}
    assert schemas["etg24__einheiten"] == "partners"
    assert schemas["etg24__findings"] == "quality"
    assert schemas["stg_erp__verwaltungseinheit"] == "staging"


@pytest.mark.slow
def test_an_installed_program_carries_the_sample_through_and_writes_into_its_folder_only(
    installed: Installed, tmp_path: Path
) -> None:
    installed.call("init", "site", cwd=tmp_path)
    site = tmp_path / "site"
    before = files_below(installed.packages)
    ran = installed.call("run", "--json", "--partner", "etg24", cwd=site)
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    created = {line["entity"]: line["created"] for line in report["lines"]}
    assert created["objektgruppen"] > 20
    assert created["einheiten"] > 400
    assert "Everything is delivered" in (site / ".stammdaten/reports/index.html").read_text()
    assert files_below(installed.packages) == before
    assert {path.name for path in site.iterdir()} == {
        ".dlt", ".gitignore", ".stammdaten", "README.md", "dbt_packages", "dbt_project.yml", "macros", "models",
        "packages.yml", "profiles.yml", "schedule", "seeds", "tests",
    }  # fmt: skip

    # The folder moves, the program lies elsewhere now, a model of one's own replaces one of ours.
    moved = site.rename(tmp_path / "umgezogen")
    link = moved / "dbt_packages/stammdaten"
    link.unlink()
    link.symlink_to("/srv/gone")
    replace_objektgruppen(moved)
    again = installed.call("run", "--json", "--partner", "etg24", cwd=moved)
    assert again.returncode == 0, again.stderr
    lines = {line["entity"]: line for line in json.loads(again.stdout)["lines"]}
    assert lines["objektgruppen"]["updated"] == created["objektgruppen"]
    assert sum(line["updated"] for line in lines.values()) == created["objektgruppen"]
    assert sum(line["created"] for line in lines.values()) == 0
    with duckdb.connect(str(moved / ".stammdaten/stammdaten.duckdb"), read_only=True) as db:
        titles = db.execute("select count(*) from partners.etg24__objektgruppen where title like '%(eigen)'")
        assert titles.fetchall() == [(created["objektgruppen"],)]

    # A partner outside the project: its marts are built, and are gone from dbt with the setting that names it.
    new = installed.call("partner", "new", "hausbot", "--folder", str(tmp_path / "own"), cwd=moved)
    assert new.returncode == 0, new.stderr
    contract = tmp_path / "own/hausbot/contract.yaml"
    contract.write_text("\n".join(without_marks(contract.read_text().split("\n"))))
    on = json.dumps({"partners": {"hausbot": {"aktiv": True, "separator": "-", "mandanten": "alle"}}})
    own = {"STAMMDATEN_PARTNERS": str(tmp_path / "own")}
    for command in ("build", "plan"):
        done = installed.call(command, "--vars", on, cwd=moved, **own)
        assert done.returncode == 0, done.stderr
    with duckdb.connect(str(moved / ".stammdaten/stammdaten.duckdb"), read_only=True) as db:
        (units,) = db.execute("select count(*) from partners.hausbot__units").fetchone() or ()
    assert units > 400
    assert str(units) in done.stdout
    assert sorted(path.name for path in (moved / "dbt_packages").iterdir()) == [
        "hausbot", "own_partners", "stammdaten",
    ]  # fmt: skip
    refused = installed.call("plan", "--vars", on, cwd=moved)
    assert refused.returncode == 2
    assert "partners.hausbot: unknown partner" in refused.stderr


def test_a_folder_without_the_dispatch_of_own_partners_says_what_is_missing(site: Path) -> None:
    packages = [site / ".stammdaten/partners" / name for name in ("hausbot", "own_partners")]
    link_packages(site, packages)
    assert sorted(path.name for path in (site / "dbt_packages").iterdir()) == [
        "hausbot", "own_partners", "stammdaten",
    ]  # fmt: skip
    link_packages(site, ())
    assert [path.name for path in (site / "dbt_packages").iterdir()] == ["stammdaten"]
    project = site / "dbt_project.yml"
    project.write_text(project.read_text().replace("own_partners", "theirs"))
    with pytest.raises(SettingsError, match=r"its dispatch does not name own_partners.* docs/upgrade\.md"):
        link_packages(site, packages)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-spark.lock"])
def test_lock_is_installed_as_it_stands_whatever_was_published_since(lock: str) -> None:
    """All that is needed stands in it with one version, so that nothing has to be looked up (pip's --no-deps)."""
    lines = [
        line for line in (ROOT / lock).read_text().splitlines() if line and not line.startswith((" ", "#"))
    ]
    pinned = [Requirement(line.removesuffix(" \\")) for line in lines]
    here = [one for one in pinned if one.marker is None or one.marker.evaluate()]
    assert not [
        str(one)
        for one in pinned
        if one.extras or one.url or not re.fullmatch("==[^*,]+", str(one.specifier))
    ]
    names = {canonicalize_name(one.name) for one in here} | {"pip"}
    wanted = {
        (canonicalize_name(requirement.name), one.name)
        for one in here
        if (found := next(iter(distributions(name=one.name)), None)) is not None
        for requirement in map(Requirement, found.requires or [])
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    }
    assert not sorted((name, by) for name, by in wanted if name not in names)
    assert "://" not in (ROOT / lock).read_text()


def test_every_way_to_install_the_lock_looks_nothing_up() -> None:
    """An order to install a lock file in the docs, the Makefile and messages has --no-deps."""
    texts = [
        ROOT / "Makefile",
        ROOT / "README.md",
        *(ROOT / "docs").rglob("*"),
        *(ROOT / "pipelines").rglob("*.py"),
    ]
    orders = [
        line
        for path in texts
        if path.is_file() and path.suffix in {"", ".md", ".py", ".sh", ".yml"}
        for line in path.read_text().splitlines()
        if "--require-hashes" in line
    ]
    assert len(orders) > 4
    assert not [line for line in orders if "--no-deps" not in line]
