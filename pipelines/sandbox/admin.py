"""Switches from outside the process: `/_admin/…`, under no partner's address."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from pipelines.errors import SettingsError
from pipelines.sandbox.play.wire import parsed
from pipelines.sandbox.tamper import Tampering

PREFIX = "/_admin"
COUNTS = ("seed", "changed", "deleted", "added")


def admin_routes(
    options: Callable[[], dict[str, str]],
    set_options: Callable[[Mapping[str, str]], None],
    tamper: Callable[..., Tampering],
) -> list[BaseRoute]:
    """GET and POST of the options, POST of tampering; all answers are JSON."""

    async def read(request: Request) -> Response:
        return JSONResponse(options())

    async def change(request: Request) -> Response:
        try:
            set_options(_texts(await _body(request)))
        except SettingsError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(options())

    async def meddle(request: Request) -> Response:
        try:
            done = tamper(**_tampering(await _body(request)))
        except SettingsError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(asdict(done))

    return [
        Route(f"{PREFIX}/options", read),
        Route(f"{PREFIX}/options", change, methods=["POST"]),
        Route(f"{PREFIX}/tamper", meddle, methods=["POST"]),
    ]


async def _body(request: Request) -> dict[str, Any]:
    # A web page can post a form to us without asking, but no JSON.
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise SettingsError("Content-Type must be application/json.")
    try:
        body = parsed(await request.body())
    except ValueError:
        raise SettingsError("The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise SettingsError("The body must be a JSON object.")
    return body


def _texts(body: Mapping[str, Any]) -> dict[str, str]:
    for name, value in body.items():
        if not isinstance(value, str):
            raise SettingsError(f"Option {name}: the value must be a text.")
    return dict(body)


def _tampering(body: Mapping[str, Any]) -> dict[str, Any]:
    whole = {name: body.get(name, 0) for name in COUNTS}
    names = {name: body.get(name) for name in ("partner", "entity")}
    if not all(type(value) is int and value >= 0 for value in whole.values()) or body.keys() - {
        *whole,
        *names,
    }:
        raise SettingsError(f"Needed: partner, entity and the whole numbers {', '.join(COUNTS)}.")
    return {**names, **whole}
