"""Edits of the project, as a newcomer makes them, each against the same base: what the comparison says of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.commands.diff import diff
from pipelines.commands.sample import SEED
from pipelines.diff.markdown import markdown
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.load import load
from pipelines.erp.sample import write_sample
from pipelines.errors import BuildError
from pipelines.reports.diff import DiffReport, SettingDiff
from pipelines.settings import database
from tests.diff.states import Edit, state

UNITS, DAY = 60, "2026-11-30"
EINHEITEN = "models/partners/etg24/etg24__einheiten.sql"
EINHEITEN_YAML = "models/partners/etg24/_etg24.yml"
LEASES = "macros/mietverhaeltnisse.sql"
WITH_EMAIL = "    and mieter.email is not null  -- E2: no tenant without an e-mail\n"
CONTRACT = "pipelines/partners/etg24/contract.yaml"
SENDABLE = (
    "    where {{ sendable('etg24', 'verwaltungseinheit', table='verwaltungseinheiten') }}  -- E1, I5\n"
)
POSITION = "verwaltungseinheiten.lage as position"
Compared = Callable[..., DiffReport]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compared]:
    """Compares edits with the project as it is, on a small portfolio; the base is built once, no home is written to."""
    folder = tmp_path_factory.mktemp("diff")
    data, home, base = folder / "data", folder / "home", state(folder / "base")
    home.mkdir()
    write_sample(folder / "sample", UNITS, SEED)
    load(FilesSettings(folder=folder / "sample"), data)
    before = database(data).read_bytes()

    def compare(*edits: Edit, **options: str) -> DiffReport:
        head = state(folder / f"head{len(list(folder.glob('head*')))}", *edits)
        return diff(home, str(base), str(head), DAY, ["etg24"], data=data, **options)

    yield compare
    assert database(data).read_bytes() == before
    assert [path.name for path in data.iterdir() if path.name != "dlt"] == [database(data).name]
    assert [path.name for path in home.iterdir()] == ["diff"]
    assert sorted(path.name for path in (home / "diff").iterdir()) == ["kept", "lock"]
    assert len(list((home / "diff" / "kept").iterdir())) == 1


def records(report: DiffReport) -> dict[str, tuple[int, int, int, int]]:
    """By entity: records that come, go, change, and get a new id."""
    return {line.entity: (line.come, line.go, line.change, line.new_ids) for line in report.entities}


def test_white_space_changes_nothing_that_is_sent(compared: Compared) -> None:
    report = compared((EINHEITEN, "with\n", "with\n\n\n"), fail_on="changes")
    assert not report.differs
    assert [(line.name, line.what) for line in report.models] == [("etg24__einheiten", "changed")]
    assert report.exit == 0
    assert "No difference" in markdown(report)


def test_a_wrong_column_of_the_right_type_is_seen_and_shows_no_person(compared: Compared) -> None:
    """Last names where the place in the house belongs: no YAML calls that field personal."""
    names = "select list(distinct nachname order by nachname) from {{ ref('stg_erp__person') }}"
    wrong = f"list_extract(({names}), 1 + cast(hash(verwaltungseinheiten.ve_nr) % 9 as integer)) as position"
    report = compared((EINHEITEN, POSITION, wrong), fail_on="ids,withdraw,changes")
    [line] = report.entities
    assert (line.entity, line.come, line.go, line.new_ids) == ("einheiten", 0, 0, 0)
    assert line.change == line.head_rows == line.base_rows > 0
    [field] = report.fields
    assert (field.field, field.rows, field.personal) == ("position", line.change, False)
    assert all(set(value.new.strip('"')) <= set("x -") for value in field.values)
    assert any("Etage" in value.old or "Erdgeschoss" in value.old for value in field.values)
    assert report.effort[0].requests == line.change
    assert report.failed_on == ("changes",)


@pytest.mark.slow
def test_another_separator_in_an_id_makes_all_records_anew(compared: Compared) -> None:
    report = compared(
        ("macros/composite_id.sql", "partner_settings(partner).separator", "'-'"),
        fail_on="ids,withdraw,guards",
    )
    assert {"objektgruppen", "objekte", "einheiten", "mietvertraege", "mieter"} <= records(report).keys()
    for line in report.entities:
        assert (line.come, line.go, line.change, line.new_ids) == (0, 0, 0, line.base_rows), line.entity
    assert {line.told_by for line in report.ids} == {"ERP key"}
    assert all(pair.old.replace("/", "-") == pair.new for line in report.ids for pair in line.examples)
    assert report.failed_on == ("ids", "withdraw", "guards")
    assert report.exit == 1
    bold = next(line for line in markdown(report).splitlines() if line.startswith("- ❌ **etg24 "))
    assert "einheiten: " in bold
    assert "records get another external id." in bold


@pytest.mark.slow
def test_a_new_filter_takes_records_out_and_no_rule_says_why(compared: Compared) -> None:
    report = compared(
        (EINHEITEN, SENDABLE, f"{SENDABLE}    and verwaltungseinheiten.flaeche > 60\n"),
        fail_on="withdraw,failures,create",
    )
    [line] = report.entities
    assert line.go == line.base_rows - line.head_rows > 0
    [row] = report.rows
    assert (row.what, row.rule, row.rows) == ("go", None, line.go)
    # Leases refer to units that are not there any more.
    assert {failure.node.split("__")[0] for failure in report.failures} == {"refers_to_etg24"}
    assert report.failed_on == ("withdraw", "failures")


@pytest.mark.slow
def test_the_same_again_is_no_difference_and_builds_nothing(compared: Compared) -> None:
    report = compared(fail_on="changes,ids,withdraw,create,held,guards,contract,failures")
    assert (report.differs, report.models, report.exit) == (False, (), 0)


@pytest.mark.slow
def test_a_where_that_is_dropped_lets_records_come_against_their_rule(compared: Compared) -> None:
    """The finding stays, as another macro makes it, and tenants without an e-mail come."""
    report = compared((LEASES, WITH_EMAIL, ""), fail_on="create")
    come = {line.entity: line.come for line in report.entities}
    assert come["mieter"] > 0
    assert come["mietvertraege"] > 0
    assert all((line.go, line.new_ids) == (0, 0) for line in report.entities)
    assert {(row.what, row.rule) for row in report.rows} == {("come", None)}
    assert {row.against for row in report.rows if row.entity == "mieter"} == {"E2"}
    assert "records come although rule E2 takes them out" in markdown(report)
    assert report.failed_on == ("create",)


@pytest.mark.slow
def test_a_field_that_becomes_required_says_how_many_rows_lack_it(compared: Compared) -> None:
    report = compared(
        (CONTRACT, "required: [id, objectId, number]", "required: [id, objectId, number, share]"),
        # Where null is a value, too, nothing is missing.
        (CONTRACT, "share: {type: [number, 'null']", "share: {type: number"),
        fail_on="contract,changes",
    )
    [line] = [line for line in report.contracts if line.part.endswith("required")]
    assert (line.entity, line.part, line.old, line.new) == (
        "einheiten",
        "fields.share.required",
        "false",
        "true",
    )
    assert (line.rows or 0) > 0
    assert not report.entities
    assert report.failed_on == ("contract", "changes")


@pytest.mark.slow
def test_a_new_column_of_a_mart_changes_all_records_that_have_a_value(compared: Compared) -> None:
    yaml = ("      - name: position\n        data_type: varchar\n",)
    assert yaml[0] in state_text(EINHEITEN_YAML)
    report = compared(
        (EINHEITEN, POSITION, f"{POSITION},\n        'x' as \"addressId\""),
        (EINHEITEN_YAML, yaml[0], f"      - name: addressId\n        data_type: varchar\n{yaml[0]}"),
    )
    [line] = report.entities
    assert (line.entity, line.change) == ("einheiten", line.base_rows)
    [field] = report.fields
    assert (field.field, field.values[0].old, field.values[0].new) == ("addressId", "null", '"x"')


@pytest.mark.slow
def test_a_column_that_the_contract_does_not_know_keeps_the_partner_back(compared: Compared) -> None:
    report = compared(
        (EINHEITEN, POSITION, f"{POSITION},\n        'x' as place"),
        (
            EINHEITEN_YAML,
            "      - name: position\n",
            "      - name: place\n        data_type: varchar\n      - name: position\n",
        ),
        fail_on="failures",
    )
    assert [(line.node, line.status) for line in report.failures] == [("columns", "contract")]
    assert report.failed_on == ("failures",)


@pytest.mark.slow
def test_a_seed_that_changes_counts(compared: Compared) -> None:
    seed = "seeds/ve_klassen.csv"
    word = state_text(seed).splitlines()[1].split(",")[1]
    report = compared((seed, f",{word},", ",other,") if word != "other" else (seed, ",other,", f",{word},"))
    assert [line.name for line in report.models if line.what == "changed"] == ["ve_klassen"]
    assert {field.field for field in report.fields} == {"type"}


@pytest.mark.slow
def test_a_macro_that_changes_counts(compared: Compared) -> None:
    report = compared(
        ("macros/etg24_teilnehmer.sql", '{{ table }}."firstName"', '{{ table }}."lastName" as "firstName"')
    )
    fields = {(field.entity, field.field): field for field in report.fields}
    assert {name for _, name in fields} == {"firstName"}
    for field in fields.values():
        assert field.personal
        assert all(set(value.new) <= set("x-. \"n9ul'") for value in field.values), field.values


@pytest.mark.slow
def test_a_setting_that_changes_counts_though_dbt_does_not_see_it(compared: Compared) -> None:
    report = compared(
        ("dbt_project.yml", 'etg24: {aktiv: true, separator: "/"', 'etg24: {aktiv: true, separator: "-"')
    )
    assert report.settings == (SettingDiff(setting="partners.etg24.separator", old='"/"', new='"-"'),)
    assert len(report.entities) == 8
    # A number with the new separator in it makes an id that two records could have (I5): it is another rule's.
    assert all(line.new_ids >= 0.9 * line.base_rows for line in report.entities)


@pytest.mark.slow
def test_a_state_that_does_not_compile_is_told_with_its_file(compared: Compared) -> None:
    with pytest.raises(BuildError, match=r"head, folder \(head\d+\): .*etg24__einheiten"):
        compared((EINHEITEN, "{{ ref('ve_klassen') }}", "{{ ref('ve_klasse') }}"))


@pytest.mark.slow
def test_a_test_that_fails_is_not_told_as_no_difference(compared: Compared) -> None:
    join = "    left join ve_klassen on verwaltungseinheiten.klasse = ve_klassen.klasse\n"
    leases = "    left join {{ ref('int_mietvertraege') }} as mv on verwaltungseinheiten.we_nr = mv.we_nr\n"
    report = compared((EINHEITEN, join, join + leases))
    assert "unique_etg24__einheiten_external_id" in {line.node for line in report.failures}
    assert not report.entities
    assert not [note for note in report.notes if "built again" in note]
    assert "But for what failed, no value that is sent differs" in report.notes


@pytest.mark.slow
def test_a_model_that_cannot_be_built_keeps_its_partner_back_and_quotes_no_value(compared: Compared) -> None:
    report = compared(
        (
            EINHEITEN,
            "verwaltungseinheiten.flaeche as area",
            "cast(verwaltungseinheiten.lage as double) as area",
        ),
        ("macros/etg24_teilnehmer.sql", '{{ table }}."firstName"', '{{ table }}."lastName" as "firstName"'),
    )
    [failure] = [line for line in report.failures if line.status == "error"]
    assert (failure.partner, failure.node) == ("etg24", "etg24__einheiten")
    assert not {"Etage", "Erdgeschoss", "EG", "links"} & set(failure.message.replace("'", " ").split())
    # What was built all the same is compared, and nothing is taken for the same that was not.
    assert {(line.entity, line.field) for line in report.fields} >= {("mieter", "firstName")}
    assert not [line for line in report.entities if line.entity == "einheiten"]
    [note] = [note for note in report.notes if "could not be built" in note]
    assert note.startswith("etg24: etg24__einheiten")
    assert not [note for note in report.notes if "no value that is sent differs" in note]


def state_text(file: str) -> str:
    """What stands in a file of the project."""
    return (Path(__file__).parents[2] / file).read_text(encoding="utf-8")
