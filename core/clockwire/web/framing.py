"""How does a route let its caller in, and answer what goes wrong? In the frame that stands around every call."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from clockwire.api.callers import Admitted
from clockwire.api.calls import Call, Calls, Method
from clockwire.model.errors import ClockwireError
from clockwire.web.errors import refusal
from clockwire.web.requests import request_id, said

#: Answers a request whose caller was let in; may raise any ClockwireError.
Answer = Callable[[Request, Call], Awaitable[Response]]
#: What an error looks like; one product's clients expect it otherwise than another's.
Refuse = Callable[[ClockwireError], Response]
#: Lets somebody in who shows no key, or raises; for callers that are known by what is in their URL.
Admit = Callable[[Request], Awaitable[Admitted]]
Endpoint = Callable[[Request], Awaitable[Response]]


def keyed(calls: Calls, method: Method, answer: Answer, *, refuse: Refuse = refusal) -> Endpoint:
    """An endpoint for callers with `Authorization: Bearer KEY`, whose key has the scope that *method* wants."""

    async def respond(request: Request) -> Response:
        try:
            async with calls.framed(method, said(request), request_id=request_id(request.scope)) as call:
                return await answer(request, call)
        except ClockwireError as error:
            return refuse(error)

    return respond


def admitted(calls: Calls, name: str, admit: Admit, answer: Answer, *, refuse: Refuse = refusal) -> Endpoint:
    """An endpoint for callers whom *admit* knows; the log calls it *name*, never by its URL."""

    async def respond(request: Request) -> Response:
        try:
            async with calls.admitted_by(lambda: admit(request), name, request_id=request_id(request.scope)) as call:
                return await answer(request, call)
        except ClockwireError as error:
            return refuse(error)

    return respond
