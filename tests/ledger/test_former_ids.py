"""An id of ours that is written otherwise since an update moves in the ledger; the partner sees nothing of it."""

from pathlib import Path

import pytest

from pipelines.contract.contract import ContractError, load_contract
from pipelines.contract.entities import _former_ids
from pipelines.ledger.former_ids import move_former_ids
from pipelines.ledger.ledger import open_database
from tests.push.site import Rows, Site
from tests.push.stock import FACILIOO


def with_ids(ids: dict[str, str]) -> Rows:
    """The stock with these external ids of contact details."""
    [mail] = FACILIOO["kontaktdaten"]
    rows = [{**mail, "external_id": new, "contactTypeId": int(kind)} for kind, new in ids.items()]
    return {**FACILIOO, "kontaktdaten": rows}


def test_contact_details_of_an_older_ledger_are_neither_deleted_nor_made_anew(
    site: Site,
) -> None:
    site.sync("facilioo", with_ids({"1": "77/1", "2": "77/2", "3": "77/3"}))
    before = site.sandbox.records("facilioo", "kontaktdaten")
    asked = len(site.sent("facilioo"))
    lines = site.sync("facilioo", with_ids({"1": "77/email", "2": "77/festnetz", "3": "77/handynummer"}))
    assert len(before) == 3
    assert site.sandbox.records("facilioo", "kontaktdaten") == before
    assert len(site.sent("facilioo")) == asked
    line = lines["kontaktdaten"]
    assert (line.created, line.updated, line.withdrawn, line.unchanged) == (0, 0, 0, 3)
    assert site.ledger("select external_id from sync.ledger where entity = 'kontaktdaten' order by all") == [
        ("77/email",),
        ("77/festnetz",),
        ("77/handynummer",),
    ]


def test_moving_twice_changes_nothing_and_a_new_id_that_is_there_is_left_alone(tmp_path: Path) -> None:
    ids = ["77/1", "12-3|2", "1", "88/email", "88/1", "99/11"]
    with open_database(tmp_path) as db:
        db.executemany(
            "insert into sync.ledger (partner, entity, id_space, external_id, state)"
            " values ('facilioo', 'kontaktdaten', 'kontaktdaten', ?, 'synced')",
            [[id_] for id_ in ids],
        )
        assert [move_former_ids(db, load_contract("facilioo")) for _ in range(2)] == [2, 0]
        found = db.execute("select external_id from sync.ledger order by all").fetchall()
    assert found == [("1",), ("12-3|festnetz",), ("77/email",), ("88/1",), ("88/email",), ("99/11",)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "a map of patterns to ids is needed"),
        ({"(": "x"}, "is no pattern"),
        ({"(.+)/.*": r"\1/1"}, "fits its own pattern"),
    ],
)
def test_former_ids_that_cannot_work_are_refused(given: object, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        _former_ids(given, "facilioo")
