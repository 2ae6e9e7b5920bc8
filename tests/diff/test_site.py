"""The same in a folder that `stammdaten init` made: its own revisions, and what is installed."""

from pathlib import Path

import pytest

from pipelines.commands.diff import diff
from pipelines.commands.init import init_folder
from pipelines.reports.diff import SettingDiff
from pipelines.settings import PROJECT_FILE
from tests.diff.states import state
from tests.diff.test_states import git

DAY = "2026-11-30"


@pytest.mark.slow
def test_a_site_is_compared_with_its_own_revisions_and_with_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, home = tmp_path / "site", tmp_path / "home"
    home.mkdir()
    init_folder(str(site))
    git(site, "init", "-q", "-b", "main")
    git(site, "add", ".")
    git(site, "commit", "-q", "-m", "first")
    monkeypatch.chdir(site)
    file = site / PROJECT_FILE
    text = file.read_text(encoding="utf-8")
    assert 'etg24: {aktiv: true, separator: "/"' in text
    file.write_text(
        text.replace('etg24: {aktiv: true, separator: "/"', 'etg24: {aktiv: true, separator: "."')
    )
    report = diff(home, "HEAD", stichtag=DAY, only=["etg24"], sample=True)
    assert report.base.startswith("HEAD (")
    assert report.head == "the files at hand (site)"
    assert report.settings == (SettingDiff(setting="partners.etg24.separator", old='"/"', new='"."'),)
    assert sum(line.new_ids for line in report.entities) > 1000
    # Settings are the site's on both sides, and it has no models of its own.
    report = diff(home, "installed", stichtag=DAY, only=["etg24"], sample=True)
    assert report.base.endswith("with your settings and without your own models")
    assert (report.differs, report.models) == (False, ())
    assert git(site, "status", "--porcelain") == f"M {PROJECT_FILE}"


@pytest.mark.slow
def test_a_state_that_reads_more_of_the_erp_finds_it_empty_and_says_so(tmp_path: Path) -> None:
    column = "          - name: mea\n"
    more = "          - name: stockwerk_neu\n            description: new\n            meta: {typ: text}\n"
    base, home = state(tmp_path / "base"), tmp_path / "home"
    home.mkdir()
    head = state(tmp_path / "head", ("models/staging/_erp_raw.yml", column, more + column))
    for first, second, which in ((base, head, "head"), (head, base, "base")):
        report = diff(home, str(first), str(second), DAY, ["etg24"], sample=True)
        note, seen = report.notes
        assert "built again, and no value that is sent differs" in seen
        assert f"the {which} reads verwaltungseinheit.stockwerk_neu, which the other does not know" in note
        assert (report.entities, report.failures) == ((), ())
        assert "stg_erp__verwaltungseinheit" in {model.name for model in report.models}


@pytest.mark.slow
def test_a_partner_that_is_on_in_one_state_only_is_told(tmp_path: Path) -> None:
    base, home = state(tmp_path / "base"), tmp_path / "home"
    home.mkdir()
    head = state(
        tmp_path / "head",
        ("dbt_project.yml", "kiwi: {aktiv: false", "kiwi: {aktiv: true"),
        ("dbt_project.yml", "etg24: {aktiv: true", "etg24: {aktiv: false"),
        ("dbt_project.yml", "plentific: {aktiv: true", "plentific: {aktiv: false"),
        ("dbt_project.yml", "facilioo: {aktiv: true", "facilioo: {aktiv: false"),
        ("models/partners/casavi/_casavi.yml", "version: 2", "version: 2 # of a partner that is off"),
    )
    report = diff(home, str(base), str(head), DAY, sample=True, fail_on="create,withdraw")
    notes = "\n".join(report.notes)
    assert "kiwi is on in the head only: all its records come" in notes
    assert "etg24 is in the base only, or off in the head: nothing is sent to it any more" in notes
    assert "casavi differs too, and is off; compare it with --partner casavi" in notes
    assert {line.partner for line in report.entities} == {"kiwi"}
    assert all(line.come == line.head_rows > 0 for line in report.entities)
    assert report.failed_on == ("create",)
