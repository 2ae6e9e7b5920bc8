"""Operations as OpenImmo files, and what became of each object: by an import over HTTP, or by a file that is dropped.

One file at a time. A file that was handed over is `delivered`; only an outcome for the very object makes it `synced`
or withdrawn. An object that may have arrived is sent as a change the next time, never as another new one: its number,
which is ours, is noted as the one at the partner.
"""

import hashlib
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from urllib3.filepost import encode_multipart_formdata

from pipelines.api.files.address import SCHEMES, Address, read_address, read_place
from pipelines.api.files.drop import NotDropped, PerhapsDropped, drop
from pipelines.api.http.client import TRIES, Answer, Client, PartnerStopped, pause_before
from pipelines.api.outcome import Outcome
from pipelines.api.protocols import openimmo
from pipelines.api.protocols.answers import understood
from pipelines.api.protocols.protocol import Operation, filled
from pipelines.api.protocols.remote_ids import checked_id
from pipelines.contract.contract import Contract, ContractError, dig
from pipelines.contract.model import Import, OpenImmo
from pipelines.errors import SettingsError
from pipelines.settings import setting_name

Judge = Callable[[Operation, Answer], Outcome]
# What is told while the outcome is still to come.
Tell = Callable[[Sequence[Outcome | None]], None]

# A file that is refused as a whole is sent in halves: one bad object costs one object.
HALVED = (400, 413, 422)
BUSY = 409
# So long after the file was taken an import that does not show itself may still come to light.
SHOWN_WITHIN = timedelta(days=1)
TYPES = {"xml": "application/xml", "zip": "application/zip"}


class Imports:
    """Hands over the objects of one partner. Safe to use from several threads: one import at a time."""

    def __init__(self, contract: Contract, client: Client, settings: Mapping[str, str], judge: Judge):
        self._contract, self._client, self._judge = contract, client, judge
        self._lock = threading.Lock()
        self._address = _address(contract, settings)
        # Where the partner leaves what it says of the objects; None where nobody reads that.
        self.feedback = read_place("feedback_url", settings, _naming(contract))

    def hand_over(self, operations: Sequence[Operation], tell: Tell = lambda _: None) -> list[Outcome]:
        """What became of each object, in the order of the operations, which are of one entity. Never raises for a row.

        `tell` hears of objects that were taken and have no outcome yet, before it is waited for.
        """
        found: dict[int, Outcome] = {}
        now = datetime.now(UTC)
        objects = [_objekt(operation, now) for operation in operations]
        for place, one in enumerate(objects):
            if fields := openimmo.problems(one):
                found[place] = Outcome(
                    "rejected", "missing_field", operations[place].remote_id, fields=fields
                )
        # Breadth first: a half that goes through shows that the partner is well.
        waiting = deque([[place for place in range(len(operations)) if place not in found]])
        with self._lock:
            while waiting:
                places = waiting.popleft()
                if not places:
                    continue
                rows = [operations[place] for place in places]
                outcomes = self._send(
                    rows, [objects[place] for place in places], _told(tell, places, len(objects))
                )
                if outcomes is None:
                    middle = (len(places) + 1) // 2
                    waiting += [places[:middle], places[middle:]]
                else:
                    found |= dict(zip(places, outcomes, strict=True))
        return [found[place] for place in range(len(operations))]

    def look_again(
        self, operations: Sequence[Operation], import_id: str, since: datetime | None
    ) -> list[Outcome]:
        """What an import of an earlier run, taken at `since`, has become, by object; asked once.

        Raises `PartnerStopped`.
        """
        if self._address is not None:  # it went over HTTP once, and a setting has changed since
            return [_unconfirmed(one) for one in operations]
        is_recent = since is not None and datetime.now(UTC) - since < SHOWN_WITHIN
        return self._ask(operations, _http(_how(operations[0])), import_id, is_recent)[0]

    def _send(
        self, rows: Sequence[Operation], objects: Sequence[openimmo.Objekt], tell: Tell
    ) -> list[Outcome] | None:
        """One file; None where it was refused as a whole and its halves may do better."""
        how = _how(rows[0])
        document = openimmo.transfer(objects, datetime.now(UTC), _version())
        if self._address is not None:
            return self._drop(rows, self._address, document)
        return self._import(rows, how, _http(how), document, tell)

    # ---- over HTTP

    def _import(
        self, rows: Sequence[Operation], how: OpenImmo, http: Import, document: bytes, tell: Tell
    ) -> list[Outcome] | None:
        try:
            answer = self._post(http, document, how.wait)
        except PartnerStopped as stop:
            return [Outcome("pending", "stopped", _ours(one) if stop.lost else one.remote_id) for one in rows]
        if answer.status in HALVED and not answer.lost and len(rows) > 1:
            return None
        if answer.status == BUSY:
            busy = [Outcome("pending", "import_busy", one.remote_id, BUSY) for one in rows]
            return _counted(busy, answer.requests)
        import_id = checked_id(dig(answer.body, http.import_id)) if answer.ok else None
        if import_id is None:
            may_be_there = answer.lost or answer.is_good
            outcomes = [self._refused(one, answer, may_be_there) for one in rows]
            return _counted(outcomes, answer.requests)
        delivered = [_running(one, import_id) for one in rows]
        tell(delivered)
        return _counted(self._wait_for(rows, how, http, import_id, delivered), answer.requests)

    def _post(self, http: Import, document: bytes, wait: float) -> Answer:
        """The answer to the file; one import at a time is taken, so it waits while another one runs."""
        body, kind = _body(http.send_as, document)
        # What the import says of itself tells nothing of the request.
        own = {place.split(".")[0] for place in (http.import_id, http.state, http.results) if place}

        def read(answer: Answer) -> Answer:
            return understood(answer, self._contract, own)

        sent = 0
        for pause in (*_pauses(wait), None):
            answer = self._client.call(
                "post", http.path, body, None, {"Content-Type": kind}, repeat=False, read=read, is_write=True
            )
            sent += answer.requests
            if answer.status != BUSY or pause is None:
                break
            self._client.rest(pause)
        return replace(answer, requests=sent)

    def _wait_for(
        self,
        rows: Sequence[Operation],
        how: OpenImmo,
        http: Import,
        import_id: str,
        outcomes: list[Outcome],
    ) -> list[Outcome]:
        """Asks until the import has ended, as long as a run waits for one."""
        sent = 0
        for pause in (0.0, *_pauses(how.wait)):
            try:
                self._client.rest(pause)
                outcomes, is_over = self._ask(rows, http, import_id)
            except PartnerStopped:
                break
            sent += 1
            if is_over:
                break
        return _counted(outcomes, sent)

    def _ask(
        self, rows: Sequence[Operation], http: Import, import_id: str, is_recent: bool = True
    ) -> tuple[list[Outcome], bool]:
        """What the partner says of an import now, by object, and whether that is its last word."""
        answer = self._client.call("get", filled(http.state_path, {"id": import_id}))
        told = dig(answer.body, http.import_id) if answer.ok else None
        is_another = told is not None and checked_id(told) != import_id
        # A recent import that is not to be seen may show itself yet.
        if answer.status == 410 or (not is_recent and (answer.status == 404 or is_another)):
            return [_unconfirmed(one) for one in rows], True
        if not answer.ok or is_another:
            return [_running(one, import_id) for one in rows], False
        state = dig(answer.body, http.state)
        if state in http.done or state in http.failed:
            return self._told(rows, http, answer.body, state in http.failed), True
        # Running, or a word that nobody knows: not taken for an end.
        return [_running(one, import_id) for one in rows], False

    def _told(self, rows: Sequence[Operation], http: Import, body: Any, has_failed: bool) -> list[Outcome]:
        """What an import that has ended tells of each object, by its number."""
        results = dig(body, http.results) if http.results else body
        words: dict[str, list[tuple[Any, str]]] = {}
        for one in results if isinstance(results, list) else []:
            if isinstance(one, Mapping) and isinstance(one.get(http.number), str | int):
                message = one.get(http.message)
                said = message.lower() if isinstance(message, str) else ""
                words.setdefault(str(one[http.number]), []).append((one.get(http.result), said))
        return [self._judged(row, http, words.get(row.external_id, []), has_failed) for row in rows]

    def _judged(self, row: Operation, http: Import, said: list[tuple[Any, str]], has_failed: bool) -> Outcome:
        """One object's outcome. What is missing, told twice in two ways, or no word for it is not believed.

        An import that failed as a whole confirms nothing, whatever it says of an object.
        """
        words = {word if isinstance(word, str) else None for word, _ in said}
        word = words.pop() if len(words) == 1 else None
        if word in http.rejected:
            # A new object that was refused is not there; one that was changed is, as it was.
            return Outcome("rejected", "import_rejected", row.remote_id)
        if has_failed:
            return Outcome("pending", "import_failed", _ours(row))
        if word in http.accepted[row.kind]:
            if row.kind == "withdraw":
                return Outcome("withdrawn", "deleted")
            return Outcome("synced", None, row.external_id)
        if word in http.unknown and row.kind == "withdraw":
            return Outcome("withdrawn", "deleted")
        if word in http.unknown and row.kind == "update":
            return Outcome("pending", "missing_at_partner")
        return _unconfirmed(row)

    def _refused(self, row: Operation, answer: Answer, may_be_there: bool) -> Outcome:
        return replace(
            self._judge(row, answer), remote_id=_ours(row) if may_be_there else row.remote_id, requests=0
        )

    # ---- by a file that is dropped

    def _drop(self, rows: Sequence[Operation], address: Address, document: bytes) -> list[Outcome]:
        """A ZIP in the partner's folder, under one name in all tries; what may have been taken is not dropped twice."""
        content = openimmo.packed(document)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{hashlib.sha256(content).hexdigest()[:12]}.zip"
        may_be_there, why = False, ""
        for attempt in range(TRIES):
            try:
                self._client.rest(pause_before(attempt - 1, random.random()) if attempt else 0.0)
                drop(address, name, content, may_be_there)
                return [_unconfirmed(one) for one in rows]
            except PerhapsDropped as perhaps:
                may_be_there = True
                if not perhaps.can_be_seen:
                    break
            except PartnerStopped:
                break
            except NotDropped as problem:
                why = str(problem)
                if problem.is_refused:
                    break
        if why and not may_be_there:
            self._client.stop(f"{address.scheme}://{address.host}: {why}")
        return [
            Outcome("pending", "not_handed_over", _ours(o) if may_be_there else o.remote_id) for o in rows
        ]


def _how(operation: Operation) -> OpenImmo:
    if operation.entity.openimmo is None:
        raise ContractError(f"{operation.entity.name}: the key 'openimmo' is missing.")
    return operation.entity.openimmo


def _http(how: OpenImmo) -> Import:
    if how.http is None:
        raise ContractError("openimmo: the intake http needs the key 'http'.")
    return how.http


def _address(contract: Contract, settings: Mapping[str, str]) -> Address | None:
    """Where files are dropped; None where they go over HTTP, or none go at all. Raises `SettingsError`."""
    hows = [entity.openimmo for entity in contract.entities.values() if entity.openimmo]
    if not hows:
        return None
    name = _naming(contract)
    intake = settings.get("intake") or hows[0].intake
    allowed = [*(["http"] if all(how.http for how in hows) else []), *SCHEMES]
    if intake not in allowed:
        raise SettingsError(f"{name('intake')} is {intake!r}; allowed: {', '.join(allowed)}.")
    if intake == "http":
        return None
    return read_address("intake_url", (intake,), settings, name)


def _naming(contract: Contract) -> Callable[[str], str]:
    """Writes the key of a setting of the partner as people set it."""
    return lambda key: setting_name(f"destination.{contract.partner}.{key}")


def _objekt(operation: Operation, now: datetime) -> openimmo.Objekt:
    """The object of an operation: new without `aktionart`, unless it may be at the partner already."""
    aktion: openimmo.Aktion = "CHANGE" if operation.kind == "update" or operation.remote_id else ""
    if operation.kind == "withdraw":
        aktion = "DELETE"
    return openimmo.objekt(operation.external_id, operation.payload, aktion, now)


def _ours(operation: Operation) -> str:
    """The number under which an object is at the partner, once it may be there: ours."""
    return operation.remote_id or operation.external_id


def _running(operation: Operation, import_id: str) -> Outcome:
    """Taken by an import that has not ended, which can be asked again."""
    if operation.kind == "withdraw":
        return Outcome("withdrawn", "removal_delivered", _ours(operation), fields=(import_id,))
    return Outcome("delivered", "import_running", _ours(operation), fields=(import_id,))


def _unconfirmed(operation: Operation) -> Outcome:
    """Taken, or dropped where nobody answers: there is nothing more to ask."""
    if operation.kind == "withdraw":
        return Outcome("withdrawn", "removal_delivered", _ours(operation))
    return Outcome("delivered", "not_confirmed", _ours(operation))


def _counted(outcomes: list[Outcome], requests: int) -> list[Outcome]:
    """The requests of a file are counted with its first object."""
    return [replace(outcomes[0], requests=outcomes[0].requests + requests), *outcomes[1:]]


def _told(tell: Tell, places: Sequence[int], total: int) -> Tell:
    """The same for the objects of one file, at their places among all."""

    def told(outcomes: Sequence[Outcome | None]) -> None:
        whole: list[Outcome | None] = [None] * total
        for place, outcome in zip(places, outcomes, strict=True):
            whole[place] = outcome
        tell(whole)

    return told


def _body(send_as: str, document: bytes) -> tuple[bytes, str]:
    if send_as == "multipart":
        part = (openimmo.FILE_NAME.replace(".xml", ".zip"), openimmo.packed(document), TYPES["zip"])
        return encode_multipart_formdata({"file": part})
    return (openimmo.packed(document) if send_as == "zip" else document), TYPES[send_as]


def _pauses(total: float) -> Iterator[float]:
    """Growing pauses, 0.25, 0.5, 1 … seconds, at most 10, that add up to `total`."""
    pause, until = 0.25, time.monotonic() + total
    while total > 0 and time.monotonic() < until:
        yield min(pause, total)
        total -= pause
        pause = min(2 * pause, 10.0)


def _version() -> str:
    try:
        return version("stammdaten")
    except PackageNotFoundError:
        return "0"
