"""The web application: one part for each partner, pages that show what the partners hold, switches."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from pipelines.sandbox import pages
from pipelines.sandbox.play.faults import CALM, Cut, Fate
from pipelines.sandbox.play.partner import Partner
from pipelines.sandbox.play.wire import Call, PartnerAnswer
from pipelines.unexpected import trace

# Nothing but our own inline style: records come from anywhere.
PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

# A request whose caller was told long ago that nobody answers.
LATE = Fate("processed_late")

# Ends the connection of a request at once; what is not sent yet is lost.
HangUp = Callable[[Scope], None]


def application(partners: Mapping[str, Partner], hang_up: HangUp, admin: list[BaseRoute]) -> Starlette:
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
            *admin,
            *(Mount(f"/{name}", PartnerApp(partner, hang_up)) for name, partner in partners.items()),
        ],
        # A web page elsewhere must not reach the sandbox under a name of its own.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


class PartnerApp:
    """Turns HTTP into calls of one partner; counts requests in flight, takes its time and hangs up where told to."""

    def __init__(self, partner: Partner, hang_up: HangUp):
        self._partner = partner
        self._hang_up = hang_up
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        began = time.monotonic()
        self._in_flight += 1
        try:
            call = await _call(scope, receive)
            fate, answer = self._answer(call)
            if fate.late:
                asyncio.get_running_loop().call_later(fate.late, self._partner.answer, call, LATE)
            await asyncio.sleep(began + fate.delay - time.monotonic())
            if fate.cut:
                await self._cut(fate.cut, answer, scope, receive, send)
            else:
                await _response(answer)(scope, receive, send)
        finally:
            self._in_flight -= 1

    def _answer(self, call: Call) -> tuple[Fate, PartnerAnswer]:
        """What becomes of a request. An error of ours is told on the sandbox's terminal, not to the caller."""
        partner = self._partner
        try:
            fate = partner.faults.fate(call, partner.identity, self._in_flight, time.time())
            return fate, partner.answer(call, fate)
        except Exception as problem:
            print(
                f"500 {call.method} /{partner.name}{call.path}\n{trace(problem)}", file=sys.stderr, flush=True
            )
            return CALM, partner.broken(call)

    async def _cut(self, cut: Cut, answer: PartnerAnswer, scope: Scope, receive: Receive, send: Send) -> None:
        response = _response(answer)
        body = bytes(response.body)
        if cut == "half" and body:
            start = {"type": "http.response.start", "status": answer.status, "headers": response.raw_headers}
            await send(start)
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        self._hang_up(scope)
        # Until the server has noticed; else it would complain that there is no answer.
        while (await receive())["type"] != "http.disconnect":
            pass


async def _call(scope: Scope, receive: Receive) -> Call:
    request = Request(scope, receive)
    return Call(
        method=request.method,
        path=_raw_path(scope),
        query=dict(parse_qsl(scope["query_string"].decode(errors="replace"), keep_blank_values=True)),
        headers=request.headers,
        body=await request.body(),
        origin=f"{scope['scheme']}://{request.headers.get('host', '')}",
    )


def _raw_path(scope: Scope) -> str:
    """The path behind the partner's name as it came: an id in it may contain an encoded slash."""
    raw = scope["raw_path"].partition(b"?")[0].decode(errors="replace")
    return str(raw.removeprefix(scope["root_path"]))


def _response(answer: PartnerAnswer) -> Response:
    if answer.body is None or isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, answer.headers)
    content = json.dumps(answer.body, ensure_ascii=False).encode()
    return Response(content, answer.status, {"content-type": "application/json", **answer.headers})
