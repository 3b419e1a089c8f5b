"""Which routes there are."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from clockwire.web import connect, monitoring, openapi
from clockwire.web.envelope import Envelope
from clockwire.web.errors import HttpRefusal, refusal
from clockwire.web.inbound import routing as inbound
from clockwire.web.parts import Parts
from clockwire.web.zapier import routing as zapier

#: The modules with routes, in the order in which they are asked; the contract's pattern is the widest, and last.
MODULES: Sequence[Callable[[Parts], Sequence[BaseRoute]]] = (
    monitoring.routes,
    openapi.routes,
    inbound.routes,
    zapier.routes,
    connect.routes,
)


def application(parts: Parts) -> ASGIApp:
    """Everything that is answered over HTTP."""
    app = Starlette(
        routes=[route for routes in MODULES for route in routes(parts)],
        exception_handlers={HTTPException: _refuse},
    )
    app.router.redirect_slashes = False
    return Envelope(app, parts.drain)


def _refuse(request: Request, error: Exception) -> Response:
    """What no route takes: an unknown path, or a known one with another method."""
    assert isinstance(error, HTTPException)
    allowed = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
    if error.status_code == HTTPStatus.NOT_FOUND:
        return refusal(HttpRefusal(HTTPStatus.NOT_FOUND, "UNIMPLEMENTED", "there is nothing at this address"))
    sentence = f"{request.method} is not possible here, but {allowed}"
    return refusal(HttpRefusal(HTTPStatus(error.status_code), "UNIMPLEMENTED", sentence, allow=allowed))
