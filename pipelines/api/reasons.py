"""Why an operation was not delivered: one stable code each, with its meaning, who mends it, and how.

The codes are written to `docs/reason-codes.md` by
`python -m pipelines.api.reasons > docs/reason-codes.md`.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

PENDING, REJECTED, BLOCKED, DELIVERED = "pending", "rejected", "blocked", "delivered"


@dataclass(frozen=True)
class Reason:
    """One cause. `state` is what a row is left in, such as `pending`, `rejected`, `blocked` or `delivered`."""

    code: str
    state: str
    meaning: str
    who: str
    how: str


# What the partner says about the record.
RECORD = (
    Reason(
        "missing_field",
        REJECTED,
        "A field that the partner requires is empty or absent.",
        "data steward",
        "Fill the named fields in the ERP; if the ERP cannot have them, mend the mart.",
    ),
    Reason(
        "invalid_field",
        REJECTED,
        "The partner refused the value of a field.",
        "data steward or analytics engineer",
        "Look at the named fields in the ERP; if the ERP is right, mend the mart.",
    ),
    Reason(
        "too_long",
        REJECTED,
        "A value is longer than the partner takes.",
        "data steward or analytics engineer",
        "Shorten the value of the named fields in the ERP, or cut it in the mart.",
    ),
    Reason(
        "unknown_field",
        REJECTED,
        "The partner does not know a field that was sent.",
        "analytics engineer",
        "Take the named field out of the mart and out of contract.yaml, or spell it as the partner does.",
    ),
    Reason(
        "external_id_refused",
        REJECTED,
        "The partner refused our own id of this record; nothing of it stands in the ERP's fields.",
        "operator",
        "Ask the partner what an external id may look like (length, separator).",
    ),
    Reason(
        "email_refused",
        REJECTED,
        "The partner does not take this e-mail address, although it is well-formed.",
        "data steward",
        "Ask the person for another address and put it into the ERP.",
    ),
    Reason(
        "value_taken",
        REJECTED,
        "Another record at the partner has the value of a field that must be unique.",
        "operator",
        "Look for the record that has the value of the named field; merge the two, or correct one in the ERP.",
    ),
    Reason(
        "unknown_parent",
        REJECTED,
        "The partner does not know the parent that was sent, although the ledger says it is there.",
        "operator",
        "Run `stammdaten verify` for this partner: the parent was probably removed there.",
    ),
    Reason(
        "duplicate",
        REJECTED,
        "The partner has a record under this external id, but none was found by look-up.",
        "operator",
        "Look for the record at the partner, deleted ones too.",
    ),
    Reason(
        "ambiguous",
        REJECTED,
        "Several records at the partner fit; none was touched.",
        "operator",
        "Merge the duplicates at the partner.",
    ),
    Reason(
        "held_by_another",
        REJECTED,
        "What a look-up found for this record belongs to another row of ours; one record serves one row.",
        "operator",
        "Look at the record at the partner: it carries this row's id, or has its number, and is another's.",
    ),
    Reason(
        "conflict",
        REJECTED,
        "The change contradicts the record's state at the partner.",
        "operator",
        "Look at the record at the partner; somebody may have closed or changed it there.",
    ),
    Reason(
        "not_made_yet",
        BLOCKED,
        "The partner makes such records itself, we never do, and it has none that fits this one.",
        "operator",
        "Have it made at the partner, by whom contract.yaml names (made_by). It is looked for in every run; what hangs"
        " on it waits.",
    ),
    Reason(
        "state_unknown",
        PENDING,
        "The partner shows the record in a state that contract.yaml does not know, or in none; such a record is left as"
        " it is.",
        "analytics engineer",
        "Ask the partner what the state means and write it into contract.yaml (states); look at the record there.",
    ),
    Reason(
        "state_refuses_withdrawal",
        REJECTED,
        "The record should leave the partner, and its state there allows no end and no deletion.",
        "operator",
        "End it at the partner by hand.",
    ),
    Reason(
        "locked",
        PENDING,
        "Somebody at the partner holds the record open.",
        "nobody",
        "It goes by itself in the next run; ask the partner if it stays.",
    ),
    Reason(
        "still_referenced",
        REJECTED,
        "The partner keeps the record because others refer to it.",
        "operator",
        "End or remove what refers to it at the partner.",
    ),
    Reason(
        "not_shown",
        PENDING,
        "The partner shows no record alone, and neither its search nor its list has this one now; they may be late.",
        "nobody",
        "The next run looks again. When `absent_after` is over and it is still not shown, a record that should be there"
        " is created again, and one that should go counts as deleted.",
    ),
    Reason(
        "missing_at_partner",
        PENDING,
        "The record was removed at the partner; it will be created again.",
        "nobody",
        "The next run creates it again; where many are missing, the guard `create` asks first.",
    ),
    Reason(
        "changed_at_partner",
        PENDING,
        "Somebody changed the record at the partner, and `verify --repair` plans to restore it.",
        "nobody",
        "It goes with the next push.",
    ),
    Reason(
        "rekeyed",
        PENDING,
        "The ERP made the row anew, and `stammdaten rekey` moved the record to its new id.",
        "nobody",
        "It goes as a whole, with the new id, in the next push.",
    ),
    Reason(
        "external_id_to_send",
        PENDING,
        "The record was made without our id, and the partner has turned out to take it.",
        "nobody",
        "It goes with the next push.",
    ),
    Reason(
        "sync_off",
        REJECTED,
        "The object is not switched on for the sync at the partner.",
        "operator",
        "Switch the object on in the partner's portal, then `stammdaten push --retry-rejected`.",
    ),
    Reason(
        "login_expired",
        PENDING,
        "The partner refused the login for this record (401), also after two fresh logins.",
        "operator",
        "It goes by itself in the next run; if it stays, ask the partner why its logins do not last.",
    ),
    Reason(
        "forbidden",
        REJECTED,
        "The login may not do this.",
        "operator",
        "Ask the partner for the right, then `stammdaten push --retry-rejected`.",
    ),
    Reason(
        "refused",
        REJECTED,
        "The partner answered with another client error.",
        "maintainer",
        "Look at the status in `sync.attempts`.",
    ),
)
# What is wrong with the request as such: all rows of an entity tend to have it.
REQUEST = (
    Reason(
        "malformed_request",
        REJECTED,
        "The partner could not read the request.",
        "maintainer",
        "Compare contract.yaml with the partner's reference.",
    ),
    Reason(
        "unknown_route",
        REJECTED,
        "The partner does not know the address or the method that was called.",
        "maintainer",
        "Check base address, version and contract.yaml.",
    ),
    Reason(
        "unsupported_form",
        REJECTED,
        "The partner does not take JSON here, or does not answer in it.",
        "maintainer",
        "Compare the headers in the partner's connector with its reference.",
    ),
    Reason(
        "too_large",
        REJECTED,
        "The request is larger than the partner takes.",
        "analytics engineer",
        "Shorten long texts in the mart.",
    ),
    Reason(
        "redirected",
        PENDING,
        "The partner sent the request to another address; it was not followed, the credentials stay here.",
        "operator",
        "Set the new base address if the partner has moved.",
    ),
    Reason(
        "unreadable_answer",
        PENDING,
        "The partner accepted the request, but its answer holds no id.",
        "maintainer",
        "Compare contract.yaml with the partner's answer.",
    ),
    Reason(
        "unusable_answer",
        PENDING,
        "The partner's answer is in another form than contract.yaml says, or too large; nothing was concluded from it.",
        "maintainer",
        "It goes by itself in the next run; if it stays, compare contract.yaml with the partner's answer.",
    ),
    Reason(
        "list_broken_off",
        PENDING,
        "The partner refused a page in the middle of a list, or spoke of another number of records on each reading;"
        " nothing was concluded from what it showed.",
        "partner",
        "It goes by itself in the next run, best when nobody works there; if it stays, ask the partner how long a list"
        " may be read.",
    ),
    Reason(
        "errors_in_answer",
        PENDING,
        "The partner's answer looks like a success and tells of errors; the change is not counted as delivered.",
        "maintainer",
        "The next run sends it again; if it stays, name the place of success in contract.yaml (`success`).",
    ),
    Reason(
        "html_answer",
        PENDING,
        "A web page came instead of an answer: a proxy, a firewall or a login page stands before the partner.",
        "operator",
        "Check base address and proxy if it is there again in the next run, which tries once more.",
    ),
)
# What is wrong with the partner's server or the way to it.
SERVER = (
    Reason(
        "throttled",
        PENDING,
        "The partner kept asking for a slower pace until the tries were used up.",
        "nobody",
        "It goes by itself in the next run; lower the limits if it stays.",
    ),
    Reason(
        "quota_exceeded",
        PENDING,
        "The number of requests that the partner allows for a day or month is used up.",
        "operator",
        "It goes by itself once the quota is fresh; ask the partner for a larger one if it comes often.",
    ),
    Reason(
        "server_error",
        PENDING,
        "The partner's server failed, also after several tries.",
        "partner",
        "It goes by itself in the next run; tell the partner if it stays.",
    ),
    Reason(
        "unavailable",
        PENDING,
        "The partner is down or in maintenance.",
        "partner",
        "It goes by itself in the next run; look at the partner's status page if it stays.",
    ),
    Reason(
        "timed_out",
        PENDING,
        "The partner took the request and did not answer in time, also after several tries.",
        "partner",
        "It goes by itself in the next run; lower DESTINATION__<PARTNER>__IN_FLIGHT if it stays.",
    ),
    Reason(
        "no_answer",
        PENDING,
        "The connection broke before the answer came, also after several tries.",
        "operator",
        "It goes by itself in the next run; check the network if it stays.",
    ),
    Reason(
        "no_connection",
        PENDING,
        "No connection to the partner could be made.",
        "operator",
        "Check network, firewall and the port in the base address; it goes in the first run that gets through.",
    ),
    Reason(
        "unknown_host",
        PENDING,
        "The name of the partner's server could not be resolved.",
        "operator",
        "Check the base address and the name server; it goes in the first run that gets through.",
    ),
    Reason(
        "tls_error",
        PENDING,
        "The partner's certificate is not valid here, so nothing was sent.",
        "operator",
        "Check the base address; if a proxy opens the connections, name its certificate in REQUESTS_CA_BUNDLE.",
    ),
)
# What happened on our side.
OURS = (
    Reason(
        "parent_missing",
        BLOCKED,
        "A record that this one hangs on is not at the partner.",
        "operator",
        "Look up why the named parent is not there (`stammdaten explain`) and mend that; this one goes in the run in"
        " which the parent is accepted.",
    ),
    Reason(
        "parent_circle",
        BLOCKED,
        "The records that this one hangs on hang on each other in a circle.",
        "operator",
        "Mend in the ERP what the record hangs on; it goes in the next run.",
    ),
    Reason(
        "unusable_id",
        REJECTED,
        "The id of this record (. or ..) is a step in an address and no name, so that nothing can be sent to it.",
        "operator",
        "Give what the id is made of another number in the ERP.",
    ),
    Reason(
        "children_left",
        BLOCKED,
        "Records hang on this one at the partner that could not be moved or withdrawn; they may be deleted with it.",
        "operator",
        "Mend what keeps the records below it (they have reasons of their own); it goes in the run in which they do.",
    ),
    Reason(
        "in_doubt",
        PENDING,
        "The partner may have made this record and did not say so; what hangs on it waits.",
        "operator",
        "The next run looks for it, and makes it only when it is surely not there. If it stays: `stammdaten adopt`.",
    ),
    Reason(
        "interrupted",
        PENDING,
        "The run ended while this was on its way.",
        "nobody",
        "It goes by itself in this or the next run.",
    ),
    Reason(
        "stopped",
        PENDING,
        "The push to this partner was stopped before this record's turn.",
        "operator",
        "Mend what stopped the partner; it goes in the first run that is not stopped.",
    ),
    Reason(
        "not_tried",
        PENDING,
        "Rows like this one were refused alike so often that no more were tried in this run.",
        "maintainer",
        "Mend what the run names for this entity; the rows go in the next run.",
    ),
    Reason(
        "internal_error",
        PENDING,
        "The connector itself failed on this record.",
        "maintainer",
        "Report it with the name of the error.",
    ),
)
# What is handed over in files.
FILES = (
    Reason(
        "import_running",
        DELIVERED,
        "The partner took the file, and its import had not ended when the run did.",
        "nobody",
        "The next run asks for the outcome of that import.",
    ),
    Reason(
        "not_confirmed",
        DELIVERED,
        "The file was handed over, and the partner has told nothing of this object, or nothing that can be believed.",
        "operator",
        "Look at the partner whether the object is there; where a partner takes files only, nothing else will tell but"
        " its feedback files, if it writes any (DESTINATION__<PARTNER>__FEEDBACK_URL).",
    ),
    Reason(
        "confirmation_overdue",
        DELIVERED,
        "The object, or its removal (state `withdrawn`), was handed over longer ago than the partner may take to"
        " confirm it (`CONFIRMED_WITHIN`), and nothing was told of it. It counts as not done.",
        "operator",
        "Look at the partner whether it is there, or still there; `stammdaten push --retry-rejected` hands it over once"
        " more. Where nobody will ever confirm, say so: DESTINATION__<PARTNER>__CONFIRMED_WITHIN=never.",
    ),
    Reason(
        "import_rejected",
        REJECTED,
        "The import took the file and refused this object, or a feedback file of the partner did.",
        "data steward or analytics engineer",
        "Look at the object in the partner's list of imports, which says what it misses; `fehlernr` is the partner's"
        " number of an error, and its feedback file has the words.",
    ),
    Reason(
        "import_failed",
        PENDING,
        "The import ended without taking the file, or told nothing of this object.",
        "operator",
        "It goes again in the next run, as a change; ask the partner if it stays.",
    ),
    Reason(
        "import_busy",
        PENDING,
        "The partner takes one import at a time, and another one was running all the while.",
        "nobody",
        "It goes by itself in the next run.",
    ),
    Reason(
        "not_handed_over",
        PENDING,
        "The file could not be put into the partner's folder.",
        "operator",
        "Look at what the run says of the server; the objects go in the next run.",
    ),
)
# The bytes of a document. What is wrong here is looked at again in each run, as that costs the partner nothing.
CONTENT = (
    Reason(
        "content_missing",
        PENDING,
        "The source of documents has no file for this one, or the ERP names none.",
        "data steward",
        "Deliver the file under the path that the ERP names (`pfad`, else `dateiname`), or correct that.",
    ),
    Reason(
        "content_empty",
        PENDING,
        "The file of the document is empty.",
        "data steward",
        "Deliver the file again; nothing was sent of the document.",
    ),
    Reason(
        "content_unreadable",
        PENDING,
        "The file of the document cannot be read: damaged, encrypted, not a file, or not permitted.",
        "operator",
        "Look at the file and its permissions; nothing was sent of the document.",
    ),
    Reason(
        "content_size",
        PENDING,
        "The file is not as large as the ERP says (`groesse_bytes`), so that it is another one or half of it.",
        "data steward",
        "Deliver the file again, or correct the size in the ERP; nothing was sent of the document.",
    ),
    Reason(
        "content_too_large",
        REJECTED,
        "The file is larger than is sent (contract.yaml, `max_bytes`), or than the partner takes.",
        "data steward",
        "Make the file smaller in the ERP.",
    ),
    Reason(
        "content_outside",
        PENDING,
        "The path of the file leads out of the source of documents, so it was not read.",
        "data steward",
        "Correct the path in the ERP; it is one below the folder, without `..`.",
    ),
    Reason(
        "content_unreachable",
        PENDING,
        "The source of documents could not be reached.",
        "operator",
        "It goes by itself once the source is there again; see SOURCES__ERP__DOKUMENTE__….",
    ),
    Reason(
        "content_address",
        REJECTED,
        "The partner named an address for the bytes that is not on its own host nor on one that is allowed.",
        "operator",
        "Ask the partner whether the named host is its storage, add it to DESTINATION__<PARTNER>__CONTENT_HOSTS, then"
        " `stammdaten push --retry-rejected`.",
    ),
    Reason(
        "content_refused",
        REJECTED,
        "The partner's storage refused the bytes, also under a fresh address.",
        "maintainer",
        "Look at the status in `sync.attempts`; ask the partner.",
    ),
)
GROUPS: Mapping[str, tuple[Reason, ...]] = {
    "The record": RECORD,
    "The request": REQUEST,
    "The server and the way to it": SERVER,
    "This side": OURS,
    "Files": FILES,
    "Documents": CONTENT,
}
REASONS: Mapping[str, Reason] = {reason.code: reason for group in GROUPS.values() for reason in group}

# The reason of a row in state `withdrawn`: the way in which it left the partner.
WITHDRAWN: Mapping[str, str] = {
    "kept": "The record stays at the partner as it is; that is how this partner wants it.",
    "ended": "The record has an end date now.",
    "deactivated": "The record was switched off.",
    "detached": "The record was taken off what it hung on.",
    "deleted": "The record was deleted.",
    "removal_delivered": "The removal was handed over in a file, and the partner has not confirmed it.",
}

# A row that was sent without a field that another record has.
WITHOUT_TAKEN = "without_taken_field"
# A row of which the record's state does not take everything.
STATE_FORBIDS = "state_forbids"
# The reason of a row in state `synced`, where something of it is left to do.
SYNCED: Mapping[str, str] = {
    STATE_FORBIDS: "The record's state at the partner does not allow the named fields to be changed; they stay there"
    " as they are, and go with the next change of the row if the state allows it then.",
    WITHOUT_TAKEN: "The partner refused the field as taken by another of its records, so the record was sent without"
    " it. The field goes again when its value or anything else of the row changes, and with `--retry-rejected`; mend"
    " the value in the ERP, or the other record at the partner.",
    "without_external_id": "The partner does not know our id on this kind of record, so it was sent without. It is sent"
    " by itself once the partner takes it.",
}


def markdown() -> str:
    """The page `docs/reason-codes.md`."""
    lines = [
        "# Reason codes",
        "",
        "Why a row is not at its partner as it should be. The code stands in `sync.ledger.reason`, in every row of",
        "`sync.attempts`, and in what `stammdaten explain` says. Codes are stable: programs may rely on them.",
        "",
        "| state | what happens next |",
        "|---|---|",
        "| `pending` | tried again in the next run, by itself, without end |",
        "| `rejected` | tried again at most once a run; after several unchanged tries not any more, until the payload"
        " or the parent changes or somebody says `stammdaten push --retry-rejected` |",
        "| `blocked` | goes in the run in which its parent is accepted |",
        "| `delivered` | handed over in a file; not sent again until it changes, `synced` once the partner says so;"
        " counts as not done when that is overdue |",
    ]
    for title, reasons in GROUPS.items():
        lines += [
            "",
            f"## {title}",
            "",
            "| code | state | meaning | who mends it | how |",
            "|---|---|---|---|---|",
        ]
        lines += [f"| `{r.code}` | {r.state} | {r.meaning} | {r.who} | {r.how} |" for r in reasons]
    lines += ["", "## Withdrawn", "", "How a row in state `withdrawn` left its partner.", ""]
    lines += ["| code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {meaning} |" for code, meaning in WITHDRAWN.items()]
    lines += ["", "## Synced", "", "What is left to do for a row in state `synced`.", ""]
    lines += ["| code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {meaning} |" for code, meaning in SYNCED.items()]
    lines += ["", "This page is made from `pipelines/api/reasons.py`:"]
    return "\n".join([*lines, "`python -m pipelines.api.reasons > docs/reason-codes.md`.", ""])


if __name__ == "__main__":
    sys.stdout.write(markdown())
