"""Requests that are no requests get a 400; an error of the sandbox is told on its terminal, and a run finds it."""

import os
from datetime import date
from pathlib import Path

import pytest
import requests

from pipelines.commands import sample
from pipelines.errors import RunningError
from pipelines.sandbox.play.partner import Partner
from pipelines.sandbox.server import Sandbox, running
from pipelines.settings import Vars

TOKEN = {"Authorization": "Bearer sandbox-etg24", "Content-Type": "application/json"}
ETG24 = {"etg24": {"aktiv": True, "separator": "/", "mandanten": "alle"}}


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "x"', b"", b'{"title": "\\ud800"}', b'{"\\udfff": 1}', b'{"yearBuilt": NaN}', b'{"area": 1e999}',
        b'{"title": "\xff"}', b"[" * 100_000, b'{"a":' * 50_000, b"[]", b"null", b'"x"', b'{"a": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_answered_with_400(sandbox: Sandbox, body: bytes) -> None:
    answer = requests.post(sandbox.base_url("etg24") + "/v1/objects", data=body, headers=TOKEN, timeout=20)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "no_json"
    assert (
        requests.get(sandbox.base_url("etg24") + "/v1/objects", headers=TOKEN, timeout=20).status_code == 200
    )


def test_a_query_that_is_no_utf_8_is_no_error_of_the_sandbox(sandbox: Sandbox) -> None:
    for query in ("?extId=%ff%ed%a0%80", "?%00=1"):
        url = sandbox.base_url("etg24") + "/v1/objects" + query
        assert requests.get(url, headers=TOKEN, timeout=20).status_code < 500


def test_the_cause_of_a_500_is_told_on_the_terminal_and_not_in_the_answer(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("Zzyzxowski 0815")

    monkeypatch.setattr(Partner, "add", broken)
    url = sandbox.base_url("etg24") + "/v1/objects"
    answer = requests.post(url, json={"title": "x"}, headers=TOKEN, timeout=20)
    assert answer.status_code == 500
    assert "LookupError" not in answer.text
    heard = capfd.readouterr().err
    assert heard.startswith("500 POST /etg24/v1/objects\n")
    assert "LookupError: xxxxxxxxxx 0000" in heard
    assert sandbox.requests("etg24")[-1].status == 500


def test_a_sandbox_is_found_by_its_state_as_long_as_it_runs(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.sqlite"
    assert running(state) is None
    with Sandbox(state) as served:
        assert running(state) == served.url
    assert running(state) is None


def test_a_sandbox_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.sqlite"
    with Sandbox(state) as served, served.unreachable(), pytest.raises(RunningError, match="does not answer"):
        running(state)


def test_an_address_elsewhere_is_never_used(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.sqlite"
    with Sandbox(state):
        state.with_name("sandbox.sqlite.lock").write_text("http://198.51.100.7:80")
        with pytest.raises(RunningError):
            running(state)


def test_commands_on_the_sample_use_the_sandbox_that_runs_or_one_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.startswith(("DESTINATION__", "SOURCES__")):
            monkeypatch.delenv(name)
    settings = Vars(date(2026, 11, 21), "wodis_sigma", ETG24)
    heard: list[str] = []
    with Sandbox(tmp_path / "sandbox.sqlite") as served:
        with sample.at_sandbox(tmp_path, heard.append):
            assert os.environ["DESTINATION__ETG24__BASE_URL"] == served.base_url("etg24")
        assert heard == [f"No partner is configured: using the sandbox that runs on {served.url}"]
    assert "DESTINATION__ETG24__BASE_URL" not in os.environ
    with sample.at_sandbox(tmp_path):
        own = os.environ["DESTINATION__ETG24__BASE_URL"]
        assert requests.get(own + "/v1/objects", headers=TOKEN, timeout=20).status_code == 200
    # Data that is no sample never goes there by itself.
    with sample.partners_at_hand(tmp_path, settings):
        assert "DESTINATION__ETG24__BASE_URL" not in os.environ
