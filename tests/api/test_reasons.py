"""Reason codes: which answer gets which, that all are used and described, and that the page says what the code says."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from pipelines.api import beliefs, reasons, uploads
from pipelines.api.classify import Refusal, classify, words_of
from pipelines.api.http.client import PROBLEMS
from pipelines.api.reasons import REASONS, SYNCED, WITHDRAWN
from pipelines.contract.contract import load_contract
from pipelines.erp.content import document
from pipelines.push import delivered
from pipelines.readback import verify
from pipelines.sandbox.server import Sandbox
from pipelines.settings import project_root

# What the record's request was, status, words of the body, refused fields, and the rest; then the code.
ANSWERS = [
    (Refusal("create", 422, text="title is required", fields=("title",)), "missing_field"),
    (Refusal("create", 422, text="title must not be empty", fields=("title",)), "missing_field"),
    (Refusal("create", 400, text="titel ist erforderlich", fields=("titel",)), "missing_field"),
    (Refusal("update", 422, text="has the wrong form", fields=("postalCode",)), "invalid_field"),
    (Refusal("update", 422), "invalid_field"),
    (Refusal("create", 422, text="title is too long", fields=("title",)), "too_long"),
    (Refusal("create", 400, text="foo is not known", fields=("foo",)), "unknown_field"),
    (Refusal("create", 422, text="has the wrong form", fields=("emailAddress",)), "email_refused"),
    (Refusal("create", 422, text="is required", fields=("emailAddress",)), "missing_field"),
    (Refusal("create", 422, text="is taken in this object", fields=("number",)), "value_taken"),
    (
        Refusal("create", 422, text="unknown_parent", fields=("unitId",), parents=("unitId",)),
        "unknown_parent",
    ),
    (Refusal("create", 404, text="not_found", parent_in_path=True), "unknown_parent"),
    (Refusal("create", 409), "duplicate"),
    (Refusal("update", 409), "conflict"),
    (Refusal("update", 412), "conflict"),
    (Refusal("withdraw", 409), "still_referenced"),
    (Refusal("update", 404), "missing_at_partner"),
    (Refusal("update", 410), "missing_at_partner"),
    (Refusal("update", 404, text="unknown_route there is nothing at this address"), "unknown_route"),
    (Refusal("create", 404), "unknown_route"),
    (Refusal("create", 404, html=True, parent_in_path=True), "unknown_route"),
    (Refusal("create", 405), "unknown_route"),
    (Refusal("update", 423), "locked"),
    (Refusal("create", 403), "forbidden"),
    (Refusal("update", 401), "login_expired"),
    (
        Refusal("create", 422, text="is required", fields=("extId",), external_id="extId"),
        "external_id_refused",
    ),
    (
        Refusal("create", 400, text="is too long", fields=("extId",), external_id="extId"),
        "external_id_refused",
    ),
    (Refusal("update", 200, problem="errors"), "errors_in_answer"),
    (Refusal("update", 200, problem="unusable"), "unusable_answer"),
    (Refusal("update", None, problem="unusable"), "unusable_answer"),
    (Refusal("update", None, problem="cut"), "list_broken_off"),
    (Refusal("create", 403, text="sync_off the objekt is not switched on for the sync."), "sync_off"),
    (Refusal("create", 418), "refused"),
    (Refusal("create", 400), "malformed_request"),
    (Refusal("create", 413), "too_large"),
    (Refusal("create", 415), "unsupported_form"),
    (Refusal("create", 302), "redirected"),
    (Refusal("create", 201), "unreadable_answer"),
    (Refusal("create", 200, html=True), "html_answer"),
    (Refusal("update", 502, html=True), "html_answer"),
    (Refusal("update", 403, html=True), "html_answer"),
    (Refusal("create", 429), "throttled"),
    (Refusal("create", 429, text="daily limit reached"), "quota_exceeded"),
    (Refusal("create", 402), "quota_exceeded"),
    (Refusal("create", 500), "server_error"),
    (Refusal("create", 599), "server_error"),
    (Refusal("create", 503), "unavailable"),
    (Refusal("create", 503, html=True), "unavailable"),
    (Refusal("create", 408), "timed_out"),
    (Refusal("create", None, problem="timeout"), "timed_out"),
    (Refusal("create", None, problem="refused"), "no_connection"),
    (Refusal("create", None, problem="dns"), "unknown_host"),
    (Refusal("create", None, problem="untrusted"), "tls_error"),
    (Refusal("create", None, problem="html"), "html_answer"),
    (Refusal("create", None, problem="broken"), "no_answer"),
    (Refusal("create", None), "no_answer"),
]


@pytest.mark.parametrize(("refusal", "code"), ANSWERS, ids=lambda value: str(value)[:60])
def test_an_answer_gets_its_code(refusal: Refusal, code: str) -> None:
    assert classify(refusal) == code


def test_every_status_gets_a_code_that_exists() -> None:
    for status in (None, *range(200, 600)):
        for operation in ("create", "update", "withdraw"):
            for html in (False, True):
                assert classify(Refusal(operation, status, html=html)) in REASONS


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, None])
def test_what_may_pass_by_itself_stays_pending(status: int | None) -> None:
    assert REASONS[classify(Refusal("create", status))].state == "pending"


def test_every_code_that_exists_can_occur() -> None:
    # The first three write codes into the ledger themselves, with SQL; the others raise them.
    modules = (verify, beliefs, delivered, uploads, document)
    texts = [Path(module.__file__ or "").read_text(encoding="utf-8") for module in modules]
    written = {code for code in REASONS if any(f'"{code}"' in text for text in texts)}
    assert {code for _, code in ANSWERS} | (set(_used_codes()) - set(WITHDRAWN)) | written == set(REASONS)


def test_every_code_that_is_used_exists() -> None:
    unknown = set(_used_codes()) - set(REASONS) - set(WITHDRAWN)
    assert not unknown


def test_every_withdrawal_has_a_code_that_says_so() -> None:
    kinds = {
        e.withdraw.kind
        for p in ("etg24", "facilioo", "plentific", "kiwi")
        for e in load_contract(p).entities.values()
    }
    names = {
        "keep": "kept",
        "end": "ended",
        "deactivate": "deactivated",
        "delete": "deleted",
        "detach": "detached",
    }
    assert {names[kind] for kind in kinds} <= set(WITHDRAWN)


def test_the_page_of_codes_is_made_from_the_code() -> None:
    page = (project_root() / "docs" / "reason-codes.md").read_text(encoding="utf-8")
    assert page == reasons.markdown()
    assert all(f"| `{code}` |" in page for code in [*REASONS, *WITHDRAWN, *SYNCED])


def test_there_are_25_to_80_codes_and_each_says_who_mends_it_and_how() -> None:
    assert 25 <= len(REASONS) <= 80
    assert all(r.meaning.endswith(".") and r.how.endswith(".") and r.who for r in REASONS.values())


def test_words_are_read_from_any_error_body_and_cut() -> None:
    body = {"errors": [{"field": "Title", "message": "Zu LANG"}], "status": 422}
    assert words_of(body) == "errors field title message zu lang status"
    assert words_of(None) == ""
    assert len(words_of(["x" * 9000])) == 4000


def test_every_way_in_which_a_connection_fails_has_a_code_of_its_own() -> None:
    codes = [classify(Refusal("create", None, problem)) for problem in PROBLEMS]
    assert len(set(codes)) == len(PROBLEMS)


@pytest.fixture(scope="module")
def etg24(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Sandbox(state=tmp_path_factory.mktemp("sandbox") / "state.sqlite") as sandbox:
        yield sandbox.environment()["DESTINATION__ETG24__BASE_URL"] + "/v1"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/object-groups", {}, "missing_field"),
        ("/object-groups", {"title": "x" * 501}, "too_long"),
        ("/object-groups", {"title": "Park", "colour": "red"}, "unknown_field"),
        ("/objects", {"title": "Haus", "objectGroupId": "nobody"}, "unknown_parent"),
        ("/contracts/99/participants", {"lastName": "Muster"}, "unknown_parent"),
        ("/nowhere", {}, "unknown_route"),
        ("/object-groups", "text", "malformed_request"),
    ],
)
def test_answers_of_a_partner_over_http_get_their_code(
    etg24: str, path: str, body: object, code: str
) -> None:
    contract = load_contract("etg24")
    answer = requests.post(
        etg24 + path, json=body, headers={"Authorization": "Bearer sandbox-etg24"}, timeout=10
    )
    _, _, fields = contract.error.read(answer.json())
    refusal = Refusal(
        "create",
        answer.status_code,
        text=words_of(answer.json()),
        fields=fields,
        parents=("objectGroupId",),
        parent_in_path="participants" in path,
    )
    assert classify(refusal) == code


def _used_codes() -> Iterator[str]:
    """Codes that the engine gives by name: the second argument of every `Outcome(state, code, …)`."""
    for file in sorted((project_root() / "pipelines").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "Outcome"
                and len(node.args) > 1
            ):
                yield from _texts(node.args[1])


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts that an expression can be; what it only compares with does not count."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
