"""The parts of a partner's contract as frozen data. What each key means stands in `docs/contracts.md`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field, Strict
from pydantic.dataclasses import dataclass as checked

from pipelines.contract.rhythms import STAMMDATEN
from pipelines.errors import StammdatenError

Json = dict[str, Any]
Protocol = Literal["rest", "graphql"]
PagingStyle = Literal["page", "cursor", "offset_headers", "next_link", "offset", "offset_body", "skip_take"]
WithdrawKind = Literal["keep", "delete", "end", "deactivate", "detach"]
BeforeBegin = Literal["end_at_begin", "delete"]
ReferBy = Literal["id", "external_id"]
BeforeCreate = Literal["", "look_up", "list"]
Intake = Literal["http", "sftp", "ftps", "ftp"]
SendAs = Literal["xml", "zip", "multipart"]
Level = Literal["documented", "observed", "assumed"]
AtLeastOne = Annotated[int, Field(ge=1)]
Names = Annotated[tuple[str, ...], Strict(False)]  # of a list, too
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


# How well a part of a contract is known, the best first; and the mark of a field's values beside that of the field.
LEVELS: tuple[Level, ...] = get_args(Level)
VALUES = "x-values-confidence"


class ContractError(StammdatenError):
    """A contract file is missing or wrong; the message names file and key."""


# What a setting of one partner may have to be, beside one of some values.
ID_NUMBERS = ("id number", "id number or empty")

# Of what is read from YAML as it stands there: no other keys, and no values of another kind.
AS_WRITTEN = ConfigDict(extra="forbid", strict=True)


@checked(frozen=True, config=AS_WRITTEN)
class Limits:
    """Upper bounds of the connector; None is not limited. `confidence` says who names them, `assumed` which none does.

    `answer_mib`: the largest answer that is read. `longest_wait`: seconds that waits may add up to in a run.
    """

    in_flight: int | None = None
    per_second: float | None = None
    per_minute: float | None = None
    per_hour: float | None = None
    per_day: float | None = None
    confidence: Level = "assumed"
    answer_mib: float = 32
    longest_wait: float = 7_200
    assumed: Names = ()


@checked(frozen=True, config=AS_WRITTEN)
class Setting:
    """A setting that one partner alone has. `allowed`: its values, or one of `ID_NUMBERS`; none: any text.

    `note`: for people, what it is, and where a value is found.
    """

    default: str = ""
    allowed: Names | str = ()
    note: str = ""

    def read(self, given: str) -> str | None:
        """The value as it is used; None for one that is not allowed."""
        if not self.allowed:
            return given
        value = given.strip()
        if isinstance(self.allowed, str):
            is_empty = not value and self.allowed.endswith(" or empty")
            return value if is_empty or re.fullmatch(r"[1-9]\d{0,17}", value, re.ASCII) else None
        return next((one for one in self.allowed if one.lower() == value.lower()), None)

    @property
    def choice(self) -> str:
        """What it may be, in words; empty for any text."""
        return self.allowed if isinstance(self.allowed, str) else ", ".join(self.allowed)


@checked(frozen=True, config=AS_WRITTEN)
class Patience:
    """How long a create without an answer is waited for, in seconds.

    `look_again`: pauses, in total, in which it is looked for at the end of its level. `absent_after`: so long after
    it was sent, a record that a look-up does not show is believed to be absent.
    """

    look_again: Seconds = 30.0
    absent_after: Seconds = 120.0


@checked(frozen=True, config=AS_WRITTEN)
class Paging:
    """How lists are read: names of query parameters, headers or body fields, dotted paths into the answer."""

    style: PagingStyle
    default_size: int
    max_size: int
    items: str = ""
    page: str = ""
    size: str = ""
    total_pages: str = ""
    total: str = ""
    limit: str = ""
    offset: str = ""
    count: str = ""
    next: str = ""
    cursor: str = ""
    first: int = 1


@checked(frozen=True, config=AS_WRITTEN)
class ErrorShape:
    """Where an error body keeps what; each is a list of dotted paths, the first that is there counts."""

    code: Names = ()
    message: Names = ()
    details: str = ""
    field: str = ""
    body_field: str = ""

    def read(self, body: object) -> tuple[str, str, tuple[str, ...]]:
        """Code, message and names of the refused fields in an error body; empty where there is none."""
        code, message = (_first(body, paths) for paths in (self.code, self.message))
        details = dig(body, self.details) if self.details else None
        if self.details == ".":
            details = _own_fields(body)
        if isinstance(details, Mapping):
            fields = [str(name) for name in details]
        elif isinstance(details, list):
            fields = [str(dig(detail, self.field) or "") for detail in details]
        else:
            fields = [str(dig(body, self.field) or "")] if self.field and not self.details else []
        if not any(fields) and self.body_field:
            fields = [str(dig(body, self.body_field) or "")]
        return code, message, tuple(name for name in fields if name)

    def said_of(self, body: object, name: str) -> list[Any]:
        """What the details of an error body say of one field, beside its name; empty where that is nothing."""
        details = _own_fields(body) if self.details == "." else dig(body, self.details)
        if isinstance(details, Mapping):
            return [said for field, said in details.items() if field == name and said]
        own = [one for one in details if isinstance(one, Mapping)] if isinstance(details, list) else []
        place = self.field.split(".")[0]
        return [
            said
            for one in own
            if dig(one, self.field) == name
            for key, said in one.items()
            if key != place and said
        ]


@checked(frozen=True, config=AS_WRITTEN)
class LeftOut:
    """Fields that are left out of one repeat when the partner refuses exactly them as taken by another record.

    `codes` and `text` (a pattern) say how an error body tells it; another one of `needs` must have a value in the row.
    """

    fields: Names
    codes: Names = ()
    text: str = ""
    needs: Names = ()

    def applies(self, refused: tuple[str, ...], code: str, text: str, row: Mapping[str, Any]) -> str | None:
        """The field to leave out of the repeat, or None; `text` is what is said of it, in lower case."""
        names = set(refused)
        field = next(iter(names)) if len(names) == 1 else None
        if field not in self.fields:
            return None
        is_taken = code in self.codes or bool(self.text and re.search(self.text, text, re.IGNORECASE))
        rest = [row.get(name) for name in self.needs if name != field]
        has_rest = not self.needs or any(value not in (None, "") for value in rest)
        return field if is_taken and has_rest else None


@checked(frozen=True, config=AS_WRITTEN)
class Login:
    """A POST that answers with a token, which goes as a bearer with each request.

    `fields` are its body, settings in braces; `basic` the settings that are user and password of HTTP Basic. `token`
    and `expires_in` are dotted paths in the answer; `lifetime` (seconds) counts where no usable one is told.
    """

    path: str
    fields: Mapping[str, str]
    basic: Names = ()
    token: str = "access_token"  # noqa: S105
    expires_in: str = "expires_in"
    lifetime: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 300.0
    is_form: bool = False


@checked(frozen=True, config=AS_WRITTEN)
class MultiStatus:
    """Where an answer 207 keeps its items, and in an item its status and its record (dotted paths)."""

    items: str
    status: str
    record: str = ""


@checked(frozen=True, config=AS_WRITTEN)
class Find:
    """One request that looks records up, or lists them.

    The value goes into the parameter `query` or to the dotted place `body`; `values` go there each time. In GraphQL
    `path` is a field of Query, and `body` and `values` lie in its argument. `paging` None is that of the partner.
    """

    method: Literal["get", "post"]
    path: str
    query: str | None = None
    body: str | None = None
    values: Mapping[str, Any] = default(default_factory=dict)
    paging: Paging | None = None


@dataclass(frozen=True)
class Parent:
    """A reference: `field` takes the id of a record of `entity`."""

    entity: str
    field: str
    many: bool
    in_path: bool
    required: bool


@checked(frozen=True, config=AS_WRITTEN)
class Lookup:
    """An id out of the partner's own catalogue: of the records at `path`, the one that is as `where` says."""

    field: str
    path: str
    where: Mapping[str, Any]
    take: str


@checked(frozen=True, config=AS_WRITTEN)
class Below:
    """A list that shows children of one record of `entity` only, asked for in the query parameter `query`."""

    entity: str
    query: str


@checked(frozen=True, config=AS_WRITTEN)
class Bulk:
    """Upserts of up to `max` records in one PUT on `path`; `items` is the dotted place of their list in the body.

    The others are dotted places in the answer: `accepted` (a number, or a list), numbers that add up to it (`counts`),
    the list `rejected`, and in one of its entries the place in the request (`index`, from 0) and our id.
    """

    path: str
    max: AtLeastOne
    items: str = "items"
    accepted: str = ""
    counts: Names = ()
    rejected: str = "rejected"
    index: str = "index"
    external_id: str = "external_id"


@dataclass(frozen=True)
class Mutation:
    """A field of GraphQL's Mutation and the one argument that it is given, with the argument's type."""

    name: str
    argument: str
    type: str


@dataclass(frozen=True)
class Withdraw:
    """What happens at the partner when a row leaves the mart; `mutation` where that is a call of its own."""

    kind: WithdrawKind
    field: str | None = None
    values: Mapping[str, Any] = default(default_factory=dict)
    mutation: Mutation | None = None

    @property
    def end(self) -> str | None:
        """The field that takes the last day: all that an `end` does, and what a detaching mutation is preceded by."""
        return self.field if self.kind == "end" or self.mutation else None


@checked(frozen=True, config=AS_WRITTEN)
class Allowed:
    """What may be done to a record in one state: fields that may be changed (None: all), whether it may be deleted.

    `is_over`: nothing is left to withdraw.
    """

    change: Names | None = ()
    delete: bool = False
    is_over: bool = False


@dataclass(frozen=True)
class States:
    """The field (dotted path) that names a record's state, and what each state allows; any other allows nothing."""

    field: str
    allows: Mapping[str, Allowed]

    def allowed(self, record: Mapping[str, Any]) -> Allowed | None:
        """What the state that a record shows allows; None where it shows none that is known."""
        shown = dig(record, self.field)
        return self.allows.get(shown) if isinstance(shown, str) else None

    @property
    def may_delete(self) -> bool:
        """Whether there is a state in which a record may be deleted."""
        return any(allowed.delete for allowed in self.allows.values())


@checked(frozen=True, config=AS_WRITTEN)
class Import:
    """An import over HTTP: where a file goes, where its state is asked for, and the words of the answer.

    `path` takes the POST, `state_path` (with `{id}`) the GET; `import_id`, `state`, `results` are dotted paths in
    answers, `number`, `result`, `message` in one result. `accepted`: kind of operation → words that confirm it.
    """

    path: str
    state_path: str
    import_id: str
    state: str
    running: Names
    done: Names
    failed: Names
    results: str
    number: str
    result: str
    accepted: Mapping[str, Names]
    rejected: Names
    unknown: Names = ()
    message: str = ""
    send_as: SendAs = "xml"


@checked(frozen=True, config=AS_WRITTEN)
class OpenImmo:
    """How the objects of an entity are handed over: `intake` by default, so many `objects` in a file at most.

    `wait`: seconds in which a run waits for the outcome of an import.
    """

    intake: Intake
    objects: AtLeastOne = 200
    wait: Seconds = 120.0
    http: Import | None = None


@dataclass(frozen=True)
class Step:
    """One request of an upload, on a path of the partner, or on the whole address that an earlier step has `kept`.

    `template` is the path as it stands under `paths`, whatever its names in braces are called there.
    `body` may hold names in braces. `keep`: name → dotted place in the answer. `part` is the name of the part that
    holds the bytes in a multipart body. `runs_out`: what it keeps is good for a while only, and asked for anew.
    """

    name: str
    method: str
    path: str = ""
    template: str = ""
    address: str = ""
    body: Mapping[str, Any] = default(default_factory=dict)
    keep: Mapping[str, str] = default(default_factory=dict)
    sends_bytes: bool = False
    part: str = ""
    runs_out: bool = False


@dataclass(frozen=True)
class Content:
    """The bytes that belong to a record. `field` is the column of the mart that describes them.

    `before` and `after`: steps around the write of the record; `is_part`: the bytes go in that request, as a part of
    a multipart body. `id`: which kept value the field takes. `hosts`: where else bytes may be sent to. `seconds`: how
    long one request with bytes may take. `remove` (a path with kept names): takes a file out that nothing uses any
    more. `shown`: where a record shows `size`, `sha256` or `md5` of its bytes.
    """

    field: str
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    is_part: bool = False
    id: str = ""
    hosts: tuple[str, ...] = ()
    in_flight: int = 4
    max_bytes: int = 50 * 2**20
    seconds: float = 600.0
    remove: str = ""
    shown: Mapping[str, str] = default(default_factory=dict)


@dataclass(frozen=True)
class Entity:
    """One entity of a partner; the keys of `x-entities`, defaults filled in.

    `begin` is the field with a record's first day, `before_begin` what becomes of one that is withdrawn before it.
    `record` tells kinds of records apart: the path of one record, or in GraphQL the mutation that writes it.
    `by_law` says which records must not stay at the partner, whatever a guard says; empty: there are none.
    """

    name: str
    title: str
    erp: str
    collection: str
    record: str
    listing: Find
    items: str
    unwrap: str
    id: str
    external_id: str | None
    external_ids: str | None
    find: Find | None
    candidates: Find | None
    natural_key: tuple[str, ...]
    unique_field: str | None
    where: Mapping[str, Any]
    parents: tuple[Parent, ...]
    id_space: str
    created_with: str | None
    lookups: tuple[Lookup, ...]
    withdraw: Withdraw
    withdraw_note: str
    begin: str | None = None
    before_begin: BeforeBegin = "end_at_begin"
    upsert: bool = False
    mutation: Mutation | None = None
    refer_by: ReferBy = "id"
    before_create: BeforeCreate = ""
    list_below: Below | None = None
    former_ids: Mapping[str, str] = default(default_factory=dict)
    fixed: Mapping[str, Any] = default(default_factory=dict)
    shown_as: Mapping[str, str] = default(default_factory=dict)
    unique_external_id: bool = False
    # Who makes the records at the partner, where we never do.
    made_by: str = ""
    is_read_only: bool = False
    states: States | None = None
    use_case: str = STAMMDATEN
    left_out_if_taken: LeftOut | None = None
    bulk: Bulk | None = None
    openimmo: OpenImmo | None = None
    by_law: str = ""
    id_in_body: bool = False
    archived: Mapping[str, Any] = default(default_factory=dict)
    content: Content | None = None

    @property
    def list(self) -> str:
        """Path that lists the records, or in GraphQL the field of Query."""
        return self.listing.path

    @property
    def above(self) -> tuple[Parent, ...]:
        """The parents whose ids stand in the address, from the outermost to the one that a record lies in."""
        inner = [parent for parent in self.parents if parent.in_path]
        return tuple(sorted(inner, key=lambda parent: self.collection.index("{" + parent.field + "}")))

    @property
    def reference_columns(self) -> Mapping[str, Sequence[str]]:
        """The partner's parent field → the mart's columns that fill it (several are alternatives)."""
        columns = [
            (parent.field, f"{parent.entity}_external_{'ids' if parent.many else 'id'}")
            for parent in self.parents
        ]
        return {field: tuple(name for of, name in columns if of == field) for field, _ in columns}

    @property
    def id_is_ours(self) -> bool:
        """Whether the partner keeps our id as its own."""
        return self.external_id == self.id

    @property
    def self_parent(self) -> Parent | None:
        """The reference to another record of the same kind; None where there is none."""
        return next((parent for parent in self.parents if parent.entity == self.name), None)

    @property
    def can_be_read(self) -> bool:
        """Whether the partner shows records of this entity; files go one way."""
        return self.openimmo is None or bool(self.record)

    @property
    def sent_id(self) -> str | None:
        """The field of a body that carries our id; None where none does, or where it stands in the address."""
        return self.external_id if self.id_in_body or not self.id_is_ours else None

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Whether a record read from this entity's path belongs to it, as far as `where` can tell."""
        return all(_is(record.get(name), wanted) for name, wanted in self.where.items())

    def is_archived(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is one that a delete has put aside: it is there, and counts as deleted."""
        return bool(self.archived) and all(record.get(n) == value for n, value in self.archived.items())

    def as_sent(self, record: Json) -> Json:
        """A record as the partner shows it, with its fields also under the names under which they are sent."""
        if not self.shown_as:
            return record
        return {**record, **{name: dig(record, path) for name, path in self.shown_as.items()}}


def check_marks(part: Mapping[str, Any], where: str) -> None:
    """Raises ContractError where a part of a contract is marked as known in a way that there is not."""
    for key in ("x-confidence", VALUES):
        if key in part and part[key] not in LEVELS:
            raise ContractError(f"{where}: {key} is {part[key]!r}; allowed: {', '.join(LEVELS)}.")


def dig(body: object, path: str) -> Any:
    """The value at a dotted path (`meta.totalPages`, `errors.0.code`); None where there is none."""
    value: Any = body
    for step in path.split(".") if path else []:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def put(body: Json, path: str, value: Any) -> None:
    """Puts a value at a dotted path, making the objects on the way."""
    *above, name = path.split(".")
    for step in above:
        body = body.setdefault(step, {})
    body[name] = value


def _own_fields(body: object) -> Json | None:
    """The fields of an error body that is itself the map of refused fields: they hold lists or maps, not sentences."""
    if not isinstance(body, Mapping):
        return None
    return {name: value for name, value in body.items() if isinstance(value, list | Mapping)}


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping) and "not" in wanted:
        return bool(value != wanted["not"])
    return bool(value == wanted)


def _first(body: object, paths: tuple[str, ...]) -> str:
    found = (dig(body, path) for path in paths)
    return next((str(value) for value in found if isinstance(value, str | int) and value != ""), "")
