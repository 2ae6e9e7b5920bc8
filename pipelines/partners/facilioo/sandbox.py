"""facilioo in the sandbox: JWT, entrances that come with their property, external ids of parties, searches, files."""

import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from pipelines.contract.contract import Entity
from pipelines.sandbox.play import tokens
from pipelines.sandbox.play.faults import rejected
from pipelines.sandbox.play.partner import Partner as Base
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Duplicate, Json, Record, changed
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, PartnerPage, bearer

TENANTS, PROPERTIES, ENTRANCES = "/api/tenants/{id}", "/api/properties/{id}", "/api/entrances/{id}"
UNITS, PARTIES, CONTRACTS = "/api/units/{id}", "/api/parties/{id}", "/api/unit-contracts/{id}"
DOCUMENTS, FILES, FOLDERS = "/api/documents/{id}", "/api/files/{id}", "/api/document-groups/{id}"
CONTACTS, SHARES = "/api/contact-details/{id}", "/api/document-shares/{id}"
UNIT_TYPES = {1: "Apartment", 2: "Commercial unit", 3: "Garage"}
USER, TENANT = 7, 4
ACCOUNT = 1
DAY = 24 * 3600
ASSIGNMENTS = ("propertyId", "unitId", "contractId", "partyId")
SHARED_WITH_ENTRANCE = ("name", "number", "street", "houseNumber", "postalCode", "city", "country")


class Partner(Base):
    """Plays facilioo's Gen2 API."""

    demo: ClassVar[Mapping[str, str]] = {
        "username": "sandbox@example.org",
        "password": "sandbox-facilioo",
        "environment": "development",
    }
    options: ClassVar[Mapping[str, Option]] = {
        "contact_types": Option("1,2,3", "ids of the kinds of contact that are known"),
        "content_seconds": Option("86400", "a signed address is good for so many seconds"),
        "party_search": Option(
            "filter", "whether a search for parties knows externalId or ignores it", ("filter", "ignore")
        ),
        "projekte": Option(
            "write",
            "whether Projekte can be written by API; their page documents lists only",
            ("write", "refuse"),
        ),
        "token_seconds": Option("3600", "how long an access token lasts"),
    }
    invalid_status = 400
    unknown_parent_status = 400
    created_field = "created"
    updated_field = "lastModified"
    more_references: ClassVar[Mapping[str, Mapping[str, str]]] = {
        FOLDERS: {"parentId": FOLDERS},
        DOCUMENTS: {
            "documentGroupId": FOLDERS,
            "fileId": FILES,
            "propertyId": PROPERTIES,
            "unitId": UNITS,
            "contractId": CONTRACTS,
            "partyId": PARTIES,
        },
    }

    def routes(self) -> dict[tuple[str, str], Handler]:
        """Login, searches, reading many, children, external ids, unit types, files."""
        found: dict[tuple[str, str], Handler] = {
            ("post", "/api/auth/login"): self._login,
            ("post", "/api/auth/refresh"): self._refresh,
            ("get", "/api/accounts/myself"): lambda call: PartnerAnswer(200, {"id": ACCOUNT}),
            ("get", "/api/unit-types"): self._unit_types,
            ("get", "/api/unit-types/{id}"): self._unit_type,
            ("get", "/api/properties/{id}/units"): lambda call: self._children(
                call, UNITS, ENTRANCES, PROPERTIES
            ),
            ("get", "/api/entrances/{id}/units"): lambda call: self._children(call, UNITS, ENTRANCES),
            ("get", "/api/parties/{id}/unit-contracts"): lambda call: self._children(
                call, CONTRACTS, PARTIES
            ),
            ("get", "/api/parties/{id}/external-ids"): self._external_ids,
            ("put", "/api/parties/{id}/external-ids"): self._replace_external_ids,
            ("put", "/api/files/{id}/upload"): self._upload,
            ("put", "/api/documents/{id}/shares"): self._shares,
        }
        for resource in self.resources.values():
            found[("post", resource.collection + "/search")] = self._bound(self._search, resource)
            found[("post", resource.collection + "/batch")] = self._bound(self._batch, resource)
        return found

    def authenticate(self, call: Call) -> str:
        """An access token of this epoch that has not run out."""
        if not self._is_valid(bearer(call), "access"):
            raise ApiError(401, "Unauthorized", "The access token is missing, unknown or expired.")
        return bearer(call)

    def query_name(self, name: str) -> str:
        """Names of query parameters are read in any case."""
        return name[:1].lower() + name[1:]

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
        """The rules that facilioo documents."""
        rules = {
            TENANTS: self._tenant,
            CONTACTS: self._contact,
            PROPERTIES: self._property,
            PARTIES: self._party,
            CONTRACTS: self._contract,
            DOCUMENTS: self._document,
            SHARES: self._share,
        }
        return rules[resource.name](body, before) if resource.name in rules else ()

    def after_create(self, resource: Resource, record: Record) -> None:
        """A property brings its entrance, with the same id and the same values."""
        if resource.name == PROPERTIES:
            entrance = self.resources[ENTRANCES]
            body = {**entrance.defaults(), **{name: record.body[name] for name in SHARED_WITH_ENTRANCE}}
            self.add(entrance, {**body, "propertyId": int(record.id)}, id=record.id)

    def before_delete(self, resource: Resource, record: Record) -> None:
        """A property takes its own entrance with it, unless that has units."""
        if resource.name == PROPERTIES and not self.store.is_referred_to(self.name, ENTRANCES, record.id):
            own = self.store.get(self.name, ENTRANCES, record.id)
            if own:
                self.store.delete(self.name, own)

    def computed(self, resource: Resource, record: Record) -> Json:
        """Nothing is soft-deleted here; a contract is active between its two dates."""
        found: Json = {"deleted": None} if "deleted" in resource.read_only else {}
        if resource.name == FILES:
            found["isUploaded"] = bool(record.body.get("isUploaded"))
        if resource.name == CONTRACTS:
            now = datetime.now(UTC)
            begin, end = _moment(record.body["effectiveFrom"]), _moment(record.body["terminationAt"])
            found["isActive"] = (begin is None or begin <= now) and (end is None or now <= end)
        return found

    def list_answer(
        self, resource: Resource, items: list[Json], total: int, page: PartnerPage
    ) -> PartnerAnswer:
        """Items and their place in the list, in the body and as a header."""
        return self._paged(items, total, page)

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """A problem object (RFC 7807)."""
        fields: dict[str, list[str]] = {}
        for refusal in error.refused:
            fields.setdefault(refusal.field, []).append(refusal.message)
        body = {"type": "about:blank", "title": error.message, "status": error.status, "errors": fields}
        return PartnerAnswer(
            error.status, body, {**error.headers, "content-type": "application/problem+json"}
        )

    def entity_ids(self, entity: Entity) -> set[str]:
        """A party that only owns is an owner; every other one counts as a renter."""
        if entity.record != PARTIES:
            return super().entity_ids(entity)
        contracts = self.store.all(self.name, CONTRACTS)
        rents = {str(contract.body["partyId"]) for contract in contracts if contract.body["typeId"] == TENANT}
        only_owns = {str(contract.body["partyId"]) for contract in contracts} - rents
        if entity.name == "parteien_eigentuemer":
            return only_owns
        return {party.id for party in self.store.all(self.name, PARTIES)} - only_owns

    # ---- rules

    def _tenant(self, body: Json, before: Record | None) -> Iterable[Violation]:
        if self.settings["projekte"] == "refuse":
            raise ApiError(403, "Forbidden", "Tenants are not written by API.")
        return ()

    def _contact(self, body: Json, before: Record | None) -> Iterable[Violation]:
        if str(body["contactTypeId"]) not in self.settings["contact_types"].split(","):
            yield Violation("contactTypeId", "is not a kind of contact", "enum")

    def _property(self, body: Json, before: Record | None) -> Iterable[Violation]:
        if body["number"] is None:
            return
        same = self.store.siblings_with(
            self.name, PROPERTIES, TENANTS, str(body["tenantId"]), "number", body["number"]
        )
        if any(before is None or id_ != before.id for id_ in same):
            yield Violation("number", "is taken in this tenant (NumberUnique)", "unique")

    def _party(self, body: Json, before: Record | None) -> Iterable[Violation]:
        if not body["primaryName"] and not body["secondaryName"]:
            yield Violation("primaryName", "or secondaryName is required", "required")
        if body["isContactableByPush"] and not (body["isContactableByEmail"] or body["isContactableByMail"]):
            yield Violation("isContactableByPush", "may not be the only way to reach a party", "push_only")

    def _contract(self, body: Json, before: Record | None) -> Iterable[Violation]:
        party = self.store.get(self.name, PARTIES, str(body["partyId"]))
        if party and party.body["typeId"] != USER:
            yield Violation("partyId", "is not a party of type User", "unknown_parent")

    def _document(self, body: Json, before: Record | None) -> Iterable[Violation]:
        if all(body[name] is None for name in ASSIGNMENTS):
            yield Violation("propertyId", "or unitId, contractId or partyId is required", "required")
        file = self.store.get(self.name, FILES, str(body["fileId"]))
        if file and not file.body.get("isUploaded"):
            yield Violation("fileId", "is a file whose bytes have not come", "not_uploaded")

    def _share(self, body: Json, before: Record | None) -> Iterable[Violation]:
        same = self.store.siblings_with(
            self.name, SHARES, DOCUMENTS, str(body["documentId"]), "partyId", body["partyId"]
        )
        if any(before is None or id_ != before.id for id_ in same):
            yield Violation("partyId", "has a share of this document", "unique")

    # ---- login

    def _login(self, call: Call) -> PartnerAnswer:
        given = self.json(call)
        if (given["email"], given["password"]) != (self.demo["username"], self.demo["password"]):
            raise ApiError(401, "Unauthorized", "E-mail or password is wrong.")
        return self._tokens()

    def _refresh(self, call: Call) -> PartnerAnswer:
        if not self._is_valid(self.json(call)["refreshToken"], "refresh"):
            raise ApiError(401, "Unauthorized", "The refresh token is unknown or expired.")
        return self._tokens()

    def _is_valid(self, token: str, use: str) -> bool:
        claims = tokens.read(token, self.secret, time.time()) or {}
        return claims.get("use") == use and claims.get("epoch") == self.settings["token_epoch"]

    def _tokens(self) -> PartnerAnswer:
        now = int(time.time())
        common = {
            "nbf": now,
            "iss": "sandbox",
            "aud": "sandbox",
            "jti": secrets.token_hex(8),
            "epoch": self.settings["token_epoch"],
            "sub": {"accountId": ACCOUNT, "companyId": 1},
        }
        access = {**common, "use": "access", "exp": now + self.number("token_seconds")}
        refresh = {**common, "use": "refresh", "exp": now + 30 * DAY}
        names = {"accessToken": access, "refreshToken": refresh}
        body: Json = {name: tokens.sign(claims, self.secret) for name, claims in names.items()}
        return PartnerAnswer(200, {**body, "account": {"id": ACCOUNT}})

    # ---- reading

    def _search(self, resource: Resource, call: Call) -> PartnerAnswer:
        page = self.page_of(call, self.query(call))
        wanted = {name: value for name, value in self.json(call).items() if value is not None}
        known = self.body_schemas[(call.template, "post")]["properties"]
        filters = {name: value for name, value in wanted.items() if name in known}
        if resource.name == PARTIES and self.settings["party_search"] == "ignore":
            filters.pop("externalId", None)
        ids, term = filters.pop("ids", None), filters.pop("searchTerm", None)
        filters.pop("orderBy", None)
        if ids is None and term is None:
            records, total = self.select(resource, filters, page)
        else:
            found, _ = self.select(
                resource, filters, PartnerPage(self.store.count(self.name, resource.name), 0)
            )
            found = [record for record in found if _is_searched(record, ids, term)]
            records, total = found[page.offset : page.offset + page.limit], len(found)
        return self._paged([self.show(resource, record) for record in records], total, page)

    def _batch(self, resource: Resource, call: Call) -> PartnerAnswer:
        found = [self.store.get(self.name, resource.name, str(id_)) for id_ in self.json(call)["ids"]]
        return PartnerAnswer(200, [self.show(resource, record) for record in found if record])

    def _children(self, call: Call, resource: str, *ancestors: str) -> PartnerAnswer:
        """Records of a resource below a record; `ancestors` lead up from the nearest to the one in the path."""
        page = self.page_of(call, self.query(call))
        top = self._existing(call, ancestors[-1])
        parents = [top]
        for upper, lower in zip(reversed(ancestors), reversed(ancestors[:-1]), strict=False):
            parents = [c for p in parents for c in self.store.children(self.name, lower, upper, p.id)]
        found = [c for p in parents for c in self.store.children(self.name, resource, ancestors[0], p.id)]
        shown = [self.show(self.resources[resource], record) for record in found]
        return self._paged(shown[page.offset : page.offset + page.limit], len(shown), page)

    def _unit_types(self, call: Call) -> PartnerAnswer:
        page = self.page_of(call, self.query(call))
        kinds = [{"id": id_, "name": name} for id_, name in UNIT_TYPES.items()]
        return self._paged(kinds[page.offset : page.offset + page.limit], len(kinds), page)

    def _unit_type(self, call: Call) -> PartnerAnswer:
        id_ = int(call.params["id"]) if call.params["id"].isdecimal() else 0
        if id_ not in UNIT_TYPES:
            raise ApiError(404, "NotFound", "There is no such unit type.")
        return PartnerAnswer(200, {"id": id_, "name": UNIT_TYPES[id_]})

    def _paged(self, items: list[Any], total: int, page: PartnerPage) -> PartnerAnswer:
        pages = page.pages(total)
        body = {
            "items": items,
            "pageNumber": page.number,
            "pageSize": page.limit,
            "totalPages": pages,
            "totalCount": total,
            "hasPreviousPage": page.number > 1,
            "hasNextPage": page.number < pages,
        }
        first, last = (page.offset + 1, page.offset + len(items)) if items else (0, 0)
        return PartnerAnswer(200, body, {"content-range": f"{first}-{last}/{total}"})

    # ---- external ids, files, shares

    def _external_ids(self, call: Call) -> PartnerAnswer:
        page = self.page_of(call, self.query(call))
        ids = self.store.external_ids(self.name, PARTIES, self._existing(call, PARTIES).id)
        return self._paged(ids[page.offset : page.offset + page.limit], len(ids), page)

    def _replace_external_ids(self, call: Call) -> PartnerAnswer:
        ids = list(dict.fromkeys(self.json(call)))
        party = self._existing(call, PARTIES)
        self._refuse(rejected(self.settings, ids, party.body, "externalId"))
        try:
            self.store.set_external_ids(self.name, self.resources[PARTIES].id_space, PARTIES, party.id, ids)
        except Duplicate:
            self.duplicate()
        first = ids[0] if ids else None
        self.store.update(self.name, changed(party, {**party.body, "externalId": first}, time.time()))
        return PartnerAnswer(200, ids)

    def _upload(self, call: Call) -> PartnerAnswer:
        file = self._existing(call, FILES)
        enforce = bool(self.json(call).get("enforceContentType"))
        token = tokens.sign(
            {"file": file.id, "enforce": enforce, "exp": time.time() + self.number("content_seconds")},
            self.secret,
        )
        return PartnerAnswer(200, {"url": f"{call.origin}/{self.name}/storage/{token}"})

    def outside(self, call: Call) -> PartnerAnswer | None:
        """The signed address that takes a file's bytes; the token stands in the address, not in a header."""
        if call.method != "PUT" or not call.path.startswith("/storage/"):
            return None
        claims = tokens.read(call.path.removeprefix("/storage/"), self.secret, time.time())
        file = self.store.get(self.name, FILES, claims["file"]) if claims else None
        if not claims or not file:
            raise ApiError(403, "Forbidden", "The address is not signed, or it has expired.")
        if claims["enforce"] and not call.headers.get("content-type"):
            raise ApiError(403, "Forbidden", "The Content-Type is missing.")
        self.store.update(self.name, changed(file, {**file.body, "isUploaded": True}, time.time()))
        return PartnerAnswer(200)

    def _shares(self, call: Call) -> PartnerAnswer:
        parties: list[int] = self.json(call)
        document = self._existing(call, DOCUMENTS)
        if not all(self.store.get(self.name, PARTIES, str(id_)) for id_ in parties):
            raise ApiError(400, "BadRequest", "A party does not exist.")
        self.store.update(self.name, changed(document, {**document.body, "shares": parties}, time.time()))
        return PartnerAnswer(200, parties)

    def _existing(self, call: Call, resource: str) -> Record:
        record = self.store.get(self.name, resource, call.params["id"])
        if record is None:
            raise ApiError(404, "NotFound", "There is no such record.")
        return record


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _is_searched(record: Record, ids: list[int] | None, term: str | None) -> bool:
    if ids is not None and int(record.id) not in ids:
        return False
    texts = [value for value in record.body.values() if isinstance(value, str)]
    return term is None or any(term.lower() in text.lower() for text in texts)
