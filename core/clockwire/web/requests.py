"""What of a request do routes read? What it says beside its body, its id, and a body no larger than is allowed."""

import asyncio
import re
import uuid
import zlib
from collections.abc import Awaitable, Iterator
from http import HTTPStatus
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import Scope

from clockwire.api.decoding import LARGEST_REQUEST
from clockwire.api.draining import Ending
from clockwire.model.errors import MessageTooLarge
from clockwire.web.errors import ClientGone, HttpRefusal

T = TypeVar("T")

_REQUEST_ID = re.compile(r"[!-~]{1,128}")
_GZIP_WINDOW = 31  # zlib's word for: a gzip head, and the largest window


def said(request: Request) -> Iterator[tuple[str, str]]:
    """The headers, as `api/callers.py` reads them: names in lower case, none left out."""
    return ((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.scope["headers"])


def request_id(scope: Scope) -> str:
    """What tells this request from others in logs: the caller's own X-Request-Id if it sends a usable one."""
    known: str | None = scope.setdefault("state", {}).get("request_id")
    if known is None:
        sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
        known = scope["state"]["request_id"] = sent if _REQUEST_ID.fullmatch(sent) else str(uuid.uuid4())
    return known


async def read_body(request: Request, *, limit: int = LARGEST_REQUEST) -> bytes:
    """The body, unpacked if it came with gzip. MessageTooLarge above *limit* bytes, whatever it claims to be."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > limit:
        raise MessageTooLarge(int(announced), limit)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise MessageTooLarge(len(body), limit)
    except ClientDisconnect as error:
        raise ClientGone from error
    return _unpacked(bytes(body), request.headers.get("content-encoding", "identity"), limit)


async def while_there(request: Request, waiting: Awaitable[T]) -> T:
    """What *waiting* gives; ClientGone if the client goes away before. To be asked once the body was read."""
    gone = Ending()
    watching = asyncio.create_task(_tell_when_gone(request, gone))
    try:
        return await gone.before(waiting)
    finally:
        watching.cancel()


async def _tell_when_gone(request: Request, gone: Ending) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.end(ClientGone())


def _unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding == "identity" or not body:
        return body
    if encoding != "gzip":
        sentence = f"bodies may come with content-encoding gzip or identity, not {encoding[:40]!r}"
        raise HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNIMPLEMENTED", sentence, accept_encoding="gzip")
    unpacking = zlib.decompressobj(_GZIP_WINDOW)
    try:
        unpacked = unpacking.decompress(body, limit + 1)
    except zlib.error as error:
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", f"the body is not gzip: {error}") from error
    if len(unpacked) > limit:
        raise MessageTooLarge(len(unpacked), limit)
    if not unpacking.eof or unpacking.unused_data:
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", "the body is not one whole piece of gzip")
    return unpacked
