"""What stands around every HTTP request: an id, some headers, a line in the log, and an answer whatever happens."""

import re
import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clockwire.api.draining import Drain
from clockwire.api.errors import of_exception
from clockwire.model.identifiers import is_id
from clockwire.web.errors import refusal
from clockwire.web.requests import request_id

#: After this an address goes on with what only its owner may know; whoever mistypes it has typed the secret too.
_HOOK = re.compile(r"(.*/hooks/in/)([^/]*)", re.IGNORECASE | re.DOTALL)
#: No name that is part of an address is as long, unless it has dots; tokens and keys are, and have none.
_SECRET = re.compile(r"[^/.]{32,}")
_LONGEST_PATH = 100

log = structlog.get_logger(__name__)


class Envelope:
    """Wraps the application. Calls log a line of their own; here every request has one, at debug."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        self._app = app
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is answered."""
        begin, id_, status = time.perf_counter(), request_id(scope), 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = id_
                headers["x-content-type-options"] = "nosniff"
                headers.setdefault("cache-control", "no-store")
                if self._drain.over:
                    headers["connection"] = "close"
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception as error:
            if status:
                raise
            await refusal(of_exception(error))(scope, receive, send_on)
        log.debug(
            "http request",
            http_method=scope["method"],
            path=shown_path(scope["path"]),
            status=status,
            milliseconds=round((time.perf_counter() - begin) * 1000, 1),
            request_id=id_,
        )


def shown_path(path: str) -> str:
    """The path as the log may show it: without tokens, wherever they stand. What follows a `?` is never shown."""
    if hook := _HOOK.match(path):
        path = f"{hook[1]}{hook[2] if is_id(hook[2]) else '***'}/***"
    return _SECRET.sub(lambda found: found[0] if is_id(found[0]) else "***", path)[:_LONGEST_PATH]
