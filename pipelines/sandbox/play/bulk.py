"""A partner that takes several upserts in one request, and answers with outcomes by item; with answers that are odd."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pipelines.contract.contract import Entity, dig
from pipelines.contract.model import Bulk, put
from pipelines.sandbox.play.partner import Partner
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Json
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer

ODD = (
    "no",
    "index_out_of_range",
    "index_from_one",
    "named_twice",
    "another_id",
    "left_out",
    "count",
    "no_list",
    "empty_body",
)


class BulkPartner(Partner):
    """Serves the `bulk` of a contract. A partner's `sandbox.py` subclasses it, and adds `bulk_options` to its own."""

    bulk_options: ClassVar[Mapping[str, Option]] = {
        "bulk_most": Option("0", "larger batches are answered with 413; 0: as many as the contract says"),
        "bulk_whole": Option("no", "a batch with a bad item is refused as a whole, with 422", ("no", "yes")),
        "bulk_odd": Option("no", "outcomes by item that cannot be believed", ODD),
    }
    options: ClassVar[Mapping[str, Option]] = bulk_options

    def record_handlers(self) -> dict[tuple[str, str], Handler]:
        """Those of records, and one for each entity with `bulk`."""
        found = super().record_handlers()
        for entity in self.contract.entities.values():
            if entity.bulk:
                found["put", entity.bulk.path] = self._of(entity, entity.bulk)
        return found

    def item_errors(self, error: ApiError) -> Json:
        """What an entry says of a record that was refused, beside its place and our id."""
        body = self.error_answer(error).body
        return dict(body) if isinstance(body, Mapping) else {}

    def _of(self, entity: Entity, bulk: Bulk) -> Handler:
        return lambda call: self._put_many(self.resources[entity.record], bulk, call)

    def _put_many(self, resource: Resource, bulk: Bulk, call: Call) -> PartnerAnswer:
        body = self.json_object(call) if bulk.items else self._parsed(call)
        items = dig(body, bulk.items) if bulk.items else body
        if not isinstance(items, list) or not items:
            raise ApiError(422, "invalid", "A list of records is needed.")
        if len(items) > (self.number("bulk_most") or bulk.max):
            raise ApiError(413, "too_large", "There are too many records in one request.")
        made: list[bool] = []
        rejected: list[Json] = []
        for index, item in enumerate(items):
            ours = item.get(resource.external_id) if isinstance(item, dict) else None
            try:
                made.append(self._put_one(resource, item, ours))
            except ApiError as error:
                if self.is_on("bulk_whole"):
                    raise ApiError(422, "invalid", "A record is not accepted.") from None
                rejected.append(_entry(bulk, index, ours, self.item_errors(error)))
        return PartnerAnswer(200, self._outcomes(bulk, items, made, rejected))

    def _put_one(self, resource: Resource, item: Any, ours: Any) -> bool:
        """Whether the record is new. Raises ApiError."""
        if not isinstance(item, dict) or not isinstance(ours, str) or not ours:
            missing = Violation(resource.external_id or "", "is required", "required")
            raise ApiError(422, "invalid", "A record has no id.", [missing])
        with self.store.part():
            _, is_new = self.put(resource, item, ours)
        return is_new

    def _outcomes(self, bulk: Bulk, items: list[Json], made: list[bool], rejected: list[Json]) -> Any:
        """The answer in the form of the contract, or an odd one."""
        odd = self.settings["bulk_odd"]
        answer: Json = {}
        accepted = len(made)
        for entry in rejected:
            index = dig(entry, bulk.index)
            if odd == "index_out_of_range":
                put(entry, bulk.index, index + len(items))
            elif odd == "index_from_one":
                put(entry, bulk.index, index + 1)
            elif odd == "another_id":
                put(entry, bulk.external_id, f"{dig(entry, bulk.external_id)}-x")
        if odd == "named_twice":
            rejected = [*rejected, *rejected]
        if odd == "left_out" and rejected:
            rejected = rejected[1:]
        if odd == "count":
            accepted += 1
        if odd == "empty_body":
            return None
        if bulk.accepted:
            put(answer, bulk.accepted, accepted)
        for path, number in zip(bulk.counts, (sum(made), len(made) - sum(made)), strict=False):
            put(answer, path, number)
        if odd != "no_list":
            put(answer, bulk.rejected, rejected)
        return answer


def _entry(bulk: Bulk, index: int, ours: Any, errors: Json) -> Json:
    entry = dict(errors)
    put(entry, bulk.index, index)
    put(entry, bulk.external_id, ours)
    return entry
