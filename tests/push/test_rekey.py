"""`rekey`: what the ERP made anew keeps its record at the partner."""

import copy
import json
from pathlib import Path

import pytest

from pipelines.contract.contract import load_contract
from pipelines.errors import SettingsError, StammdatenError
from pipelines.ledger.ledger import open_database
from pipelines.push.rekey import Move, Pair, Rekey, pairs_of_file, pairs_of_plan, rekey
from tests.plan.test_renumbered import pairs as plan_pairs
from tests.plan.test_renumbered import renamed
from tests.push.marts import write_marts
from tests.push.site import Rows, Site
from tests.push.stock import FACILIOO, HOUSE, KIWI

NEW = renamed(HOUSE, "001/1", "001/2")


def marts(site: Site, partner: str, rows: Rows) -> None:
    with open_database(site.home) as db:
        write_marts(db, partner, rows)


def move(
    site: Site,
    *pairs: tuple[str, str],
    entity: str | None = None,
    apply: bool = True,
    partner: str = "etg24",
    separator: str = "/",
) -> Rekey:
    asked = [Pair(entity, former, now, f"line {n}") for n, (former, now) in enumerate(pairs, 2)]
    return rekey(site.home, load_contract(partner), separator, asked, apply)


def ids(site: Site, partner: str, entity: str, name: str) -> dict[str, str]:
    """Our id → the partner's, as the partner has them."""
    return {r[name]: r["id"] for r in site.sandbox.records(partner, entity)}


def test_a_renumbered_we_keeps_all_its_records_and_gets_its_new_ids(site: Site) -> None:
    site.sync("etg24", HOUSE)
    before = {name: ids(site, "etg24", name, "extId") for name in HOUSE}
    marts(site, "etg24", NEW)
    shown = move(site, ("001/1", "001/2"), apply=False)
    assert (shown.applied, len(shown.moves)) == (False, 15)
    assert shown.moves[0] == Move("objektgruppen", "001/1", "001/2", before["objektgruppen"]["001/1"], False)
    assert site.ledger("select count(*) from sync.ledger where external_id like '001/2%'") == [(0,)]
    assert move(site, ("001/1", "001/2")).applied
    assert site.ledger("select distinct state, reason from sync.ledger") == [("pending", "rekeyed")]
    sent = len(site.sent("etg24"))
    lines = site.sync("etg24", NEW)
    assert site.held == {}
    assert {line.updated for line in lines.values()} == {1, 2, 3}
    assert {line.split()[0] for line in site.sent("etg24")[sent:]} == {"PATCH"}
    for name, held in before.items():
        after = ids(site, "etg24", name, "extId")
        assert after == {key.replace("001/1", "001/2"): remote for key, remote in held.items()}
    again = move(site, ("001/1", "001/2"))
    assert (again.moves, again.applied, [pair.former for pair in again.done]) == ((), False, ["001/1"])


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("partner", "rows", "entity", "name"),
    [
        ("kiwi", KIWI, "mietvertraege", "external_id"),
        ("facilioo", FACILIOO, "vertraege_mieter", "externalId"),
    ],
)
def test_a_person_with_another_number_keeps_its_record_and_its_contracts(
    site: Site, partner: str, rows: Rows, entity: str, name: str
) -> None:
    site.sync(partner, rows)
    before = ids(site, partner, entity, name)
    new = json.loads(json.dumps(rows).replace('"77', '"78').replace('/77"', '/78"'))
    marts(site, partner, new)
    moved = move(site, ("77", "78"), partner=partner)
    assert ("001/1/01/0001/01/77", "001/1/01/0001/01/78") in [(m.former, m.now) for m in moved.moves]
    lines = site.sync(partner, new)
    assert sum(line.created + line.withdrawn + line.undelivered for line in lines.values()) == 0
    after = ids(site, partner, entity, name)
    assert after == {key.replace("/77", "/78"): remote for key, remote in before.items()}


def test_a_partner_without_wes_moves_what_begins_with_the_number(site: Site) -> None:
    site.sync("kiwi", KIWI)
    new = renamed(KIWI, "001/1", "001/2")
    marts(site, "kiwi", new)
    moved = move(site, ("001/1", "001/2"), partner="kiwi")
    assert sorted(m.former for m in moved.moves) == [
        "001/1/01/0001",
        "001/1/01/0001/01/77",
        "001/1/01/0002",
    ]
    assert sum(line.created + line.withdrawn for line in site.sync("kiwi", new).values()) == 0


def test_numbers_that_shift_by_one_move_together(site: Site) -> None:
    two = copy.deepcopy(KIWI)
    site.sync("kiwi", {"verwaltungseinheiten": two["verwaltungseinheiten"]})
    before = ids(site, "kiwi", "verwaltungseinheiten", "external_id")
    for unit in two["verwaltungseinheiten"]:
        unit["external_id"] = {"001/1/01/0001": "001/1/01/0002", "001/1/01/0002": "001/1/01/0003"}[
            unit["external_id"]
        ]
    marts(site, "kiwi", {"verwaltungseinheiten": two["verwaltungseinheiten"]})
    pairs = (("001/1/01/0001", "001/1/01/0002"), ("001/1/01/0002", "001/1/01/0003"))
    assert len(move(site, *pairs, partner="kiwi").moves) == 2
    held = dict(site.ledger("select external_id, remote_id from sync.ledger"))
    assert held == {
        "001/1/01/0002": str(before["001/1/01/0001"]),
        "001/1/01/0003": str(before["001/1/01/0002"]),
    }
    again = move(site, *pairs, partner="kiwi")
    assert (again.moves, len(again.done)) == ((), 2)
    assert dict(site.ledger("select external_id, remote_id from sync.ledger")) == held


def test_two_ids_that_are_exchanged_move_once_however_often_it_is_asked(site: Site) -> None:
    two = json.loads(json.dumps(FACILIOO).replace('"77', '"78').replace('/77"', '/78"'))
    rows = {
        name: FACILIOO[name] + [row for row in two[name] if row not in FACILIOO[name]] for name in FACILIOO
    }
    site.sync("facilioo", rows)
    held = "select external_id, remote_id from sync.ledger where entity = 'parteien_mieter'"
    before = dict(site.ledger(held))
    text = json.dumps(rows)
    for end, begin in (('"', '"'), ("/", '"'), ('"', "/")):
        text = text.replace(f"{begin}77{end}", f"{begin}-{end}")
        text = text.replace(f"{begin}78{end}", f"{begin}77{end}").replace(f"{begin}-{end}", f"{begin}78{end}")
    marts(site, "facilioo", json.loads(text))
    first = move(site, ("77", "78"), ("78", "77"), partner="facilioo")
    assert (first.applied, len([m for m in first.moves if not m.derived])) == (True, 2)
    again = move(site, ("77", "78"), ("78", "77"), partner="facilioo")
    assert (again.applied, again.moves, len(again.done)) == (False, (), 2)
    assert dict(site.ledger(held)) == {"78": before["77"], "77": before["78"]}


def test_an_exchange_that_the_partner_would_refuse_for_ever_is_refused_at_once(site: Site) -> None:
    site.sync("kiwi", KIWI)
    before = site.ledger("from sync.ledger order by all")
    one, two = "001/1/01/0001", "001/1/01/0002"
    text = json.dumps(KIWI).replace(one, "-").replace(two, one).replace('"-', f'"{two}')
    marts(site, "kiwi", json.loads(text))
    with pytest.raises(
        StammdatenError, match="verwaltungseinheiten would exchange their ids, and KIWI lets no"
    ):
        move(site, (one, two), (two, one), partner="kiwi")
    assert site.ledger("from sync.ledger order by all") == before


def test_a_child_that_is_still_in_the_mart_or_has_no_new_row_stays(site: Site) -> None:
    site.sync("etg24", HOUSE)
    new = renamed(HOUSE, "001/1", "001/2")
    # One house stayed in the old WE by mistake of the ERP, one tenant moved out.
    new["objekte"][1]["external_id"] = "001/1/02"
    new["mieter"] = new["mieter"][:2]
    marts(site, "etg24", new)
    moved = move(site, ("001/1", "001/2"), apply=False)
    assert "001/1/02" not in [m.former for m in moved.moves if m.entity == "objekte"]
    assert moved.staying == ("mieter 001/1/01/0002/01/79",)


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("pair", "entity", "message"),
    [
        (("001/9", "001/2"), None, "001/9 is not in the ledger of etg24"),
        (("001/9", "001/8"), "objekte", "001/9 is no record of objekte in the ledger"),
        (("001/1", "001/3"), None, "001/3 is not in the mart etg24__objektgruppen; load and build"),
        (
            ("001/1", "001/2/01"),
            None,
            "001/2/01 is not in the mart etg24__objektgruppen; it is in that of objekt",
        ),
        (("001/1", "001/2"), "objekte", "001/1 is no record of objekte .*; it is one of objektgruppen"),
        (("001/1", "001/2"), "houses", "etg24 has no entity 'houses'; it has objektgruppen, objekte"),
        (("001/1", "001/1"), None, "two different ids are needed"),
        (("", "001/2"), None, "two different ids are needed"),
    ],
)
def test_a_wrong_pair_is_named_and_nothing_moves(
    site: Site, pair: tuple[str, str], entity: str | None, message: str
) -> None:
    site.sync("etg24", HOUSE)
    marts(site, "etg24", NEW)
    before = site.ledger("from sync.ledger order by all")
    with pytest.raises(StammdatenError, match=f"line 3: {message}.*Nothing was moved"):
        rekey(
            site.home,
            load_contract("etg24"),
            "/",
            [Pair("objekte", "001/1/01", "001/2/01", "line 2"), Pair(entity, *pair, "line 3")],
            True,
        )
    assert site.ledger("from sync.ledger order by all") == before


def test_an_id_that_another_record_has_or_that_still_lives_is_refused(site: Site) -> None:
    site.sync("kiwi", KIWI)
    with pytest.raises(StammdatenError, match="line 2: 001/1/01/0002 is another record at kiwi already"):
        move(site, ("001/1/01/0001", "001/1/01/0002"), partner="kiwi")
    both = copy.deepcopy(KIWI)
    both["verwaltungseinheiten"].append({**KIWI["verwaltungseinheiten"][0], "external_id": "001/1/01/0007"})
    marts(site, "kiwi", both)
    with pytest.raises(StammdatenError, match="001/1/01/0001 is still in the mart, so the ERP has both"):
        move(site, ("001/1/01/0001", "001/1/01/0007"), partner="kiwi")
    with pytest.raises(StammdatenError, match="two records are to be moved to 001/1/01/0007"):
        move(
            site,
            ("001/1/01/0001", "001/1/01/0007"),
            ("001/1/01/0002", "001/1/01/0007"),
            partner="kiwi",
        )


def test_records_that_a_partner_tells_by_our_id_alone_cannot_be_moved(site: Site) -> None:
    with open_database(site.home) as db:
        write_marts(db, "casavi", {"liegenschaften": [{"external_id": "001/2"}]})
        db.execute(
            "insert into sync.ledger (partner, entity, id_space, external_id, remote_id, state) values"
            " ('casavi', 'liegenschaften', 'liegenschaften', '001/1', '001/1', 'synced')"
        )
    with pytest.raises(StammdatenError, match="casavi tells records of liegenschaften by our id alone"):
        move(site, ("001/1", "001/2"), partner="casavi")


def test_all_pairs_that_a_plan_points_out_move_at_once(site: Site) -> None:
    site.sync("etg24", HOUSE)
    plan_pairs(site, "etg24", NEW)
    asked = pairs_of_plan(site.home, "etg24")
    assert asked == [Pair("objektgruppen", "001/1", "001/2", "001/1 → 001/2")]
    assert len(rekey(site.home, load_contract("etg24"), "/", asked, True).moves) == 15
    assert plan_pairs(site, "etg24", NEW) == ([], {})
    with pytest.raises(StammdatenError, match="the last plan of etg24 points out no renumbering"):
        pairs_of_plan(site.home, "etg24")


@pytest.mark.parametrize("text", ["from,to\n001/1,001/2\n", "\ufeffentity;to;from\r\n;001/2; 001/1 \r\n\r\n"])
def test_pairs_are_read_from_a_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(text, encoding="utf-8")
    assert pairs_of_file(file) == [Pair(None, "001/1", "001/2", "line 2")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the columns from, to"),
        (b"from,to\n", "no pair stands in it"),
        (b"alt,neu\n1,2\n", "the columns from, to"),
        (b"from,to\n1,2,3\n", "line 2: 3 values, 2 are needed"),
        (b'from,to\n"1,2\n', "line 2"),
        (b"from,to\n1,\xff\n", "it is not UTF-8"),
    ],
)
def test_a_wrong_file_of_pairs_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "pairs.csv"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=message):
        pairs_of_file(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        pairs_of_file(tmp_path / "none.csv")
