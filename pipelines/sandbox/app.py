"""The web application: one part for each partner, and pages that show what the partners hold."""

import asyncio
import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from pipelines.sandbox import pages
from pipelines.sandbox.partner import Partner
from pipelines.sandbox.wire import Answer, Call

# Nothing but our own inline style: records come from anywhere.
PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def application(partners: Mapping[str, Partner]) -> Starlette:
    """The sandbox with these partners, each under its name."""

    # Both are coroutines so that they run in the one thread that uses the store.
    async def home(request: Request) -> Response:
        return HTMLResponse(pages.home(partners), headers=PAGE_HEADERS)

    async def entity(request: Request) -> Response:
        partner = partners.get(request.path_params["partner"])
        name = request.path_params["entity"]
        if partner is None or name not in partner.contract.entities:
            return HTMLResponse(pages.nothing(), 404, headers=PAGE_HEADERS)
        return HTMLResponse(pages.entity(partner, name), headers=PAGE_HEADERS)

    return Starlette(
        routes=[
            Route("/", home),
            Route("/records/{partner}/{entity}", entity),
            *(Mount(f"/{name}", PartnerApp(partner)) for name, partner in partners.items()),
        ],
        # A web page elsewhere must not reach the sandbox under a name of its own.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


class PartnerApp:
    """Turns HTTP into calls of one partner; counts requests in flight and takes its time where told to."""

    def __init__(self, partner: Partner):
        self._partner = partner
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        self._in_flight += 1
        try:
            answer = self._partner.answer(await _call(scope, receive), self._is_full())
            await asyncio.sleep(self._partner.number("latency_ms") / 1000)
            await _response(answer)(scope, receive, send)
        finally:
            self._in_flight -= 1

    def _is_full(self) -> bool:
        cap = self._partner.number("in_flight")
        return bool(cap) and self._in_flight > cap


async def _call(scope: Scope, receive: Receive) -> Call:
    request = Request(scope, receive)
    return Call(
        method=request.method,
        path=scope["path"].removeprefix(scope["root_path"]),
        query=dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
        headers=request.headers,
        body=await request.body(),
        origin=f"{scope['scheme']}://{request.headers.get('host', '')}",
    )


def _response(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status, headers=answer.headers)
    content = json.dumps(answer.body, ensure_ascii=False).encode()
    return Response(content, answer.status, {"content-type": "application/json", **answer.headers})
