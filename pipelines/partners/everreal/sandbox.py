"""EverReal in the sandbox: tokens with a refresh, money and dates as text, leasing status out of tenants' dates."""

import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, ClassVar

from pipelines.sandbox.play import tokens
from pipelines.sandbox.play.faults import FAULT_OPTIONS
from pipelines.sandbox.play.graphql import Field, Resolver
from pipelines.sandbox.play.graphql import GraphqlPartner as Base
from pipelines.sandbox.play.resources import Resource, Violation
from pipelines.sandbox.play.store import Json, Record
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, bearer

OWNERS, UNITS, TENANTS = "upsertOwner", "upsertUnit", "upsertTenant"
MONEY = ("coldRent", "serviceCharges", "heatingCosts", "totalRent", "securityDeposit")
DAYS = ("contractStartDate", "contractEndDate", "terminationDate")
META = {"source": "everreal"}


class Partner(Base):
    """Plays EverReal's reporting API as its contract describes it."""

    demo: ClassVar[Mapping[str, str]] = {
        "username": "sandbox@example.org",
        "password": "sandbox-everreal",
        "client_id": "sandbox",
        "client_secret": "sandbox-everreal-client",
        "subdomain": "sandbox",
    }
    options: ClassVar[Mapping[str, Option]] = {
        "default_owner": Option("", "external id of an owner that is there from the beginning; empty: none"),
        "detached": Option(
            "shown", "whether lists still show records that were cut from us", ("shown", "hidden")
        ),
        "limit_headers": replace(FAULT_OPTIONS["limit_headers"], default="seconds"),
        "per_minute": replace(FAULT_OPTIONS["per_minute"], default="300"),
        "refresh_seconds": Option("2592000", "how long a refresh token lasts"),
        "token_seconds": Option("3600", "how long an access token lasts"),
    }

    def routes(self) -> dict[tuple[str, str], Handler]:
        """The login."""
        return {("post", "/accounts/oauth/token"): self._token}

    def fields(self) -> dict[Field, Resolver]:
        """The real removal of a tenant, which the connector never asks for."""
        return {("Mutation", "removeTenant"): self._remove_tenant}

    def authenticate(self, call: Call) -> str:
        """An access token of this epoch that has not run out."""
        if not self._claims(bearer(call), "access"):
            raise ApiError(401, "unauthorized", "The access token is missing, unknown or expired.")
        return bearer(call)

    def error_answer(self, error: ApiError) -> PartnerAnswer:
        """Outside GraphQL, where the login lies too, a refusal is a code and the status again."""
        if error.status not in (401, 403):
            return super().error_answer(error)
        body = {"code": error.code, "statusCode": error.status, "message": error.message}
        return PartnerAnswer(error.status, body, error.headers)

    def put(self, resource: Resource, body: Json, external_id: str) -> tuple[Record, bool]:
        """The record under our id; the owner of the settings is there before all others."""
        owner = self.settings["default_owner"]
        if owner and not self.store.by_external_id(self.name, OWNERS, owner):
            person = {"firstName": "Standard", "lastName": "Bestand", "email": "bestand@example.org"}
            self.add(self.resources[OWNERS], {"externalOwnerId": owner, "meta": META, **person})
        return super().put(resource, body, external_id)

    def check(self, resource: Resource, body: Json, before: Record | None) -> Iterable[Violation]:
        """Money and days of a tenant are texts of a certain form."""
        if resource.name != TENANTS:
            return
        for name in MONEY:
            if not re.fullmatch(r"-?\d+(\.\d{1,2})?", body.get(name) or "0"):
                yield Violation(name, "must be a number with a dot", "format")
        for name in DAYS:
            if body.get(name) and _day(body[name]) is None:
                yield Violation(name, "must be a date", "format")

    def computed(self, resource: Resource, record: Record) -> Json:
        """The leasing status of a unit, out of the dates of its tenants."""
        if resource.name != UNITS:
            return {}
        tenants = self.store.children(self.name, TENANTS, UNITS, record.id)
        periods = [[_day(tenant.body.get(name) or "") for name in DAYS[:2]] for tenant in tenants]
        return {"leasingStatusesEnum": leasing(periods, date.today())}

    def _token(self, call: Call) -> PartnerAnswer:
        given = self.json(call)
        ours = ["client_id", "client_secret"]
        if given["grant_type"] == "password":
            ours += ["username", "password"]
        elif not self._claims(given.get("refresh_token", ""), "refresh"):
            raise ApiError(403, "forbidden", "The refresh token is unknown or expired.")
        if any(given.get(name) != self.demo[name] for name in ours):
            raise ApiError(403, "forbidden", "The login is refused.")
        seconds = self.number("token_seconds")
        return PartnerAnswer(200, {
            "access_token": self._signed("access", seconds),
            "refresh_token": self._signed("refresh", self.number("refresh_seconds")),
            "expires_in": seconds,
        })  # fmt: skip

    def _signed(self, kind: str, seconds: int) -> str:
        claims = {"kind": kind, "exp": time.time() + seconds, "jti": secrets.token_hex(8)}
        return tokens.sign({**claims, "epoch": self.settings["token_epoch"]}, self.secret)

    def _claims(self, token: str, kind: str) -> bool:
        """Whether a token is of this kind and good."""
        claims = tokens.read(token, self.secret, time.time()) or {}
        return claims.get("kind") == kind and claims.get("epoch") == self.settings["token_epoch"]

    def _remove_tenant(self, call: Call, arguments: Json) -> bool:
        resource = self.resources[TENANTS]
        record = self._known(resource, str(arguments.get("id")))
        if record.body.get("contractStartDate"):
            raise ApiError(409, "in_use", "The tenant has a contract, which is to be removed first.")
        self.remove(resource, record)
        return True


def leasing(periods: list[list[date | None]], today: date) -> list[str]:
    """The leasing statuses of a unit: begin and end of its tenants' contracts, both may be unknown."""
    begun = [end for begin, end in periods if begin and begin <= today and not (end and end < today)]
    coming = any(begin and begin > today for begin, _ in periods)
    now = "VACANT" if not begun else "LEASED" if None in begun else "TERMINATED"
    return [now, "RE_LEASED"] if coming else [now]


def _day(text: Any) -> date | None:
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None
