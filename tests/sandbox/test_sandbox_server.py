"""Starting, stopping, keeping state, options, logs and the pages of the sandbox."""

import re
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from pipelines.contract.contract import load_contract, partners
from pipelines.errors import RunningError, SettingsError
from pipelines.sandbox.options import known_options, parse_options
from pipelines.sandbox.server import Sandbox, partner_kinds
from tests.sandbox.api import Api

SetOption = Callable[[str, str, str], None]
TOKEN = {"Authorization": "Bearer sandbox-etg24"}


def test_a_second_start_finds_what_the_first_left(state: Path) -> None:
    with Sandbox(state) as first:
        api = Api(first.base_url("etg24") + "/v1", TOKEN)
        kept = api.new("/objects", title="Uferstr. 7", extId="001-0001")
        gone = api.new("/objects", title="gone")
        api("delete", f"/objects/{gone['id']}")
        login = {"email": "sandbox@example.org", "password": "sandbox-facilioo"}
        token = requests.post(first.base_url("facilioo") + "/api/auth/login", json=login, timeout=20).json()
    with Sandbox(state) as second:
        api = Api(second.base_url("etg24") + "/v1", TOKEN)
        assert api.get("/objects").json()["data"] == [kept]
        assert api.new("/objects", title="new")["id"] not in (kept["id"], gone["id"])
        assert api("post", "/objects", {"title": "x", "extId": "001-0001"}).status_code == 409
        old_login = {"Authorization": f"Bearer {token['accessToken']}"}
        assert Api(second.base_url("facilioo"), old_login).get("/api/units").status_code == 200


def test_a_stopped_sandbox_answers_no_more(state: Path) -> None:
    with Sandbox(state) as running:
        url = running.url
        assert requests.get(url, timeout=20).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=20)


def test_it_serves_until_it_is_interrupted(state: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipelines.sandbox.server import serve; "
        "serve(Path(sys.argv[1]), 0, announce=lambda sandbox: print(sandbox.url, flush=True))"
    )
    command = [sys.executable, "-c", code, str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout
        assert requests.get(process.stdout.readline().strip(), timeout=20).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_a_state_file_without_the_newer_columns_of_the_log_is_taken_over(state: Path) -> None:
    with Sandbox(state) as first:
        api = Api(first.base_url("etg24") + "/v1", TOKEN)
        api.new("/objects", title="Uferstr. 7")
        api("post", "/objects", {})
    with sqlite3.connect(state) as db:
        for column in ("processed", "fault", "retry_at"):
            db.execute(f"alter table request drop column {column}")
    with Sandbox(state) as second:
        found = [(entry.status, entry.processed, entry.fault) for entry in second.requests("etg24")]
        assert found == [(201, True, ""), (422, False, "")]


def test_two_sandboxes_do_not_share_a_file(state: Path) -> None:
    with (
        Sandbox(state),
        pytest.raises(RunningError, match=r"Another sandbox uses .*state\.db; stop it first\."),
        Sandbox(state),
    ):
        pass
    with Sandbox(state):
        pass


def test_a_port_that_is_taken_is_named(state: Path, tmp_path: Path) -> None:
    with (
        Sandbox(state) as running,
        pytest.raises(SettingsError, match=f"Port {running.port} cannot be used"),
        Sandbox(tmp_path / "other.db", port=running.port),
    ):
        pass


def test_only_the_owner_can_read_the_state(state: Path) -> None:
    with Sandbox(state) as running:
        Api(running.base_url("etg24") + "/v1", TOKEN).new("/objects", title="x")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in state.parent.iterdir()}
    assert modes.keys() >= {"state.db", "state.db-wal"}
    assert set(modes.values()) == {0o600}


def test_only_this_machine_is_served_and_only_under_its_own_name(sandbox: Sandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")
    answer = requests.get(sandbox.url, headers={"Host": "partner.example.org"}, timeout=20)
    assert answer.status_code == 400


def test_the_environment_points_every_connector_here(sandbox: Sandbox) -> None:
    found = sandbox.environment()
    for partner in partners():
        prefix = f"DESTINATION__{partner.upper()}__"
        assert found[prefix + "BASE_URL"] == f"{sandbox.url}/{partner}"
        for key in load_contract(partner).credentials:
            assert found[prefix + key.upper()]


def test_requests_are_logged_without_credentials_and_bodies(sandbox: Sandbox) -> None:
    before = len(sandbox.requests("kiwi"))
    base = sandbox.base_url("kiwi")
    login = {"username": "sandbox", "password": "sandbox-kiwi"}
    key = requests.post(base + "/v1/session", json=login, timeout=20).json()["result"]["session_key"]
    api = Api(base, {"session-key": key})
    api.get("/v1/units", external_id="001.1", session_key=key)
    api("post", "/v1/units", {"name": "Geheim"})
    logged = sandbox.requests("kiwi")[before:]
    assert [(entry.method, entry.path, entry.query, entry.status) for entry in logged] == [
        ("POST", "/v1/session", "", 200),
        ("GET", "/v1/units", "external_id=001.1", 200),
        ("POST", "/v1/units", "", 400),
    ]
    assert [entry.seq for entry in logged] == sorted(entry.seq for entry in logged)
    assert "sandbox-kiwi" not in repr(logged)
    assert "Geheim" not in repr(logged)


def test_bodies_are_logged_when_asked_for(etg24: Api, sandbox: Sandbox, option: SetOption) -> None:
    option("etg24", "log_bodies", "yes")
    etg24.new("/objects", title="Uferstr. 7")
    assert sandbox.requests("etg24")[-1].body == '{"title": "Uferstr. 7"}'


def test_a_refused_request_leaves_nothing_behind(etg24: Api, sandbox: Sandbox) -> None:
    before = len(sandbox.records("etg24", "objekte"))
    etg24.new("/objects", title="first", extId="once")
    assert etg24("post", "/objects", {"title": "second", "extId": "once"}).status_code == 409
    assert len(sandbox.records("etg24", "objekte")) == before + 1
    assert sandbox.requests("etg24")[-1].status == 409


def test_options_are_read_and_checked(state: Path) -> None:
    texts = ["etg24.external_ids=documented", "plentific.versions=2023-02-01,2025-01-01"]
    assert parse_options(texts) == {
        "etg24.external_ids": "documented",
        "plentific.versions": "2023-02-01,2025-01-01",
    }
    with Sandbox(state, options=parse_options(texts)) as running:
        assert running.option("etg24", "external_ids") == "documented"
        assert running.option("etg24", "in_flight") == "2"
        assert running.option("kiwi", "in_flight") == "0"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("etg24.external_ids=some", "Option etg24.external_ids is 'some'; allowed: everywhere, documented."),
        (
            "etg25.external_ids=x",
            f"Option etg25.external_ids: no such partner; known: {', '.join(sorted(partners()))}.",
        ),
        ("etg24.in_flight=many", "Option etg24.in_flight is 'many'; a whole number is needed."),
        (
            "kiwi.colour=red",
            "Option kiwi.colour: no such option; known: cut_after_rate, cut_before_rate, cut_during_rate, down, "
            "down_seconds, error_after_rate, error_rate, error_status, fault_limit, fault_on, fault_seed, "
            "html_rate, in_flight, jitter_ms, late_ms, late_rate, latency_ms, limit_headers, limit_window, "
            "log_bodies, per_minute, per_second, read_delay_ms, reject_field, reject_pattern, retry_after, "
            "retry_after_form, session_seconds, slow_ms, slow_rate, throttle_rate, token_epoch, token_requests, "
            "unknown_fields.",
        ),
        (
            "kiwi.error_rate=101",
            "Option kiwi.error_rate is '101'; a share in percent, 0 to 100, is needed.",
        ),
        ("kiwi.slow_rate=5%", "Option kiwi.slow_rate is '5%'; a share in percent, 0 to 100, is needed."),
        ("kiwi.fault_on=(", "Option kiwi.fault_on is '('; a regular expression is needed."),
        ("colour=red", "--option 'colour=red' is not of the form partner.option=value."),
        ("etg24.in_flight", "--option 'etg24.in_flight' is not of the form partner.option=value."),
    ],
)
def test_a_wrong_option_is_refused_with_what_is_allowed(state: Path, option: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        Sandbox(state, options=parse_options([option]))
    assert str(error.value) == message


def option_rows() -> list[list[str]]:
    """The rows of the tables of options in the documentation, cell by cell."""
    text = (Path(__file__).parents[2] / "docs/sandbox.md").read_text(encoding="utf-8")
    lines = text.partition("## Options")[2].partition("\n## ")[0].splitlines()
    return [re.split(r" *\| *", line.strip("| ")) for line in lines if line.startswith("|") and "`" in line]


def test_every_option_is_documented() -> None:
    rows = option_rows()
    for partner, kind in partner_kinds().items():
        for name, option in known_options(kind).items():
            of_partner = [
                row for row in rows if row[0] == load_contract(partner).title and row[1] == f"`{name}`"
            ]
            row = next(iter([*of_partner, *(row for row in rows if f"`{name}`" in row[:2])]), [])
            assert row, f"{partner}.{name}"
            assert option.default == "" or f"`{option.default}`" in " ".join(row), f"{partner}.{name}: {row}"
            assert all(f"`{choice}`" in " ".join(row) for choice in option.choices if choice != "no")


def test_every_documented_option_exists() -> None:
    known = {load_contract(name).title: known_options(kind) for name, kind in partner_kinds().items()}
    rows = option_rows()
    assert len(rows) > 30
    for first, second, *_ in rows:
        if first.startswith("`"):
            assert all(first.strip("`") in options for options in known.values()), first
        else:
            assert second.strip("`") in known[first], f"{first} {second}"


def test_the_home_page_counts_what_each_partner_holds(etg24: Api, sandbox: Sandbox) -> None:
    etg24.new("/object-groups", title="Wedding")
    page = requests.get(sandbox.url, timeout=20)
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    count = len(sandbox.records("etg24", "objektgruppen"))
    row = page.text.split('<a href="/records/etg24/objektgruppen">', 1)[1].split("</tr>", 1)[0]
    assert row.endswith(f'<td class="number">{count}</td>')
    for partner in partners():
        for entity in load_contract(partner).entities:
            assert f'href="/records/{partner}/{entity}"' in page.text
    assert page.text.count("announced, not specified by KIWI") == 1


def test_pages_escape_what_comes_from_the_erp(etg24: Api, sandbox: Sandbox) -> None:
    etg24.new("/objects", title="<script>alert('x')</script>", extId='"><b>1</b>')
    page = requests.get(sandbox.url + "/records/etg24/objekte", timeout=20).text
    assert "<script>" not in page
    assert "<b>1</b>" not in page
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in page


def test_a_list_page_shows_the_newest_fifty_first(kiwi: Api, sandbox: Sandbox) -> None:
    for number in range(53):
        kiwi.new("/v1/units", external_id=f"p{number:02}", name="WE")
    page = requests.get(sandbox.url + "/records/kiwi/verwaltungseinheiten", timeout=20).text
    assert page.index("p52") < page.index("p51") < page.index("p03")
    assert "p02" not in page
    assert "announced, not specified by KIWI" in page


@pytest.mark.parametrize("path", ["/records/etg24/nothing", "/records/nobody/objekte", "/nobody/objects"])
def test_pages_that_do_not_exist_are_not_found(sandbox: Sandbox, path: str) -> None:
    assert requests.get(sandbox.url + path, timeout=20).status_code == 404


def test_every_operation_of_every_contract_is_served(sandbox: Sandbox) -> None:
    for partner in partners():
        document: Any = load_contract(partner).document
        versions = {"dormakaba": "/v8", "etg24": "/v1", "plentific": "/2023-02-01"}
        for path, item in document["paths"].items():
            # A login on a host of its own has no version.
            prefix = "" if "servers" in item else versions.get(partner, "")
            for method in ("get", "post", "put", "patch", "delete"):
                address = sandbox.base_url(partner) + prefix + path.replace("{", "").replace("}", "")
                status = requests.request(method, address, timeout=20).status_code
                is_open = item.get(method, {}).get("security") == []
                # A login without credentials is a wrong one.
                assert status in ((400, 401, 422) if is_open else (401, 405)), f"{method} {path}: {status}"


def test_the_state_file_is_a_plain_sqlite_file(state: Path) -> None:
    with Sandbox(state) as running:
        Api(running.base_url("etg24") + "/v1", TOKEN).new("/objects", title="x")
    [(count,)] = sqlite3.connect(state).execute("select count(*) from record").fetchall()
    assert count == 1
