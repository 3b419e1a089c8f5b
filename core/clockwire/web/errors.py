"""How does an error look over HTTP? A status, and JSON as the Connect protocol has it, with the details that gRPC has.

https://connectrpc.com/docs/protocol/#error-codes and #unary-response say what is said here.
"""

import base64
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from starlette.responses import Response

from clockwire.api.errors import TransportRefusal, code_of, details_of, message_of, retry_after
from clockwire.model.errors import ClockwireError

#: The status of each code of google.rpc.Code.
STATUS_OF: Mapping[str, int] = {
    "CANCELLED": 499,
    "UNKNOWN": HTTPStatus.INTERNAL_SERVER_ERROR,
    "INVALID_ARGUMENT": HTTPStatus.BAD_REQUEST,
    "DEADLINE_EXCEEDED": HTTPStatus.GATEWAY_TIMEOUT,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "ALREADY_EXISTS": HTTPStatus.CONFLICT,
    "PERMISSION_DENIED": HTTPStatus.FORBIDDEN,
    "RESOURCE_EXHAUSTED": HTTPStatus.TOO_MANY_REQUESTS,
    "FAILED_PRECONDITION": HTTPStatus.BAD_REQUEST,
    "ABORTED": HTTPStatus.CONFLICT,
    "OUT_OF_RANGE": HTTPStatus.BAD_REQUEST,
    "UNIMPLEMENTED": HTTPStatus.NOT_IMPLEMENTED,
    "INTERNAL": HTTPStatus.INTERNAL_SERVER_ERROR,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "DATA_LOSS": HTTPStatus.INTERNAL_SERVER_ERROR,
    "UNAUTHENTICATED": HTTPStatus.UNAUTHORIZED,
}


class HttpRefusal(TransportRefusal):
    """What HTTP itself forbids, such as a method or a media type; with a status of its own and headers."""

    def __init__(self, status: HTTPStatus, code: str, sentence: str, **headers: str) -> None:
        super().__init__(code, sentence)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class ClientGone(TransportRefusal):
    """Whoever asked does not wait for the answer any more."""

    def __init__(self) -> None:
        super().__init__("CANCELLED", "the client has closed the connection")


def status_of(error: ClockwireError) -> int:
    """The status of an error."""
    return error.status if isinstance(error, HttpRefusal) else STATUS_OF[code_of(error)]


def headers_of(error: ClockwireError) -> dict[str, str]:
    """What the headers say of an error: how long to wait, and that a key is needed."""
    headers = dict(error.headers) if isinstance(error, HttpRefusal) else {}
    pause = retry_after(error)
    if pause is not None:
        headers["retry-after"] = str(math.ceil(pause))
    if code_of(error) == "UNAUTHENTICATED":
        headers["www-authenticate"] = "Bearer"
    return headers


def refusal(error: ClockwireError) -> Response:
    """The answer that an error is: {"code", "message", "details"}."""
    body: dict[str, Any] = {"code": _connect_code(error), "message": message_of(error)}
    if details := [_detail(each) for each in details_of(error)]:
        body["details"] = details
    return Response(orjson.dumps(body), status_of(error), headers_of(error), "application/json")


def _connect_code(error: ClockwireError) -> str:
    code = code_of(error).lower()
    return "canceled" if code == "cancelled" else code


def _detail(detail: Message) -> dict[str, object]:
    """A detail as programs read it, and as people do."""
    value = base64.b64encode(detail.SerializeToString()).decode().rstrip("=")
    return {"type": detail.DESCRIPTOR.full_name, "value": value, "debug": MessageToDict(detail)}
