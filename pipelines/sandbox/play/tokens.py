"""Signed tokens (JWT, HS256), so that a token stays valid over a restart of the sandbox."""

import base64
import hashlib
import hmac
import json
from typing import Any

HEADER = {"alg": "HS256", "typ": "JWT"}


def sign(claims: dict[str, Any], secret: str) -> str:
    """A JWT with these claims."""
    text = f"{_encode(HEADER)}.{_encode(claims)}"
    return f"{text}.{_signature(text, secret)}"


def read(token: str, secret: str, now: float) -> dict[str, Any] | None:
    """The claims of a token, or None when it is not ours or its `exp` is over."""
    text, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(text, secret).encode()):
        return None
    part = text.partition(".")[2]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims if claims.get("exp", 0) > now else None


def _encode(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _signature(text: str, secret: str) -> str:
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
