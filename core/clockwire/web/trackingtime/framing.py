"""How are TrackingTime's clients let in and answered? As its API does it, with a key of ours.

It takes `Authorization: Basic` with the user API_TOKEN and the token as the password, names the account in the path,
and wraps each answer in {"response": {"status", "message"}, "data"}. Here the token is an API key, and the account a
workspace. A status is the status of HTTP too.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from clockwire.api.calls import Calls, Method
from clockwire.api.errors import message_of
from clockwire.model.errors import ClockwireError, MessageTooLarge
from clockwire.web.errors import headers_of, status_of
from clockwire.web.requests import request_id, said

#: Gives the data of an answer; may raise any ClockwireError.
Answer = Callable[[Request], Awaitable[Any]]
Endpoint = Callable[[Request], Awaitable[Response]]

_USER = "API_TOKEN"


def endpoint(calls: Calls, method: Method, answer: Answer) -> Endpoint:
    """An endpoint for callers with a key of the account in the path."""

    async def respond(request: Request) -> Response:
        try:
            async with calls.framed(method, _said(request), request_id=request_id(request.scope)):
                return wrapped(HTTPStatus.OK, "OK", await answer(request))
        except ClockwireError as error:
            return refusal(error)

    return respond


def wrapped(status: int, message: str, data: Any, headers: Mapping[str, str] | None = None) -> Response:  # noqa: ANN401 - any JSON
    """An answer as TrackingTime has it."""
    body = {"response": {"status": int(status), "message": message}, "data": data}
    return Response(orjson.dumps(body), int(status), headers, "application/json")


def refusal(error: ClockwireError) -> Response:
    """The answer that an error is."""
    too_large = isinstance(error, MessageTooLarge)
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else status_of(error)
    return wrapped(status, message_of(error), None, headers_of(error))


def _said(request: Request) -> Iterator[tuple[str, str]]:
    """What the caller says, as all callers say it: a Bearer key, and the workspace that is meant."""
    for name, value in said(request):
        yield name, _bearer(value) if name == "authorization" else value
    yield "x-workspace-id", request.path_params["account_id"]


def _bearer(value: str) -> str:
    """The key in Basic credentials of API_TOKEN, as a Bearer key; anything else as it is."""
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return value
    try:
        user, _, key = base64.b64decode(encoded.strip(), validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return f"Bearer {key}" if user == _USER else ""
