"""The bytes of a record on their way to the partner, step by step as the contract says (`content`).

They are read only where what the mart says of them has changed. The SHA-256 then decides; bytes of a new record, of
which there is nothing to compare with, are hashed while they go. Each step is noted before it goes, so that a run that
was killed goes on behind the last one that was answered.
"""

import hashlib
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Protocol
from urllib.parse import urlsplit

from pipelines.api.http.client import NOBODY, Answer, Client, PartnerStopped
from pipelines.api.http.streams import Stream, multipart
from pipelines.api.outcome import Outcome, Upload
from pipelines.api.protocols.answers import understood
from pipelines.api.protocols.protocol import Operation, filled
from pipelines.api.protocols.remote_ids import checked_id
from pipelines.api.reasons import REASONS
from pipelines.contract.content import placeholders, read_host
from pipelines.contract.contract import Contract, ContractError, body_schema, dig
from pipelines.contract.model import Content, Limits, Step
from pipelines.errors import ContentProblem, SettingsError
from pipelines.settings import is_loopback, setting_name

Json = dict[str, Any]
Write = Callable[[Operation], Outcome]

# A storage refuses an address like this once it has run out.
RUN_OUT = (401, 403, 404, 410)
NOT_THERE = (404, 410)
TOO_LARGE = 413
PLAIN_TYPE = "application/octet-stream"
TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")
IN_BRACES = re.compile(r"\{(\w+)\}")
LONGEST_ADDRESS = 16_384
# So many documents in a row that the source could not be asked for end the asking: each may have waited for long.
UNREACHABLE = 5


class ReadContent(Protocol):
    """The bytes of a document, to be closed after use."""

    @property
    def size(self) -> int:
        """Their number, known before they are read."""

    @property
    def sha256(self) -> str:
        """Their hash; reads them where they were not read yet. Raises `ContentProblem`."""

    def pieces(self) -> Iterator[bytes]:
        """The bytes from their start, hashed on the way.

        Raises `ContentProblem` before the last of them where they are not what they were at first.
        """


# The bytes that a mart row describes, of so many at most. Raises `ContentProblem`.
ReadsContent = Callable[[Mapping[str, Any], int], AbstractContextManager[ReadContent]]


class Notes(Protocol):
    """How far the bytes of each record have got, kept where a kill does not reach it."""

    def read(self, operation: Operation) -> Upload | None:
        """What was noted last; None: nothing, or it was taken over by the ledger."""

    def write(self, operation: Operation, upload: Upload) -> None:
        """Replaces it."""

    def forget(self, operation: Operation) -> None:
        """Takes it out."""

    def unused(self, operation: Operation, files: Sequence[Mapping[str, str]]) -> None:
        """Notes files that no record uses any more; they are taken out at the end of a push, of this one or a later."""


@dataclass
class _Task:
    """The bytes of one record: what is known of them, and the open file once they are needed."""

    operation: Operation
    content: Content
    described: Mapping[str, Any]
    upload: Upload
    stack: ExitStack
    # What steps left that must not outlive this process: addresses that run out.
    fleeting: dict[str, str] = field(default_factory=dict, repr=False)
    found: ReadContent | None = None
    stream: Stream | None = None
    requests: int = 0
    # Whether steps of an earlier run are relied on.
    is_resumed: bool = False
    # Of the record, as far as it is at the partner.
    remote_id: str | None = None

    @property
    def names(self) -> dict[str, str]:
        """What may stand in braces."""
        own = {name: str(value) for name, value in self.described.items() if value is not None}
        upload = self.upload
        return {
            **own,
            "external_id": self.operation.external_id,
            "groesse_bytes": str(upload.size),
            "sha256": upload.sha256,
            **upload.kept,
            **self.fleeting,
        }


class Uploads:
    """Sends the bytes of one partner's records. Safe to use from several threads.

    Whoever sends names `source`, which reads bytes, and `notes`.
    """

    source: ReadsContent | None = None
    notes: Notes | None = None

    def __init__(
        self,
        contract: Contract,
        client: Client,
        settings: Mapping[str, str],
        judge: Callable[[Operation, Answer], Outcome],
    ):
        self._contract, self._client, self._settings, self._judge = contract, client, settings, judge
        contents = [entity.content for entity in contract.entities.values() if entity.content]
        most = max((content.in_flight for content in contents), default=1)
        most = int(settings.get("content_in_flight", most))
        self._slots = threading.BoundedSemaphore(most)
        own = urlsplit(client.base_url).hostname or ""
        self._hosts = (own, *content_hosts(contract, settings), *(h for c in contents for h in c.hosts))
        self._allows_http = is_loopback(client.base_url)
        # A storage gets no login, and has no limits that we know of.
        self._storage = (
            Client(
                contract.partner,
                client.base_url,
                Limits(in_flight=most, confidence="documented"),
                lambda _: NOBODY,
                timeout=max(map(self._seconds, contents)),
            )
            if contents
            else None
        )
        self._left_over = self._unreachable = self._unknown = 0
        # Of each reason why bytes could not be read, what was said of the first document.
        self._examples: dict[str, str] = {}

    @property
    def trouble(self) -> str:
        """What has been failing of late at the storage, in words."""
        return self._storage.trouble if self._storage else ""

    def remarks(self) -> list[str]:
        """For people: what a run leaves behind."""
        found = []
        if self._unknown:
            found.append(
                f"{self._unknown:,} files may have been made there by requests that were not answered as they should"
                " be; they have no bytes, and nothing uses them"
            )
        if self._left_over:
            found.append(
                f"{self._left_over:,} files that no document uses any more could not be removed there"
            )
        if self._storage and self._storage.stopped:
            found.append(f"storage of documents: {self._storage.stopped}")
        if self._unreachable >= UNREACHABLE:
            found.append(
                "documents: their source could not be reached, and was not asked any more in this run"
            )
        return found + [f"for example {said}" for said in self._examples.values()]

    def close(self) -> None:
        """Closes the connections."""
        if self._storage:
            self._storage.close()

    # ---- a create or a change

    def carry_out(self, operation: Operation, write: Write) -> Outcome:
        """The bytes of a record, where they are new or have changed, and the record itself, which `write` sends."""
        content = _content(operation)
        bare = without_content(operation)
        if operation.kind == "update" and operation.confirmed and content.field not in operation.changed:
            return write(bare)
        described = operation.payload.get(content.field)
        if not isinstance(described, Mapping):
            return Outcome("rejected", "content_missing", operation.remote_id)
        with self._slots, ExitStack() as stack:
            task = self._task(operation, content, described, stack)
            try:
                return self._carried_out(task, bare, write)
            except (ContentProblem, _Stopped) as problem:
                if isinstance(problem, ContentProblem) and str(problem) != problem.reason:
                    self._examples.setdefault(problem.reason, str(problem))
                return _counted(replace(_outcome_of(problem), remote_id=task.remote_id), task)

    def _carried_out(self, task: _Task, bare: Operation, write: Write) -> Outcome:
        content, operation, held = task.content, task.operation, known(task.operation)
        if not task.upload.done:
            self._read(task)
            is_same = held and (held.sha256, held.label) == (task.upload.sha256, task.upload.label)
            # Bytes that go after their record go again with a record that may be another.
            if held and is_same and (operation.confirmed or not content.after):
                return self._unchanged(task, held, bare, write)
        if content.is_part and task.stream is None:
            self._read(task)
        outcome = self._record(task, bare, write)
        if task.is_resumed and outcome.state == "rejected" and content.field in outcome.fields:
            # What an earlier run sent is not there any more, or is not taken any more: it is made anew.
            self._start_anew(task)
            outcome = self._record(task, bare, write)
        if outcome.state != "synced":
            return _counted(_too_large(outcome) if content.is_part else outcome, task)
        task.remote_id = outcome.remote_id or operation.external_id
        try:
            self._go(task, content.after, task.remote_id)
        except (ContentProblem, _Stopped):
            self._take_back(task, bare, write)
            raise
        # Before anything says that this is done: else a kill would leave them for ever.
        self._unused(task, task.upload.kept, *task.upload.former, held.kept if held else {})
        self._write(task, replace(task.upload, step="", is_whole=True, former=()))
        return _counted(outcome, task)

    def _record(self, task: _Task, bare: Operation, write: Write) -> Outcome:
        """The steps before the record, and the record."""
        self._go(task, task.content.before)
        if task.content.before:
            self._write(task, replace(task.upload, step="record"))
        return write(self._with_content(task, bare))

    def _take_back(self, task: _Task, bare: Operation, write: Write) -> None:
        """After the bytes of a record did not arrive: none stays without them, or with former ones in another place.

        As far as the contract lets it go. Raises `_Stopped` where the partner had it before, so that it is made anew.
        """
        operation, is_new = task.operation, task.operation.remote_id is None
        fields = {parent.field for parent in operation.entity.parents}
        has_moved = bool(operation.content) and (
            not operation.confirmed or bool(fields & set(operation.changed))
        )
        if operation.entity.withdraw.kind != "delete" or not (is_new or has_moved):
            return
        gone = write(replace(bare, kind="withdraw", remote_id=task.remote_id))
        task.requests += gone.requests
        if gone.state != "withdrawn":
            return
        task.remote_id = None
        if has_moved:
            raise _Stopped(Outcome("pending", "missing_at_partner"))

    def _start_anew(self, task: _Task) -> None:
        """Relies on nothing that an earlier run has made."""
        task.is_resumed = False
        task.upload = replace(task.upload, done=(), kept={}, former=left_by(task.upload))
        if task.stream is None:
            self._read(task)

    def _unchanged(self, task: _Task, held: Upload, bare: Operation, write: Write) -> Outcome:
        """Only size or stamp have changed: what the partner has stays."""
        self._unused(task, held.kept, *task.upload.former)
        self._notes.forget(task.operation)
        if task.operation.confirmed:
            rest = tuple(name for name in task.operation.changed if name != task.content.field)
            if not rest and task.operation.kind == "update":
                return Outcome("synced", None, task.operation.remote_id)
            return write(replace(bare, changed=rest))
        # What was sent last may not have arrived; the file has.
        return write(self._with_content(replace(task, upload=held), bare))

    def _task(
        self, operation: Operation, content: Content, described: Mapping[str, Any], stack: ExitStack
    ) -> _Task:
        mark, label = _digest(described), _digest([described.get("dateiname"), described.get("mime_typ")])
        begun = self._notes.read(operation)
        upload = begun if begun and begun.mark == mark else Upload(mark, label, former=left_by(begun))
        # A whole one is one of a run that was killed before its outcome was noted.
        upload = replace(upload, is_whole=False)
        return _Task(
            operation,
            content,
            described,
            upload,
            stack,
            is_resumed=bool(upload.done),
            remote_id=operation.remote_id,
        )

    def _read(self, task: _Task) -> None:
        """Opens the bytes, and reads them where their hash is needed before they go. Raises `ContentProblem`."""
        if self._storage and self._storage.stopped:
            raise PartnerStopped(self._storage.stopped)
        if self.source is None or self._unreachable >= UNREACHABLE:
            raise ContentProblem("content_unreachable")
        try:
            found = task.stack.enter_context(self.source(task.described, task.content.max_bytes))
        except ContentProblem as problem:
            self._unreachable = self._unreachable + 1 if problem.reason == "content_unreachable" else 0
            raise
        self._unreachable = 0
        kind = str(task.described.get("mime_typ") or "")
        kind = kind if TYPE.fullmatch(kind) else PLAIN_TYPE
        task.found, task.stream = found, Stream(found.pieces, found.size, kind, self._seconds(task.content))
        begun = task.upload
        if begun.size not in (0, found.size) or (begun.sha256 and begun.sha256 != found.sha256):
            # The file has changed since the steps of the run before: they were for another one.
            task.upload = Upload(begun.mark, begun.label, former=left_by(begun))
            task.fleeting.clear()
        sha256 = found.sha256 if _is_hashed_first(task) else task.upload.sha256
        task.upload = replace(task.upload, sha256=sha256, size=found.size)

    def _seconds(self, content: Content) -> float:
        return float(self._settings.get("content_seconds", content.seconds))

    def _with_content(self, task: _Task, bare: Operation) -> Operation:
        content = task.content
        if not content.id and not content.is_part:
            return bare
        if content.is_part:
            # Its name stands for the bytes, until they are made a part of the body.
            named = {**bare.body, content.field: str(task.described.get("dateiname") or "")}
            return replace(bare, body=named, changed=(*bare.changed, content.field), stream=task.stream)
        schema = self._contract.schema(bare.entity.name, "create")["properties"][content.field]
        return replace(
            bare,
            body={**bare.body, content.field: _typed(task.upload.kept[content.id], schema)},
            changed=tuple(dict.fromkeys((*bare.changed, content.field))),
        )

    # ---- steps

    def _go(self, task: _Task, steps: tuple[Step, ...], remote_id: str = "") -> None:
        """Those of the steps that are not done. Raises `_Stopped` with what became of the row."""
        if task.stream is None and any(s.sends_bytes and s.name not in task.upload.done for s in steps):
            self._read(task)
        may_renew = True
        waiting = list(steps)
        while waiting:
            step = waiting[0]
            # What runs out was not kept, and is needed only as long as a later step uses it.
            is_spent = step.runs_out and all(later.name in task.upload.done for later in waiting[1:])
            if step.name in task.upload.done or is_spent:
                waiting.pop(0)
                continue
            answer = self._send(task, step, remote_id)
            if answer.ok:
                waiting.pop(0)
                continue
            renewed = [one for one in steps if one.runs_out]
            if step.sends_bytes and renewed and answer.status in RUN_OUT and may_renew:
                may_renew = False
                waiting = list(steps[steps.index(renewed[0]) :])
                continue
            if answer.status in NOT_THERE and task.is_resumed and step in task.content.before:
                # What an earlier run made is gone: it is made anew.
                self._start_anew(task)
                waiting = list(steps)
                continue
            raise _Stopped(self._refused(task, step, answer))

    def _send(self, task: _Task, step: Step, remote_id: str) -> Answer:
        """One step; what it leaves is kept where the answer is a good one."""
        self._write(task, replace(task.upload, step=step.name))
        names = {**self._settings, **task.names, **({"id": remote_id} if remote_id else {})}
        if step.address:
            answer = self._to_storage(task, step, names[step.address])
        else:
            answer = self._to_partner(task, step, names)
        task.requests += answer.requests
        if not answer.ok:
            self._unknown += step.method == "post" and (answer.lost or answer.is_good)
            return answer
        found = {name: dig(answer.body, place) for name, place in step.keep.items()}
        kept = {name: value for name, value in ((n, _kept(v)) for n, v in found.items()) if value}
        if kept.keys() != step.keep.keys():
            self._unknown += step.method == "post"
            return replace(answer, problem="unusable")
        if step.sends_bytes and task.found:
            task.upload = replace(task.upload, sha256=task.found.sha256)
        if step.runs_out:
            task.fleeting.update(kept)
        else:
            done = tuple(dict.fromkeys((*task.upload.done, step.name)))
            task.upload = replace(task.upload, done=done, kept={**task.upload.kept, **kept})
        return answer

    def _to_partner(self, task: _Task, step: Step, names: Mapping[str, str]) -> Answer:
        own = {place.split(".")[0] for place in step.keep.values()}

        def read(answer: Answer) -> Answer:
            return understood(answer, self._contract, own)

        body: Any = self._body(step, names)
        headers, seconds = {}, None
        if step.sends_bytes and task.stream:
            name = str(task.described.get("dateiname") or "")
            body = multipart(body, step.part, name, task.stream) if step.part else task.stream
            headers, seconds = {"Content-Type": body.kind}, body.seconds
        # What a post has made would be made a second time.
        repeat = step.method != "post" or step.runs_out
        path = filled(step.path, names)
        return self._client.call(
            step.method, path, body, None, headers, repeat, read, is_write=True, seconds=seconds
        )

    def _body(self, step: Step, names: Mapping[str, str]) -> Json | None:
        if not step.body:
            return None
        schema = body_schema(self._contract.document, step.template, step.method) if not step.part else {}
        return _filled_in(step.body, names, schema)

    def _to_storage(self, task: _Task, step: Step, address: str) -> Answer:
        if not self._may_go_to(address):
            host = _host(address)
            raise _Stopped(Outcome("rejected", "content_address", fields=(host,) if host else ()))
        # This library writes whole addresses into its log of details.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        if task.stream is None or self._storage is None:
            raise ContractError(f"{task.operation.entity.name}: {step.name} sends bytes that were not read")
        return self._storage.send(
            step.method, address, task.stream, headers={"Content-Type": task.stream.kind}
        )

    def _may_go_to(self, address: str) -> bool:
        """Whether bytes may be sent to an address that an answer held."""
        try:
            parts = urlsplit(address)
            host, has_login = (parts.hostname or "").lower(), "@" in parts.netloc
            _ = parts.port
        except ValueError:
            return False
        is_safe = parts.scheme == "https" or (
            parts.scheme == "http" and self._allows_http and is_loopback(address)
        )
        is_known = any(fnmatchcase(host, pattern) for pattern in self._hosts)
        return bool(is_safe and is_known and not has_login and address.isprintable())

    def _refused(self, task: _Task, step: Step, answer: Answer) -> Outcome:
        """What a step that failed means for the row."""
        if step.address and answer.status is not None and not answer.failed:
            code = "content_too_large" if answer.status == 413 else "content_refused"
            return Outcome(REASONS[code].state, code, None, answer.status)
        # As of a create: that a step's address is not there says nothing of the record.
        outcome = self._judge(replace(task.operation, kind="create"), answer)
        refused = self._contract.error.read(answer.body)[2]
        own = tuple(self._named(step, name) for name in dict.fromkeys(refused) if name in step.body)
        outcome = replace(outcome, requests=0, fields=own or outcome.fields)
        return _too_large(outcome) if step.sends_bytes else outcome

    def _named(self, step: Step, field: str) -> str:
        """A field of a step's body, with the setting that its value comes from."""
        used = [name for name in placeholders(step.body[field]) if name in self._contract.settings]
        names = ", ".join(setting_name(f"destination.{self._contract.partner}.{name}") for name in used)
        return f"{field} ({names})" if names else field

    # ---- what is over

    def withdrawn(self, operation: Operation, outcome: Outcome) -> Outcome:
        """After the record is gone: takes its file out as well, where the contract says how."""
        content, held = _content(operation), known(operation)
        if outcome.state != "withdrawn" or outcome.reason not in ("deleted", "detached"):
            return outcome
        begun = self._notes.read(operation)
        left = [*([held.kept] if held and held.kept else []), *left_by(begun)]
        for kept in left if content.remove else ():
            answer = self._delete(content, kept)
            if not (answer.ok or answer.status in NOT_THERE):
                judged = self._judge(operation, answer)
                # The record is gone; asked for once more, it is still gone, and the file goes then.
                return replace(
                    judged, remote_id=operation.remote_id, requests=outcome.requests + answer.requests
                )
            outcome = replace(outcome, requests=outcome.requests + answer.requests)
        self._notes.forget(operation)
        return outcome

    def take_out(self, content: Content, kept: Mapping[str, str]) -> bool:
        """Takes a file out that no record uses; False when it stays."""
        answer = self._delete(content, kept)
        is_gone = answer.ok or answer.status in NOT_THERE
        self._left_over += 0 if is_gone else 1
        return is_gone

    def _unused(self, task: _Task, used: Mapping[str, str], *files: Mapping[str, str]) -> None:
        left = [kept for kept in files if kept and kept != used]
        if task.content.remove and left:
            self._notes.unused(task.operation, left)

    def _delete(self, content: Content, kept: Mapping[str, str]) -> Answer:
        return self._client.call("delete", filled(content.remove, {**self._settings, **kept}), is_write=True)

    @property
    def _notes(self) -> Notes:
        if self.notes is None:
            raise ContractError("whoever sends bytes has to say where their steps are noted")
        return self.notes

    def _write(self, task: _Task, upload: Upload) -> None:
        task.upload = upload
        self._notes.write(task.operation, upload)


class _Stopped(Exception):
    """A step was refused, or nobody answered it; `outcome` is that of the row."""

    def __init__(self, outcome: Outcome):
        super().__init__("a step of an upload failed")
        self.outcome = outcome


def content_hosts(contract: Contract, settings: Mapping[str, str]) -> tuple[str, ...]:
    """The hosts that a setting adds. Raises `SettingsError`."""
    name = setting_name(f"destination.{contract.partner}.content_hosts")
    try:
        return tuple(
            read_host(one, name) for one in settings.get("content_hosts", "").split(",") if one.strip()
        )
    except ContractError as problem:
        raise SettingsError(str(problem)) from None


def without_content(operation: Operation) -> Operation:
    """The operation with what the partner knows of the record alone."""
    field = _content(operation).field
    return replace(operation, body={name: value for name, value in operation.body.items() if name != field})


def known(operation: Operation) -> Upload | None:
    """What the ledger says of the bytes that the partner has."""
    if not operation.content:
        return None
    found = json.loads(operation.content)
    return Upload(
        "", found["label"], found["sha256"], found["size"], kept=found.get("kept") or {}, is_whole=True
    )


def _content(operation: Operation) -> Content:
    if operation.entity.content is None:
        raise ContractError(f"{operation.entity.name}: the key 'content' is missing.")
    return operation.entity.content


def _is_hashed_first(task: _Task) -> bool:
    """Whether the hash decides what is sent, or is sent itself; else the bytes are hashed while they go."""
    content, held = task.content, known(task.operation)
    texts = [(step.path, dict(step.body)) for step in (*content.before, *content.after)]
    return content.is_part or bool(held and held.sha256) or "{sha256}" in str(texts)


def left_by(upload: Upload | None) -> tuple[Mapping[str, str], ...]:
    """What an upload has kept of files, those of former tries too."""
    return (*upload.former, *([upload.kept] if upload.kept else [])) if upload else ()


def _outcome_of(problem: ContentProblem | _Stopped) -> Outcome:
    """What became of a row whose bytes could not be read, or did not arrive."""
    if isinstance(problem, _Stopped):
        return problem.outcome
    return Outcome(REASONS[problem.reason].state, problem.reason)


def _too_large(outcome: Outcome) -> Outcome:
    """Of a request with bytes: it is they that were too many."""
    if outcome.http_status != TOO_LARGE:
        return outcome
    return replace(outcome, state=REASONS["content_too_large"].state, reason="content_too_large", fields=())


def _counted(outcome: Outcome, task: _Task) -> Outcome:
    return replace(outcome, requests=outcome.requests + task.requests)


def _digest(value: Any) -> str:
    """Short, and tells nothing of names."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _kept(value: Any) -> str | None:
    """An id, or an address, that an answer holds; None where it is neither."""
    if isinstance(value, str) and "://" in value:
        is_odd = len(value) > LONGEST_ADDRESS or not value.isprintable() or " " in value
        return None if is_odd else value
    return checked_id(value)


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "")[:255]
    except ValueError:
        return ""


def _typed(value: str, schema: Mapping[str, Any]) -> Any:
    kinds = schema.get("type")
    is_whole = kinds == "integer" or (isinstance(kinds, list) and "integer" in kinds)
    return int(value) if is_whole and re.fullmatch(r"-?\d{1,18}", value, re.ASCII) else value


def _filled_in(body: Mapping[str, Any], names: Mapping[str, str], schema: Mapping[str, Any]) -> Json:
    """A body with names in braces filled in; a field that comes out empty is left out."""
    found: Json = {}
    for key, value in body.items():
        part = schema.get("properties", {}).get(key, {})
        if isinstance(value, Mapping):
            found[key] = _filled_in(value, names, part)
        elif isinstance(value, str):
            text = IN_BRACES.sub(lambda name: names.get(name[1], ""), value)
            if text:
                found[key] = _typed(text, part)
        else:
            found[key] = value
    return found
