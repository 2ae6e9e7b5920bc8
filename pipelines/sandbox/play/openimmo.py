"""A partner that takes OpenImmo files: an import with a number, its state to be polled, outcomes by object."""

import io
import re
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from xml.etree import ElementTree as ET

from pipelines.contract.contract import ContractError, Entity
from pipelines.contract.model import Import, put
from pipelines.sandbox.play.partner import Partner
from pipelines.sandbox.play.store import Json
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer

RESULTS = ("all", "none", "half", "twice", "odd")
ENDS = ("done", "failed", "running", "gone", "odd", "no_id")
REQUIRED = ("objektkategorie", "geo", "kontaktperson", "verwaltung_techn")
IMPORT_OPTIONS: Mapping[str, Option] = {
    "import_polls": Option("1", "so many times an import is shown as running before it has ended"),
    "import_end": Option("done", "how imports end", ENDS),
    "import_results": Option("all", "which outcomes an import tells", RESULTS),
    "import_reject": Option("", "numbers of objects that imports refuse", form="pattern"),
    "import_most": Option("0", "so many objects are too many for one file; 0 is no limit"),
    "import_busy": Option("0", "so many files are refused because an import is running"),
}


@dataclass
class Running:
    """An import: what it tells once it has ended, and how often it is still shown as running."""

    results: list[Json]
    polls: int


class OpenImmoPartner(Partner):
    """Serves the entities with `openimmo`. A partner's `sandbox.py` subclasses it and says what an object becomes."""

    options: ClassVar[Mapping[str, Option]] = IMPORT_OPTIONS

    def __init__(self, *arguments: object):
        self._imports: dict[str, Running] = {}
        self._refused = 0
        self._import_lock = threading.Lock()
        super().__init__(*arguments)  # type: ignore[arg-type]

    @property
    def filed(self) -> tuple[Entity, Import]:
        """The entity whose objects come in files."""
        for entity in self.contract.entities.values():
            if entity.openimmo and entity.openimmo.http:
                return entity, entity.openimmo.http
        raise ContractError(f"{self.name}: no entity comes in files over HTTP.")

    def routes(self) -> dict[tuple[str, str], Handler]:
        """The import and its state."""
        _, http = self.filed
        return {("post", http.path): self._import, ("get", http.state_path): self._state}

    def take_object(self, entity: Entity, number: str, aktion: str, given: ET.Element) -> str:
        """Carries out what a file says of an object; returns the kind of operation that it was."""
        resource = self.resources[entity.record]
        found = self.store.by_external_id(self.name, resource.name, number)
        fields = self.fields_of(given)
        if aktion == "DELETE":
            if found:
                self.remove(resource, found[0])
            return "withdraw"
        if found:
            self.apply(resource, found[0], {**fields, **self.known_again(found[0].body, aktion)})
            return "update"
        self.add(resource, {resource.id_field: number, **fields, **self.known_again({}, aktion)})
        return "create"

    def fields_of(self, given: ET.Element) -> Json:
        """The fields of a record that an immobilie becomes."""
        return {"rent": given.findtext("preise/nettokaltmiete")}

    def refusal(self, given: ET.Element) -> str | None:
        """Why an object that is to be made or changed is refused, in a sentence; None for one that is taken."""
        return None

    def known_again(self, before: Json, aktion: str) -> Json:
        """More fields, by what was there before."""
        return {}

    def _import(self, call: Call) -> PartnerAnswer:
        entity, http = self.filed
        with self._import_lock:
            if self._refused < self.number("import_busy"):
                self._refused += 1
                raise ApiError(409, "busy", "Another import is running.")
            objects = _objects(_document(call))
            most = self.number("import_most")
            if most and len(objects) > most:
                raise ApiError(413, "too_large", "Too many objects.")
            results = [self._taken(entity, http, one) for one in objects]
            import_id = f"I{self.store.next_number()}"
            self._imports[import_id] = Running(self._told(http, results), self.number("import_polls"))
        body: Json = {}
        if self.settings["import_end"] != "no_id":
            put(body, http.import_id, import_id)
        return PartnerAnswer(202, body)

    def _taken(self, entity: Entity, http: Import, given: ET.Element) -> Json:
        number = given.findtext("verwaltung_techn/objektnr_extern") or ""
        action = given.find("verwaltung_techn/aktion")
        aktion = action.get("aktionart", "") if action is not None else ""
        pattern = self.settings["import_reject"]
        if pattern and re.search(pattern, number):
            return {http.number: number, http.result: http.rejected[0], "message": f"{number} is refused"}
        if aktion != "DELETE" and (why := self.refusal(given)):
            return {http.number: number, http.result: http.rejected[0], "message": why}
        kind = self.take_object(entity, number, aktion, given)
        return {http.number: number, http.result: http.accepted[kind][0], "message": None}

    def _told(self, http: Import, results: list[Json]) -> list[Json]:
        match self.settings["import_results"]:
            case "none":
                return []
            case "half":
                return results[: len(results) // 2]
            case "twice":
                return [*results, *({**one, http.result: http.rejected[0]} for one in results)]
            case "odd":
                return [{**one, http.result: "PERHAPS"} for one in results]
        return results

    def _state(self, call: Call) -> PartnerAnswer:
        _, http = self.filed
        end = self.settings["import_end"]
        with self._import_lock:
            running = self._imports.get(call.params["id"])
            if running is None or end == "gone":
                raise ApiError(404, "not_found", "There is no such import.")
            body: Json = {}
            if end == "running" or running.polls > 0:
                running.polls -= 1
                put(body, http.state, http.running[0])
                return PartnerAnswer(200, body)
            put(body, http.state, {"failed": http.failed[0], "odd": "WHO_KNOWS"}.get(end, http.done[0]))
            put(body, http.results, running.results if end != "failed" else [])
            return PartnerAnswer(200, body)


def _document(call: Call) -> bytes:
    """The XML of a request: as it is, in a ZIP, or in the first part of a form. Raises ApiError."""
    content = call.body
    if "multipart/form-data" in call.headers.get("content-type", ""):
        content = content.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(archive.namelist()[0])
    return content


def _objects(document: bytes) -> list[ET.Element]:
    """The immobilien of a document. Raises ApiError for one that is none, or lacks what each must have."""
    try:
        root = ET.fromstring(document)  # noqa: S314 (what we wrote ourselves)
    except ET.ParseError:
        raise ApiError(400, "invalid", "This is no XML.") from None
    transfer = root.find("uebertragung")
    if root.tag != "openimmo" or transfer is None or transfer.get("umfang") != "TEIL":
        raise ApiError(400, "invalid", "This is no transfer of changes.")
    found = root.findall("anbieter/immobilie")
    for one in found:
        if any(one.find(name) is None for name in REQUIRED):
            raise ApiError(400, "invalid", "An object lacks what each must have.")
    return found
