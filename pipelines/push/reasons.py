"""Why an operation was not delivered: one stable code each, with its meaning, who mends it, and how."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One cause. `retried` says whether the next run tries again by itself."""

    code: str
    meaning: str
    who: str
    how: str
    retried: bool


REASONS = {
    reason.code: reason
    for reason in (
        Reason(
            "invalid_field",
            "The partner refused the record because of a field's value.",
            "analytics engineer or data steward",
            "Look at the named fields in the ERP; if the ERP is right, mend the mart.",
            True,
        ),
        Reason(
            "malformed_request",
            "The partner could not read the request.",
            "maintainer",
            "Compare contract.yaml with the partner's reference.",
            True,
        ),
        Reason(
            "duplicate",
            "The partner has a record under this external id, but none was found by look-up.",
            "operator",
            "Look for the record at the partner, deleted ones too.",
            True,
        ),
        Reason(
            "ambiguous",
            "Several records at the partner fit; none was touched.",
            "operator",
            "Merge the duplicates at the partner.",
            True,
        ),
        Reason(
            "forbidden",
            "The login may not do this, or the object is not released for the sync.",
            "operator",
            "Ask the partner for the right, or release the object there.",
            True,
        ),
        Reason(
            "still_referenced",
            "The partner keeps the record because others refer to it.",
            "operator",
            "End or remove what refers to it at the partner.",
            True,
        ),
        Reason(
            "unknown_route",
            "The partner does not know the address that was called.",
            "maintainer",
            "Check base address, version and contract.yaml.",
            True,
        ),
        Reason(
            "missing_at_partner",
            "The record was removed at the partner; it will be created again.",
            "nobody",
            "It goes by itself in the next run.",
            True,
        ),
        Reason(
            "refused",
            "The partner answered with another client error.",
            "maintainer",
            "Look at the status in `sync.attempts`.",
            True,
        ),
        Reason(
            "parent_missing",
            "A record that this one hangs on is not at the partner.",
            "operator",
            "Mend the parent; this one goes by itself then.",
            True,
        ),
        Reason(
            "throttled",
            "The partner kept asking for a slower pace until the tries were used up.",
            "nobody",
            "It goes by itself in the next run; lower the limits if it stays.",
            True,
        ),
        Reason(
            "server_error",
            "The partner's server failed, also after several tries.",
            "partner",
            "It goes by itself in the next run; tell the partner if it stays.",
            True,
        ),
        Reason(
            "no_answer",
            "The connection broke or timed out, also after several tries.",
            "operator",
            "Check network and address; it goes by itself in the next run.",
            True,
        ),
        Reason(
            "unreadable_answer",
            "The partner accepted the request, but its answer holds no id.",
            "maintainer",
            "Compare contract.yaml with the partner's answer.",
            True,
        ),
        Reason(
            "interrupted",
            "The run ended while this was on its way; a look-up showed it had not arrived.",
            "nobody",
            "It goes by itself in this or the next run.",
            True,
        ),
        Reason(
            "stopped",
            "The push to this partner was stopped before this record's turn.",
            "operator",
            "See why the partner was stopped; it goes by itself in the next run.",
            True,
        ),
        Reason(
            "internal_error",
            "The connector itself failed on this record.",
            "maintainer",
            "Report it with the name of the error.",
            True,
        ),
    )
}
