"""Reading OpenWOWI page by page: nothing is missed, nothing half is loaded, no credential leaves the door."""

import logging
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.erp.delivery.delivery import Wanted
from pipelines.erp.load import load
from pipelines.erp.openwowi.client import Access
from pipelines.erp.openwowi.door import OpenWowi
from pipelines.errors import DeliveryError
from tests.erp.conftest import Database
from tests.erp.openwowi_server import (
    API_KEY,
    CONTRACT_POSITIONS,
    CONTRACTORS,
    ECONOMIC_UNITS,
    LICENSE_AGREEMENTS,
    MANAGEMENTS,
    PASSWORD,
    PERSONS,
    USERNAME,
    FakeOpenWowi,
    Row,
    crowd,
    delete,
    move,
    portfolio,
    status,
)

Change = Callable[[FakeOpenWowi], object]

# Everything that must not be read anywhere but on the wire.
SECRETS = re.compile(r"geheim|key/0815|key%2F0815|Geheimrat", re.IGNORECASE)


@contextmanager
def serving(lists: dict[str, list[Row]], **options: Any) -> Iterator[tuple[FakeOpenWowi, OpenWowi]]:
    with FakeOpenWowi(lists, **options) as fake:
        yield fake, OpenWowi(Access(fake.url, USERNAME, PASSWORD, API_KEY), backoff_seconds=0.01)


@pytest.fixture
def tenants(tmp_path: Path) -> Callable[[OpenWowi], list[str]]:
    """The numbers of the tenants that a door delivers, in order."""

    def read(door: OpenWowi) -> list[str]:
        with door.opened(Wanted("wodis_sigma", tmp_path)) as delivery:
            return [
                row["person_nr"] for batch in delivery.tables["mieter"].read() for row in batch.to_pylist()
            ]

    return read


def numbers(count: int) -> list[str]:
    return [f"{200_000 + number}" for number in range(count)]


@pytest.mark.sampled
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 267, 301])
def test_every_row_comes_once_whatever_the_number_of_pages(tenants, count):
    with serving(crowd(count)) as (fake, door):
        assert tenants(door) == numbers(count)
    assert {int(query["limit"]) for query in fake.queries(CONTRACTORS)} <= {100, 67}
    assert fake.queries(CONTRACTORS)[-1]["offset"] == str(count)  # the empty page that says it is the end


def test_the_first_pass_reads_whole_hundreds(tenants):
    with serving(crowd(200)) as (fake, door):
        tenants(door)
    places = [(query["offset"], query["limit"]) for query in fake.queries(CONTRACTORS)]
    assert places == [
        ("0", "100"),
        ("100", "100"),
        ("200", "100"),
        ("0", "67"),
        ("67", "100"),
        ("167", "100"),
        ("200", "100"),
    ]


def test_a_server_that_caps_lower_than_we_ask_loses_nothing(tenants):
    with serving(crowd(130), cap=50) as (_, door):
        assert tenants(door) == numbers(130)


# Rows that move


@pytest.mark.sampled
@pytest.mark.parametrize("request_number", [2, 5])
@pytest.mark.parametrize(
    "fault", [move(170, 20), move(20, 170), move(100, 0), move(99, 230)], ids=["up", "down", "over", "under"]
)
def test_a_row_that_moves_between_the_pages_is_neither_missed_nor_doubled(tenants, fault, request_number):
    with serving(crowd(250), faults={(CONTRACTORS, request_number): fault}) as (_, door):
        assert tenants(door) == numbers(250)


@pytest.mark.parametrize("request_number", [2, 3, 6, 7])
def test_a_row_that_vanishes_takes_no_other_with_it(tenants, request_number):
    """The page behind a deleted row begins one row too late, without any row coming twice."""
    with serving(crowd(250), faults={(CONTRACTORS, request_number): delete(40)}) as (_, door):
        found = tenants(door)
    assert found in (numbers(250), [number for number in numbers(250) if number != "200040"])


def test_a_row_that_vanishes_while_another_moves_up_takes_no_other_with_it(tenants):
    """Both together leave every boundary where it was and double no row: only the second pass shows it."""

    def both(rows: list[Row]) -> None:
        rows.pop(40)
        rows.insert(10, rows.pop(170))

    with serving(crowd(250), faults={(CONTRACTORS, 2): both}) as (_, door):
        assert tenants(door) == [number for number in numbers(250) if number != "200040"]


def one_too_late(rows: list[Row], place: slice) -> list[Row]:
    """Every later page begins one row too late."""
    return rows[place.start + 1 : place.stop + 1]


def another_order(rows: list[Row], place: slice) -> list[Row]:
    """Every later page comes from an order in which two rows have changed places."""
    rows[20], rows[150] = rows[150], rows[20]
    return rows[place]


@pytest.mark.parametrize("later", [one_too_late, another_order])
def test_a_fault_that_is_the_same_in_every_pass_is_noticed(tenants, later):
    class Odd(list):  # type: ignore[type-arg]
        def __getitem__(self, place: Any) -> Any:
            return later(list(self), place) if place.start else list.__getitem__(self, place)

    lists = crowd(250)
    lists[CONTRACTORS] = Odd(lists[CONTRACTORS])
    with serving(lists) as (_, door), pytest.raises(DeliveryError, match="rows change while they are read"):
        tenants(door)


def test_rows_that_never_rest_are_not_loaded(tenants):
    with (
        serving(crowd(250), always={CONTRACTORS: move(-1, 0)}) as (_, door),
        pytest.raises(DeliveryError) as caught,
    ):
        tenants(door)
    assert str(caught.value) == (
        "OpenWOWI RentAccountingPersonDetails/Contractors: rows change while they are read (4 passes, no two alike); "
        "nothing was loaded, load again when nobody works there"
    )


def test_a_row_that_the_erp_lists_twice_on_one_page_stays_twice(tenants):
    lists = crowd(5)
    lists[CONTRACTORS].insert(3, dict(lists[CONTRACTORS][3]))
    with serving(lists) as (_, door):
        assert tenants(door) == ["200000", "200001", "200002", "200003", "200003", "200004"]


# Failures on the way


def test_one_expired_token_is_one_new_login(tenants):
    with serving(crowd(250)) as (fake, door):
        fake.faults[CONTRACTORS, 2] = fake.revoke
        assert tenants(door) == numbers(250)
        assert len(fake.logins) == 2
        # The request is sent again with the new token: two passes of four pages, and one more.
        assert len(fake.queries(CONTRACTORS)) == 9


def test_too_many_requests_are_waited_for_as_long_as_the_server_says(tenants):
    with serving(crowd(150), faults={(PERSONS, 1): status(429, {"Retry-After": "1"})}) as (fake, door):
        assert tenants(door) == numbers(150)
    first, second = [call.at for call in fake.calls if call.path == PERSONS][:2]
    assert second - first >= 1  # without the header it would be a hundredth


def test_a_passing_failure_of_one_page_is_tried_again(tenants):
    with serving(crowd(250), faults={(CONTRACTORS, 2): status(500), (CONTRACTORS, 3): status(503)}) as (
        _,
        door,
    ):
        assert tenants(door) == numbers(250)


ROWS = "select 'mieter', count(*) from erp_raw.mieter union all select 'person', count(*) from erp_raw.person"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a good load, which no failure may change."""
    home = tmp_path_factory.mktemp("loaded") / "home"
    with serving(crowd(250)) as (_, door):
        load(door, home)
    return home


@pytest.fixture
def fails(loaded: Path) -> Callable[..., str]:
    """Loads with what goes wrong; returns the message when the raw layer is as before."""

    def run(
        change: Change = lambda fake: None, door: Callable[[OpenWowi], OpenWowi] = lambda door: door
    ) -> str:
        with serving(crowd(250)) as (fake, good):
            change(fake)
            with pytest.raises(DeliveryError) as caught:
                load(door(good), loaded)
        assert sorted(Database(loaded).rows(ROWS)) == [("mieter", 250), ("person", 3)]
        assert not (loaded / "erp_scratch").exists()
        message = str(caught.value)
        assert "\n" not in message
        assert not SECRETS.search(message)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        return message

    return run


def test_a_page_that_keeps_failing_keeps_the_raw_layer_as_it_was(fails):
    def change(fake: FakeOpenWowi) -> None:
        def third_page(rows: list[Row]) -> Any:
            return status(500)(rows) if fake.calls[-1].query["offset"] == "200" else None

        fake.always[CONTRACTORS] = third_page

    assert fails(change) == (
        "OpenWOWI RentAccountingPersonDetails/Contractors: the server failed (HTTP 500) 5 times in a row; "
        "nothing was loaded, load again later"
    )


@pytest.mark.parametrize("code", [401, 403])
@pytest.mark.parametrize(
    ("path", "right"),
    [(PERSONS, "Personen lesen"), (CONTRACTORS, "Vertragsdaten mit personenbezogenen Details")],
)
def test_a_refused_list_of_people_is_missing_data_and_names_the_right(fails, path, right, code):
    message = fails(lambda fake: fake.always.update({path: status(code)}))
    assert message == (
        f'OpenWOWI {path}: reading is refused (HTTP {code}); grant the API key the right "{right}" in WOWIPORT'
    )


def test_a_refused_list_that_is_optional_may_be_left_out(fails, tenants):
    message = fails(lambda fake: fake.always.update({CONTRACT_POSITIONS: status(403)}))
    assert message.endswith(
        'grant the API key the right "Vertragsdaten" in WOWIPORT, or leave mietkondition out of '
        "SOURCES__ERP__OPENWOWI__TABLES"
    )
    with serving(crowd(3), always={CONTRACT_POSITIONS: status(403)}) as (_, door):
        assert tenants(replace(door, optional=("leerstand",))) == numbers(3)


def test_an_optional_list_that_this_version_lacks_is_empty_unless_it_had_rows(fails, tenants):
    lists = portfolio()
    del lists[CONTRACT_POSITIONS]
    with serving(lists) as (_, door):
        assert len(tenants(door)) == 3
    message = fails(lambda fake: fake.lists.pop(CONTRACT_POSITIONS))
    assert "OpenWOWI mietkondition" in message


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda fake: fake.lists.pop(ECONOMIC_UNITS), "EconomicUnits: not there (HTTP 404); mend "),
        (
            lambda fake: fake.always.update({MANAGEMENTS: status(200)}),
            "Managements: the answer is no list of rows",
        ),
        (
            lambda fake: fake.always.update({MANAGEMENTS: status(302, {"Location": "http://127.0.0.1:1/"})}),
            "Managements: the answer is no list of rows",
        ),
        (lambda fake: fake.lists.update({MANAGEMENTS: []}), "OpenWOWI mandant: "),
        (lambda fake: fake.lists.update({PERSONS: []}), "OpenWOWI person: "),
    ],
    ids=["absent", "no list", "elsewhere", "no company", "no people"],
)
def test_an_answer_that_cannot_be_right_keeps_the_raw_layer(fails, change, expected):
    assert expected in fails(change)


def test_a_wrong_password_is_named_by_its_setting(fails):
    message = fails(
        lambda fake: None,
        lambda door: replace(door, access=replace(door.access, password="geheim und falsch")),
    )
    assert re.fullmatch(
        r"OpenWOWI login at http://127\.0\.0\.1:\d+/oauth2/token: refused \(HTTP 400\); "
        r"mend SOURCES__ERP__OPENWOWI__USERNAME or SOURCES__ERP__OPENWOWI__PASSWORD",
        message,
    )


def test_a_wrong_api_key_is_named_by_its_setting(fails):
    message = fails(door=lambda door: replace(door, access=replace(door.access, api_key="geheim?")))
    assert message.startswith("OpenWOWI CommercialInventory/Managements: refused (HTTP 400); mend ")
    assert "SOURCES__ERP__OPENWOWI__API_KEY" in message


def test_a_host_that_nobody_answers_at_is_named(fails):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        message = fails(
            door=lambda door: replace(door, access=replace(door.access, root=f"http://127.0.0.1:{port}")),
        )
    assert message == (
        f"OpenWOWI 127.0.0.1:{port} cannot be reached; check SOURCES__ERP__OPENWOWI__BASE_URL or "
        "SOURCES__ERP__OPENWOWI__CUSTOMER, and the network; nothing was loaded"
    )


# Credentials


def test_no_credential_is_in_logs_files_or_the_door_itself(home, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    loggers = {
        logger: logger.level
        for logger in map(logging.getLogger, ("dlt", "urllib3", "urllib3.connectionpool", "requests"))
    }
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(caplog.handler)
    try:
        with serving(crowd(120)) as (fake, door):
            fake.faults[CONTRACTORS, 2] = fake.revoke
            fake.faults[LICENSE_AGREEMENTS, 1] = status(500)
            load(door, home)
    finally:
        for logger, level in loggers.items():
            logger.removeHandler(caplog.handler)
            logger.setLevel(level)
    assert any("apiKey=***" in record.getMessage() for record in caplog.records)
    said = caplog.text + "".join(capfd.readouterr()) + repr(door)
    assert not SECRETS.search(said)
    for path in home.rglob("*"):
        if path.is_file():
            assert not SECRETS.search(path.read_bytes().decode("latin-1")), path.name


def test_the_key_and_the_token_stay_with_the_host(tenants):
    """An answer that sends us elsewhere is not followed."""
    with FakeOpenWowi(portfolio()) as elsewhere:
        moved = status(307, {"Location": f"{elsewhere.url}/openwowi/v1.2/{PERSONS}"})
        with serving(crowd(3), always={PERSONS: moved}) as (_, door), pytest.raises(DeliveryError):
            tenants(door)
        assert elsewhere.calls == []
