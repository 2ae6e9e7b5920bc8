"""A partner's `contract.yaml` as typed, frozen data. The format is described in `docs/contracts.md`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import yaml

from pipelines.contract import openimmo
from pipelines.contract.entities import Source, read_entity, read_paging
from pipelines.contract.login import read_login
from pipelines.contract.model import (
    ID_NUMBERS,
    VALUES,
    ContractError,
    Entity,
    ErrorShape,
    Find,
    Json,
    Limits,
    Login,
    Lookup,
    MultiStatus,
    Paging,
    Parent,
    Patience,
    Protocol,
    Setting,
    Withdraw,
    WithdrawKind,
    check_marks,
    dig,
)
from pipelines.contract.own_partners import CONTRACT, own_partners
from pipelines.contract.parts import build, get
from pipelines.contract.rhythms import STAMMDATEN
from pipelines.contract.schema.json_schema import body_schema, resolve, whole_schema
from pipelines.contract.schema.refusals import Check, checks
from pipelines.contract.unfinished import check_filled_in, is_unfinished
from pipelines.errors import SettingsError
from pipelines.settings import project_root
from pipelines.suggest import did_you_mean
from pipelines.yaml_file import LOADER

if TYPE_CHECKING:
    from pipelines.contract.schema.graphql_schema import Sdl

__all__ = [
    "LOADER",
    "VALUES",
    "Contract",
    "ContractError",
    "Entity",
    "ErrorShape",
    "Find",
    "Json",
    "Limits",
    "Lookup",
    "Paging",
    "Parent",
    "Patience",
    "Purpose",
    "Withdraw",
    "WithdrawKind",
    "body_schema",
    "built_in_partners",
    "dig",
    "load_contract",
    "parse_contract",
    "partner_folder",
    "partner_folders",
    "partners",
    "resolve",
    "unfinished_partners",
]

FOLDER = Path(__file__).parent.parent / "partners"
FILE = CONTRACT

HEAD = {
    "name", "title", "specified", "credentials", "limits", "record", "paging", "error",
    "protocol", "schema", "endpoint", "batch", "settings", "patience", "success", "multi_status",
    "equal_refusals", "login", "version_ended",
}  # fmt: skip

Purpose = Literal["create", "update"]


@dataclass(frozen=True)
class Contract:
    """A partner's API as its contract describes it."""

    partner: str
    title: str
    specified: bool
    credentials: tuple[str, ...]
    limits: Limits
    record: str
    paging: Paging
    error: ErrorShape
    entities: Mapping[str, Entity]
    document: Json = default(repr=False)
    protocol: Protocol = "rest"
    endpoint: str = ""
    batch: int = 1
    own_settings: Mapping[str, Setting] = default(default_factory=dict)
    sdl: "Sdl | None" = default(default=None, repr=False)
    patience: Patience = default(default_factory=Patience)
    success: Mapping[str, tuple[object, ...]] = default(default_factory=dict)
    multi_status: MultiStatus | None = None
    equal_refusals: int = 25
    login: Login | None = None
    version_ended: int | None = None

    @property
    def settings(self) -> Mapping[str, str]:
        """Settings that this partner alone has, and their defaults."""
        return {name: setting.default for name, setting in self.own_settings.items()}

    @cached_property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """Entity names, parents before children; entities of one level do not refer to each other."""
        return _levels(self.partner, {name: entity.parents for name, entity in self.entities.items()})

    def of_use_case(self, use_case: str | None) -> frozenset[str]:
        """Names of the entities that belong to a use case; all where none is named."""
        return frozenset(
            name for name, entity in self.entities.items() if use_case in (None, entity.use_case)
        )

    def needed_by(self, use_case: str | None) -> frozenset[str]:
        """The same with the parents of all levels, and with what shares a space of ids with any of them."""
        found = set(self.of_use_case(use_case))
        size = -1
        while size != (size := len(found)):
            found |= {parent.entity for name in found for parent in self.entities[name].parents}
            spaces = {self.entities[name].id_space for name in found}
            found |= {entity.name for entity in self.entities.values() if entity.id_space in spaces}
        return frozenset(found)

    def schema(self, entity: str, purpose: Purpose) -> Json:
        """JSON Schema of the body that creates or changes a record, references resolved.

        Fields that only the partner sets (`readOnly`) are left out.
        """
        found = self.entities[entity]
        if found.openimmo:
            return openimmo.columns()
        if found.mutation and self.sdl:
            return self.sdl.input_schema(found.mutation)
        if purpose == "create" or found.upsert or found.is_read_only:
            return body_schema(self.document, *self._creating(found))
        return body_schema(self.document, found.record, "patch")

    def shown_schema(self, entity: str) -> Json:
        """The same for the record as the partner shows it, with fields that only the partner sets."""
        found = self.entities[entity]
        if found.mutation or found.openimmo:
            return self.schema(entity, "create")
        return whole_schema(self.document, *self._creating(found))

    @cached_property
    def whole_ids(self) -> frozenset[str]:
        """Entities to which the partner gives whole numbers as ids, and nothing else."""
        shown = {name: self.shown_schema(name).get("properties", {}) for name in self.entities}
        return frozenset(
            name
            for name, fields in shown.items()
            if fields.get(self.entities[name].id, {}).get("type") == "integer"
        )

    @staticmethod
    def _creating(entity: Entity) -> tuple[str, str, str | None]:
        if entity.made_by:
            return entity.record, "get", None
        if entity.bulk:
            return entity.bulk.path, "put", entity.bulk.items
        return (entity.record, "put", None) if entity.upsert else (entity.collection, "post", None)

    def checks(self, name: str) -> list[Check]:
        """When a row of the mart of an entity would be refused: by what its contract says of new records."""
        entity = self.entities[name]
        left_out = {look.field for look in entity.lookups} | set(entity.fixed)
        left_out |= {entity.content.field} if entity.content else set()
        return checks(
            self.schema(name, "create"), entity.sent_id, entity.reference_columns, frozenset(left_out)
        )

    def confidence(self, entity: str, name: str) -> str:
        """`documented`, `observed` or `assumed`: how well the field of an entity is known."""
        known = self.schema(entity, "create")["properties"].get(name, {})
        return str(known.get("x-confidence", "assumed"))

    def values_confidence(self, entity: str, name: str) -> str:
        """The same of what may stand in the field: its enumeration, format, or ids of the partner's catalogue."""
        known = self.schema(entity, "create")["properties"].get(name, {})
        return str(known.get(VALUES, known.get("x-confidence", "assumed")))

    def base_url(self, settings: Mapping[str, str]) -> str:
        """Address that stands before every path, without a trailing slash.

        `settings` are the values of `DESTINATION__<PARTNER>__…`, keys in lower case: `base_url`,
        `environment`, the server's variables. Raises SettingsError for a value that is not allowed.
        """
        server = self._server(settings, self.document["servers"])
        return self._address(server, settings, settings.get("base_url", ""))

    def login_url(self, settings: Mapping[str, str]) -> str:
        """Whole address of the login, on the host that the contract names for it.

        `login_base_url` replaces what stands before its path, else `base_url` does: a test system has both in one
        place. So credentials reach no host but those of contract and settings. Raises SettingsError like `base_url`.
        """
        assert self.login is not None  # noqa: S101
        own: list[Json] = self.document["paths"][self.login.path].get("servers", [])
        base = settings.get("login_base_url", "")
        if not own and not base:
            return self.base_url(settings) + self.login.path
        if not base and settings.get("base_url"):
            base = self.base_url(settings).removesuffix(self._tail(settings))
        server = self._server({**settings, "base_url": base}, own or self.document["servers"])
        return self._address(server, settings, base) + self.login.path

    def _tail(self, settings: Mapping[str, str]) -> str:
        """What the contract adds behind a base address."""
        root = "http://localhost"
        server = self._server({**settings, "base_url": root}, self.document["servers"])
        return self._address(server, settings, root).removeprefix(root)

    def _address(self, server: Json, settings: Mapping[str, str], base: str) -> str:
        """The address of a server, or what is set in the place of its host (`base`) with what follows the host."""
        origin, tail = _split(server["url"])
        variables = server.get("variables", {})
        for name, variable in variables.items():
            tail = tail.replace("{" + name + "}", self._variable(name, variable, settings))
        if not base:
            return self._host(origin, variables, settings) + tail
        base = base.rstrip("/")
        given = tail or self._shared_segment()
        if given and base.endswith(given):
            return base if tail else base.removesuffix(given)
        return base + tail

    def _host(self, origin: str, variables: Json, settings: Mapping[str, str]) -> str:
        """The origin with its variables filled in, each a part of a host's name."""
        for name, variable in variables.items():
            if "{" + name + "}" not in origin:
                continue
            value = self._variable(name, variable, settings)
            if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", value):
                raise self._refused(name, value, "one part of a host's name: letters, digits, hyphens")
            origin = origin.replace("{" + name + "}", value)
        return origin

    def _server(self, settings: Mapping[str, str], servers: list[Json]) -> Json:
        wanted = settings.get("environment", "")
        if not wanted or settings.get("base_url"):
            return servers[0]
        known = {server["x-environment"]: server for server in servers if "x-environment" in server}
        if wanted.lower() not in known:
            raise self._refused("environment", wanted, ", ".join(known) or "none")
        return known[wanted.lower()]

    def _variable(self, name: str, variable: Json, settings: Mapping[str, str]) -> str:
        value = str(settings.get(name, variable["default"])).strip()
        if "enum" in variable and value not in variable["enum"]:
            raise self._refused(name, value, ", ".join(variable["enum"]))
        if str(variable["default"]).startswith("/") and value:
            return "/" + value.strip("/")
        return value

    def _refused(self, key: str, value: str, allowed: str) -> SettingsError:
        setting = f"DESTINATION__{self.partner.upper()}__{key.upper()}"
        return SettingsError(f"{setting} is {value!r}; allowed: {allowed}.")

    def _shared_segment(self) -> str:
        firsts = {path.split("/")[1] for path in self.document["paths"]}
        return "/" + firsts.pop() if len(firsts) == 1 else ""


def partners() -> list[str]:
    """Names of the partners that have a contract with nothing left to fill in, in alphabetical order."""
    return [name for name, folder in partner_folders().items() if not is_unfinished(folder / FILE)]


def unfinished_partners() -> list[str]:
    """Names of the partners that are being written: their contract has marks to be filled in."""
    return [name for name, folder in partner_folders().items() if is_unfinished(folder / FILE)]


def partner_folders() -> dict[str, Path]:
    """Name → folder of each partner, built in or outside the project; finished or not, in alphabetical order."""
    built_in = built_in_partners()
    return dict(sorted({**built_in, **own_partners(built_in)}.items()))


def built_in_partners() -> dict[str, Path]:
    """Those that are part of the project."""
    return {file.parent.name: file.parent for file in sorted(FOLDER.glob(f"*/{FILE}"))}


def partner_folder(partner: str) -> Path:
    """The folder with a partner's contract, profile and code; that of a built-in one where nobody has the name."""
    built_in = FOLDER / partner
    return built_in if (built_in / FILE).is_file() else partner_folders().get(partner, built_in)


def models_folder(partner: str) -> Path:
    """Where the partner's marts lie, with the YAML that describes them: in the project, or beside its contract."""
    if partner in built_in_partners():
        return project_root() / "models" / "partners" / partner
    return partner_folder(partner) / "models"


def load_contract(partner: str) -> Contract:
    """The contract of a partner. Raises ContractError when a file is missing or wrong."""
    return _load(partner, partner_folder(partner))


@cache
def _load(partner: str, folder: Path) -> Contract:
    return read_contract(partner, folder)


def read_contract(partner: str, folder: Path) -> Contract:
    """The contract in a folder, which may be that of another state of the project. Raises like `load_contract`."""
    file = folder / FILE
    if not file.is_file():
        known = partners()
        meant = did_you_mean(partner, known)
        raise ContractError(f"{partner!r}: unknown partner{meant}; known are {', '.join(known)}")
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ContractError(f"partners/{partner}/{FILE}, line {line}: {error.problem}.") from error
    check_filled_in(document, f"partners/{partner}/{FILE}")
    return parse_contract(partner, document, folder)


def entity_names(partner: str) -> list[str]:
    """The entities of a contract, also of one that is being written; none where it cannot be read."""
    try:
        document = yaml.load((partner_folder(partner) / FILE).read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []
    entities = document.get("x-entities") if isinstance(document, dict) else None
    return [str(name) for name in entities] if isinstance(entities, dict) else []


def parse_contract(partner: str, document: Json, folder: Path | None = None) -> Contract:
    """The contract in a parsed OpenAPI document; `folder` has the files that it names, by default the partner's own.

    Raises ContractError that names the key.
    """
    where = f"partners/{partner}/{FILE}"
    head, at = get(document, "x-partner", where), f"{where}: x-partner"
    for key in head:
        if key not in HEAD:
            raise ContractError(f"{at}: the key {key!r} is not known; see docs/contracts.md.")
    if head.get("name") != partner:
        raise ContractError(f"{at}.name is {head.get('name')!r}, the folder is {partner!r}.")
    paging = read_paging(get(head, "paging", at), f"{at}.paging")
    sdl = _sdl(partner, head, document, at, folder or partner_folder(partner))
    source = Source(document, sdl, paging)
    contract = Contract(
        partner=partner,
        title=get(head, "title", at),
        specified=head.get("specified", True),
        credentials=tuple(get(head, "credentials", at)),
        limits=_limits(head.get("limits", {}), f"{at}.limits"),
        record=head.get("record", ""),
        paging=paging,
        error=build(ErrorShape, _error_paths(head.get("error", {})), f"{at}.error"),
        entities={
            name: read_entity(name, entry, source, f"{where}: x-entities.{name}")
            for name, entry in get(document, "x-entities", where).items()
        },
        document=document,
        protocol="graphql" if sdl else "rest",
        endpoint=head.get("endpoint", ""),
        batch=_at_least_one(head.get("batch", 1), f"{at}.batch"),
        own_settings=_settings(head.get("settings", {}), f"{at}.settings"),
        sdl=sdl,
        patience=build(Patience, head.get("patience", {}), f"{at}.patience"),
        success=_success(head.get("success", {}), at),
        multi_status=build(MultiStatus, head["multi_status"], f"{at}.multi_status")
        if "multi_status" in head
        else None,
        equal_refusals=_at_least_one(head.get("equal_refusals", 25), f"{at}.equal_refusals"),
        login=read_login(head, document, at),
        version_ended=_at_least_one(head["version_ended"], f"{at}.version_ended")
        if "version_ended" in head
        else None,
    )
    _check_references(contract, where)
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        _check_marks(schema, f"{where}: {name}")
    return contract


def _check_marks(schema: Json, where: str) -> None:
    for name, child in schema.get("properties", {}).items():
        check_marks(child, f"{where}.{name}")
        _check_marks(child.get("items", child), f"{where}.{name}")


def _sdl(partner: str, head: Json, document: Json, at: str, folder: Path) -> "Sdl | None":
    """The GraphQL schema beside the contract, for a partner that speaks GraphQL."""
    protocol = head.get("protocol", "rest")
    if protocol not in ("rest", "graphql"):
        raise ContractError(f"{at}.protocol is {protocol!r}; allowed: rest, graphql.")
    if protocol == "rest":
        for key in ("schema", "endpoint", "batch"):
            if key in head:
                raise ContractError(f"{at}.{key}: for protocol graphql only.")
        return None
    from pipelines.contract.schema.graphql_schema import Sdl  # loads a library that no other partner needs

    endpoint = get(head, "endpoint", at)
    if "post" not in document.get("paths", {}).get(endpoint, {}):
        raise ContractError(f"{at}.endpoint: post {endpoint!r} is not described under paths.")
    if head["paging"]["style"] != "skip_take":
        raise ContractError(f"{at}.paging.style: in GraphQL skip_take is needed.")
    file = folder / get(head, "schema", at)
    if not file.is_file():
        raise ContractError(f"{at}.schema: there is no file {head['schema']!r} beside {FILE}.")
    return Sdl(file.read_text(encoding="utf-8"), f"partners/{partner}/{head['schema']}")


def _limits(given: Json, at: str) -> Limits:
    limits = build(Limits, given, at)
    for name in limits.assumed:
        if given.get(name) is None:
            raise ContractError(f"{at}.assumed names {name!r}, which is no limit here.")
    return limits


def _error_paths(given: Json) -> Json:
    """`error` with one path, or a list of them, always as a tuple."""
    return {
        key: (tuple(value) if isinstance(value, list) else (value,)) if key in ("code", "message") else value
        for key, value in given.items()
    }


def _settings(given: object, at: str) -> Mapping[str, Setting]:
    """By name: a default alone, or a map with `default`, `allowed`, and `note`."""
    if not isinstance(given, Mapping):
        raise ContractError(f"{at}: a map of names is needed.")
    found = {
        name: build(Setting, value, f"{at}.{name}") if isinstance(value, dict) else Setting(str(value))
        for name, value in given.items()
    }
    for name, setting in found.items():
        if isinstance(setting.allowed, str) and setting.allowed not in ID_NUMBERS:
            raise ContractError(
                f"{at}.{name}.allowed is {setting.allowed!r}; allowed: a list of values, {', '.join(ID_NUMBERS)}."
            )
        if setting.read(setting.default) != setting.default:
            raise ContractError(f"{at}.{name}.default is {setting.default!r}; allowed: {setting.choice}.")
    return found


def _success(given: object, at: str) -> Mapping[str, tuple[object, ...]]:
    """Dotted path → the values that stand there in an answer that is a success."""
    if not isinstance(given, Mapping):
        raise ContractError(f"{at}.success: a map is needed, as {{status: ok}}.")
    return {str(path): tuple(value) if isinstance(value, list) else (value,) for path, value in given.items()}


def _at_least_one(value: object, at: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ContractError(f"{at} is {value!r}; a whole number of at least 1 is needed.")
    return value


def _check_references(contract: Contract, where: str) -> None:
    spaces: dict[str, str] = {}
    for name, entity in contract.entities.items():
        if spaces.setdefault(entity.id_space, entity.use_case) != entity.use_case:
            raise ContractError(
                f"{where}: x-entities.{name}.use_case: entities with one id_space belong to one use case."
            )
        for other in [parent.entity for parent in entity.parents] + [entity.created_with or name]:
            if other not in contract.entities:
                raise ContractError(f"{where}: x-entities.{name} refers to {other!r}, which is no entity.")
            if contract.entities[other].use_case not in (entity.use_case, STAMMDATEN):
                raise ContractError(
                    f"{where}: x-entities.{name} refers to {other!r}, whose use case is neither its own nor"
                    f" {STAMMDATEN}."
                )
        for field in {parent.field for parent in entity.parents}:
            targets = [contract.entities[p.entity] for p in entity.parents if p.field == field]
            if len({target.refer_by for target in targets}) > 1:
                raise ContractError(
                    f"{where}: x-entities.{name}.parents: {field} takes ids of the partner and of ours."
                )


def _levels(partner: str, parents: Mapping[str, tuple[Parent, ...]]) -> tuple[tuple[str, ...], ...]:
    open_, done, levels = list(parents), set[str](), list[tuple[str, ...]]()
    while open_:
        # A record that hangs on one of its own kind is put in order row by row, by the plan.
        level = tuple(
            name for name in open_ if all(parent.entity in {*done, name} for parent in parents[name])
        )
        if not level:
            raise ContractError(f"partners/{partner}/{FILE}: parents form a circle: {', '.join(open_)}.")
        levels.append(level)
        done.update(level)
        open_ = [name for name in open_ if name not in done]
    return tuple(levels)


def _split(url: str) -> tuple[str, str]:
    match = re.match(r"(https?://(?:\{\w+\}\.)*[^/{]+)(.*)", url)
    if not match:
        raise ContractError(f"The server address {url!r} does not start with http:// or https://.")
    return match[1], match[2].rstrip("/")
