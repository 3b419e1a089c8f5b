"""Which routes there are."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from clockwire.web import connect, monitoring, openapi
from clockwire.web.envelope import Envelope
from clockwire.web.errors import HttpRefusal, refusal
from clockwire.web.inbound import routing as inbound
from clockwire.web.parts import Parts
from clockwire.web.trackingtime import routing as trackingtime
from clockwire.web.zapier import routing as zapier

#: The modules with routes, in the order in which they are asked; the contract's pattern is the widest, and last.
MODULES: Sequence[Callable[[Parts], Sequence[BaseRoute]]] = (
    monitoring.routes,
    openapi.routes,
    inbound.routes,
    trackingtime.routes,
    zapier.routes,
    connect.routes,
)


#: What a call may say in headers besides what browsers always may.
_SENT = (
    *("Authorization", "Content-Type", "Content-Encoding", "Connect-Protocol-Version", "Connect-Timeout-Ms"),
    *("X-Workspace-Id", "X-On-Behalf-Of", "X-Causation-Id", "X-Request-Id", "Traceparent"),
)


def application(parts: Parts, allow_origin: Sequence[str] = ()) -> ASGIApp:
    """Everything that is answered over HTTP, for browsers too if they show a page of one of these origins."""
    app = Starlette(
        routes=[route for routes in MODULES for route in routes(parts)],
        exception_handlers={HTTPException: _refuse},
    )
    app.router.redirect_slashes = False
    return Envelope(_for_browsers(app, allow_origin) if allow_origin else app, parts.drain)


def _for_browsers(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Tells browsers that pages of these origins may call. A key is sent as a header, so cookies are not allowed."""
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=_SENT,
        expose_headers=["Retry-After", "X-Request-Id"],
        max_age=7_200,
    )


def _refuse(request: Request, error: Exception) -> Response:
    """What no route takes: an unknown path, or a known one with another method."""
    assert isinstance(error, HTTPException)
    allowed = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
    if error.status_code == HTTPStatus.NOT_FOUND:
        return refusal(HttpRefusal(HTTPStatus.NOT_FOUND, "UNIMPLEMENTED", "there is nothing at this address"))
    sentence = f"{request.method} is not possible here, but {allowed}"
    return refusal(HttpRefusal(HTTPStatus(error.status_code), "UNIMPLEMENTED", sentence, allow=allowed))
