"""Which reason code an answer gets: pure functions over status, words and named fields of a refusal."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

LONGEST_TEXT = 4000


@dataclass(frozen=True)
class Refusal:
    """What is known of a refused or failed request. `text` is lower case, and only looked at, never kept.

    `operation` is `create`, `update` or `withdraw`; `fields` are the refused fields, `parents` the fields that hold
    parents' ids; `parent_in_path`: the address contains a parent's id; `html`: the body is a web page.
    `status` None: there was no answer, and `problem` says why (a key of `client.PROBLEMS`).
    """

    operation: str
    status: int | None
    problem: str | None = None
    text: str = ""
    fields: tuple[str, ...] = ()
    parents: Collection[str] = ()
    parent_in_path: bool = False
    html: bool = False
    external_id: str | None = None


# What a partner's words mean. Looked for in the whole error body, so the order decides: the surest first.
WORDS = {
    "unknown_field": r"unknown[ _-]?(field|property|key|attribute|member|argument|parameter)|is not known"
    r"|unexpected (field|property|key)|not (a )?(known|recogni[sz]ed|defined)|additional ?propert|unrecogni[sz]ed"
    r"|unbekanntes feld",
    "missing_field": r"\brequired\b|must not be (empty|blank|null)|is missing|erforderlich|pflichtfeld",
    "too_long": r"too[ _]long|max_?length|at most \d+ char|zu lang",
    "value_taken": r"\b(is|already) (taken|in use)\b|already exists|\bunique\b|duplicate|bereits vergeben",
}
NO_PARENT = re.compile(r"unknown[ _](parent|reference)|does not exist|not[ _]found|existiert nicht")
SYNC_OFF = re.compile(r"sync[ _]?(is )?off|not switched on|nicht freigeschaltet|not enabled for")
QUOTA = re.compile(r"quota|daily limit|per day|monthly|kontingent")
MAIL = re.compile(r"e?mail", re.IGNORECASE)
# Keys are those of `client.PROBLEMS`, and `dns`.
BY_PROBLEM = {
    "refused": "no_connection",
    "dns": "unknown_host",
    "untrusted": "tls_error",
    "timeout": "timed_out",
    "broken": "no_answer",
    "html": "html_answer",
    "foreign": "redirected",
    "circle": "unreadable_answer",
    "cut": "list_broken_off",
    "unusable": "unusable_answer",
    "errors": "errors_in_answer",
}
BY_STATUS = {
    402: "quota_exceeded",
    405: "unknown_route",
    406: "unsupported_form",
    408: "timed_out",
    412: "conflict",
    413: "too_large",
    414: "too_large",
    415: "unsupported_form",
    423: "locked",
    425: "server_error",
    431: "too_large",
    503: "unavailable",
}
NOT_THERE = (404, 410)


def classify(refusal: Refusal) -> str:
    """The code for a request that was not accepted; `REASONS[code].state` is the state of its row."""
    status = refusal.status
    if status is None or refusal.problem:
        return BY_PROBLEM.get(refusal.problem or "", "no_answer")
    if 200 <= status < 300:
        return "html_answer" if refusal.html else "unreadable_answer"
    if 300 <= status < 400:
        return "redirected"
    if status in NOT_THERE:
        return _not_there(refusal)
    if status == 429:
        return "quota_exceeded" if QUOTA.search(refusal.text) else "throttled"
    if refusal.html and status not in (405, 503):
        return "html_answer"
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= 500:
        return "server_error"
    return _refused(refusal, status)


def _not_there(refusal: Refusal) -> str:
    """What is not there: the record itself, the parent in the address, or the address."""
    if refusal.html or "route" in refusal.text or "version" in refusal.text:
        return "unknown_route"
    if refusal.operation == "update":
        return "missing_at_partner"
    return "unknown_parent" if refusal.parent_in_path else "unknown_route"


def _refused(refusal: Refusal, status: int) -> str:
    if status in (401, 403):
        if SYNC_OFF.search(refusal.text):
            return "sync_off"
        return "login_expired" if status == 401 else "forbidden"
    if status == 409:
        return {"create": "duplicate", "withdraw": "still_referenced"}.get(refusal.operation, "conflict")
    if status not in (400, 422):
        return "refused"
    if refusal.external_id and set(refusal.fields) == {refusal.external_id}:
        return "external_id_refused"
    if set(refusal.fields) & set(refusal.parents) and NO_PARENT.search(refusal.text):
        return "unknown_parent"
    for code, words in WORDS.items():
        if refusal.fields and re.search(words, refusal.text):
            return code
    if refusal.fields and all(MAIL.search(field) for field in refusal.fields):
        return "email_refused"
    return "malformed_request" if status == 400 and not refusal.fields else "invalid_field"


def says_unknown_field(text: str) -> bool:
    """Whether a refusal says that a field is not known, rather than that its value is not accepted."""
    return re.search(WORDS["unknown_field"], text) is not None


def words_of(body: object) -> str:
    """All texts and field names of an error body in lower case, to look for words in; never to be kept."""
    return " ".join(_texts(body)).lower()[:LONGEST_TEXT]


def _texts(body: object) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, Mapping):
        for name, value in body.items():
            yield str(name)
            yield from _texts(value)
    elif isinstance(body, list):
        for value in body:
            yield from _texts(value)
