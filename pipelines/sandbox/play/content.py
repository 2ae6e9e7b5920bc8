"""A partner that takes bytes of documents: files, signed addresses that run out, multipart bodies, content by PUT."""

import hashlib
import time
from collections.abc import Iterable, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, ClassVar

from pipelines.contract.contract import Entity
from pipelines.contract.model import Content, Step, put
from pipelines.sandbox.play.partner import Partner
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Json, Record, changed
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, parsed

STORAGE = "/_storage/"
CONTENT_OPTIONS: Mapping[str, Option] = {
    "content_seconds": Option("900", "a signed address is good for so many seconds"),
    "content_host": Option("", "another host in signed addresses"),
    "content_most": Option("0", "more bytes are answered with 413; 0: any number"),
    "content_refuse": Option("0", "so many uploads are answered with 403, as of an address that has run out"),
}


class ContentPartner(Partner):
    """Serves the `content` of a contract. A partner's `sandbox.py` subclasses it, and adds `CONTENT_OPTIONS`."""

    options: ClassVar[Mapping[str, Option]] = CONTENT_OPTIONS

    def __init__(self, *arguments: Any):
        self._refused = 0
        super().__init__(*arguments)

    def routes(self) -> dict[tuple[str, str], Handler]:
        """Steps that are no plain records: signed addresses, and bytes under the address of a record."""
        found: dict[tuple[str, str], Handler] = {}
        for entity, content in self._contents():
            for step in (*content.before, *content.after):
                if step.runs_out:
                    found[step.method, step.template] = self._signing(step)
                elif step.sends_bytes and step.template:
                    found[step.method, step.template] = self._taking(entity)
        return found

    def outside(self, call: Call) -> PartnerAnswer | None:
        """The storage, which knows nobody and takes what has a signed address."""
        return self._store(call) if call.path.startswith(STORAGE) else None

    def create(self, resource: Resource, call: Call) -> PartnerAnswer:
        """POST on a collection, with the bytes where they come along."""
        return self._with_bytes(resource, super().create(resource, call), call)

    def change(self, resource: Resource, call: Call) -> PartnerAnswer:
        """PATCH on a record, with the bytes where they come along."""
        return self._with_bytes(resource, super().change(resource, call), call)

    def json_object(self, call: Call) -> Json:
        """A body of several parts counts as JSON, the bytes of a part as their name."""
        return self._parts(call)[0] if _is_multipart(call) else super().json_object(call)

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
        """A record needs a file that has its bytes."""
        for entity, content in self._contents():
            if entity.record != resource.name or not content.id or body.get(content.field) is None:
                continue
            files = next(name for name in self.resources if name == self._file_path(content))
            file = self.store.get(self.name, files, str(body[content.field]))
            if file is None or "size" not in file.body:
                yield Violation(content.field, "has no content", "no_content")

    def computed(self, resource: Resource, record: Record) -> Json:
        """Size and hash of the bytes that belong to a record."""
        for entity, content in self._contents():
            if entity.record != resource.name:
                continue
            files = self._file_path(content)
            source = (
                self.store.get(self.name, files, str(record.body.get(content.field))) if files else record
            )
            return {name: (source.body if source else {}).get(name) for name in ("size", "checksum")}
        return {}

    # ---- details

    def _parts(self, call: Call) -> tuple[Json, bytes | None]:
        entity, content = next(
            (e, c) for e, c in self._contents() if call.template in (e.collection, e.record)
        )
        properties = self.body_schemas[entity.collection, "post"]["properties"]
        return _of_parts(call.body, call.headers["content-type"], content.field, properties)

    def _with_bytes(self, resource: Resource, answer: PartnerAnswer, call: Call) -> PartnerAnswer:
        content = self._parts(call)[1] if _is_multipart(call) else None
        if content is not None:
            self._keep(resource.name, str(answer.body[resource.id_field]), content)
        return answer

    def _contents(self) -> list[tuple[Entity, Content]]:
        return [(entity, entity.content) for entity in self.contract.entities.values() if entity.content]

    @staticmethod
    def _file_path(content: Content) -> str:
        """Path of a file that records refer to; empty where there is none of its own."""
        made = next((step for step in content.before if content.id in step.keep), None)
        return f"{made.path}/{{id}}" if made else ""

    def _signing(self, step: Step) -> Handler:
        def sign(call: Call) -> PartnerAnswer:
            self.json(call)
            id_ = call.params["id"]
            resource = self.resources[step.template.rpartition("/")[0]]
            if not self.store.get(self.name, resource.name, id_):
                raise ApiError(404, "not_found", "There is no such file.")
            host = self.settings["content_host"]
            origin = f"https://{host}" if host else f"{call.origin}/{self.name}"
            until = time.time() + self.number("content_seconds")
            answer: Json = {}
            signed = f"{origin}{STORAGE}{id_}?until={until:.3f}&signature={self._signature(id_, until)}"
            put(answer, step.keep["url"], signed)
            return PartnerAnswer(200, answer)

        return sign

    def _signature(self, id_: str, until: float) -> str:
        return hashlib.sha256(f"{self.secret}{id_}{until:.3f}".encode()).hexdigest()

    def _store(self, call: Call) -> PartnerAnswer:
        id_, until = call.path.removeprefix(STORAGE), float(call.query.get("until", "0"))
        if call.method != "PUT" or call.query.get("signature") != self._signature(id_, until):
            raise ApiError(403, "forbidden", "The signature does not fit.")
        if self.demo.keys() & call.headers.keys() or "authorization" in call.headers:
            raise ApiError(400, "login", "The storage wants no login.")
        self._refused += 1
        if until <= time.time() or self._refused <= self.number("content_refuse"):
            raise ApiError(403, "expired", "The address has run out.")
        files = next(self._file_path(content) for _, content in self._contents() if content.id)
        self._keep(files, id_, call.body)
        return PartnerAnswer(200, None)

    def _taking(self, entity: Entity) -> Handler:
        def take(call: Call) -> PartnerAnswer:
            resource = self.resources[entity.record]
            found = (
                self.store.by_external_id(self.name, resource.name, call.params["id"])
                if resource.id_is_ours
                else [r for r in [self.store.get(self.name, resource.name, call.params["id"])] if r]
            )
            if not found:
                raise ApiError(404, "not_found", "There is no such record.")
            self._keep(resource.name, found[0].id, call.body)
            return PartnerAnswer(204)

        return take

    def _keep(self, resource: str, id_: str, content: bytes) -> None:
        most = self.number("content_most")
        if most and len(content) > most:
            raise ApiError(413, "too_large", "That is too much.")
        record = self.store.get(self.name, resource, id_)
        if record is None:
            raise ApiError(404, "not_found", "There is no such file.")
        self.store.update(self.name, changed(record, {**record.body, **_told(content)}, time.time()))


def _told(content: bytes) -> Json:
    return {"size": len(content), "checksum": hashlib.sha256(content).hexdigest()}


def _is_multipart(call: Call) -> bool:
    return call.headers.get("content-type", "").startswith("multipart/form-data")


def _of_parts(body: bytes, kind: str, field: str, properties: Mapping[str, Any]) -> tuple[Json, bytes | None]:
    """The fields of a multipart body as their schema has them, the file by its name, and its bytes."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    found: Json = {}
    content: bytes | None = None
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        payload = part.get_payload(decode=True)
        given = payload if isinstance(payload, bytes) else b""
        if name == field and part.get_filename() is not None:
            found[field], content = str(part.get_filename()), given
            continue
        kinds = properties.get(name, {}).get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not given and "null" in kinds:
            found[name] = None
        elif "string" in kinds:
            found[name] = given.decode()
        elif "array" in kinds:
            found.setdefault(name, []).append(parsed(given))
        else:
            found[name] = parsed(given)
    return found, content
