"""The login that a contract describes (`x-partner.login`), as the sandbox answers it."""

import base64
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qsl

from pipelines.sandbox.play import tokens
from pipelines.sandbox.play.partner import Partner
from pipelines.sandbox.play.wire import ApiError, Call, Handler, Option, PartnerAnswer, bearer


class ByToken(Partner):
    """A partner whose login is that of its contract, with tokens that last `token_seconds`."""

    options: ClassVar[Mapping[str, Option]] = {"token_seconds": Option("300", "how long a token lasts")}

    def routes(self) -> dict[tuple[str, str], Handler]:
        """The login."""
        login = self.contract.login
        return {("post", login.path): self._token} if login else {}

    def authenticate(self, call: Call) -> str:
        """A token of this epoch that has not run out."""
        claims = tokens.read(bearer(call), self.secret, time.time())
        if claims is None or claims.get("epoch") != self.settings["token_epoch"]:
            raise ApiError(401, "unauthorized", "The access token is missing, unknown or expired.")
        return bearer(call)

    def _token(self, call: Call) -> PartnerAnswer:
        login = self.contract.login
        if login is None or not self._is_known(call):
            raise ApiError(401, "invalid_client", "The credentials are wrong.")
        seconds = self.number("token_seconds")
        claims = {
            "exp": time.time() + seconds,
            "jti": secrets.token_hex(8),
            "epoch": self.settings["token_epoch"],
        }
        body = {login.token: tokens.sign(claims, self.secret), login.expires_in: seconds}
        return PartnerAnswer(200, {**body, "token_type": "Bearer"})

    def _is_known(self, call: Call) -> bool:
        """Whether body and HTTP Basic hold what the contract wants in them, each exactly once."""
        login = self.contract.login
        if login is None:
            return False
        wanted = sorted((name, self._filled(value)) for name, value in login.fields.items())
        given = self._form(call) if login.is_form else sorted(self.json(call).items())
        if not _same(str(given), str(wanted)):
            return False
        if not login.basic:
            return True
        user, password = (self.demo[name] for name in login.basic)
        scheme, _, coded = call.headers.get("authorization", "").partition(" ")
        right = base64.b64encode(f"{user}:{password}".encode()).decode()
        return scheme.lower() == "basic" and _same(coded.strip(), right)

    def _form(self, call: Call) -> list[tuple[str, str]]:
        """The fields of a form, sorted. Raises ApiError for a body of another type."""
        if (
            call.headers.get("content-type", "").partition(";")[0].strip()
            != "application/x-www-form-urlencoded"
        ):
            raise ApiError(400, "no_form", "The body must be a form.")
        return sorted(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))

    def _filled(self, value: str) -> str:
        for name, known in {**self.contract.settings, **self.demo}.items():
            value = value.replace("{" + name + "}", known)
        return value


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
