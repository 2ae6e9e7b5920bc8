"""Several upserts in one request, for partners that take that. Each row keeps an outcome of its own."""

from dataclasses import replace

from pipelines.api.connector import Connector
from pipelines.api.outcome import Outcome
from pipelines.api.protocols.protocol import Operation


def carry_out_together(connector: Connector, operations: list[Operation]) -> list[Outcome]:
    """Sends rows in one request and returns what became of each; what it does not tell goes once more, alone.

    For upserts only: they may be repeated. Never raises for a row.
    """
    from pipelines.api.protocols.graphql import Graphql  # loads a library that no other partner needs

    if len(operations) == 1 or not isinstance(connector.protocol, Graphql):
        return [connector.carry_out(operation) for operation in operations]
    if connector.refusals.skips(operations[0].entity.name, operations[0].kind):
        return [Outcome("pending", "not_tried"), *(connector.carry_out(o) for o in operations[1:])]
    answers, sent = connector.protocol.create_many([(o, connector.upsert_body(o)) for o in operations])
    outcomes = []
    for operation, answer in zip(operations, answers, strict=True):
        if answer is None or answer.problem or _concerns_the_request(answer.status):
            outcomes.append(connector.carry_out(operation))
        else:
            outcomes.append(connector.noted(operation, connector.upserted(operation, answer)))
    # The common request is counted once, with the first row.
    outcomes[0] = replace(outcomes[0], requests=outcomes[0].requests + sent)
    return outcomes


def _concerns_the_request(status: int | None) -> bool:
    return status is None or status in (401, 429) or status >= 500
