"""POST /hooks/in/{id}/{token}: what other systems want done here, each in its own form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from http import HTTPStatus
from time import monotonic
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clockwire.api.callers import Admitted, caller
from clockwire.api.calls import Call
from clockwire.model.caller import Caller
from clockwire.model.errors import ClockwireError, RequestIdReused, ResourceNotFound
from clockwire.model.identifiers import is_id
from clockwire.model.inbound_commands import COMMANDS
from clockwire.model.inbound_hook import HookService, InboundHook, opens, secret_context
from clockwire.model.inbound_signatures import verify_github, verify_slack
from clockwire.model.signing import Secret, SignatureInvalid, verify
from clockwire.operations.inbound_commands import Commands
from clockwire.storage.inbound_hooks import find_hook_anywhere
from clockwire.storage.transaction import Transaction
from clockwire.storage.writer import Repeat
from clockwire.v1.common_pb2 import Origin
from clockwire.web.errors import HttpRefusal
from clockwire.web.framing import admitted
from clockwire.web.inbound.asking import Asked
from clockwire.web.inbound.bodies import JSON
from clockwire.web.inbound.generic import as_json, read_generic
from clockwire.web.inbound.github import read_github_request
from clockwire.web.inbound.slack import in_time, read_slack, refuse_politely
from clockwire.web.parts import Parts
from clockwire.web.requests import read_body

LARGEST_BODY = 1024 * 1024
_LONGEST_CAUSATION_ID = 64

_READ: Mapping[HookService, Callable[[Request, bytes, InboundHook], Asked]] = {
    HookService.GENERIC: read_generic,
    HookService.SLACK: read_slack,
    HookService.GITHUB: read_github_request,
}


def routes(parts: Parts) -> Sequence[BaseRoute]:
    """One address for all hooks."""
    door = _Door(parts)
    endpoint = admitted(parts.calls, "Hooks/In", door.admit, door.answer)
    return [Route("/hooks/in/{id}/{token}", endpoint, methods=["POST"])]


def paths() -> dict[str, Any]:
    """What OpenAPI says of it."""
    parameters = [
        {"name": name, "in": "path", "required": True, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in (("id", "The hook's id."), ("token", "Its token, as it was shown once."))
    ]
    refused = {"description": "A refusal.", "content": _content({"$ref": "#/components/schemas/Error"})}
    done = {"description": "It is done; what is said depends on the service.", "content": _content({"type": "object"})}
    fields = {"type": "object", "properties": {"event": {"type": "string", "enum": list(COMMANDS)}}}
    operation = {
        "operationId": "InboundHook",
        "summary": "What another system wants done here",
        "description": "In the form of the hook's service, JSON or a form: docs/inbound-hooks.md.",
        "security": [],
        "parameters": parameters,
        "requestBody": {"required": True, "content": _content(fields)},
        "responses": {"200": done, "default": refused},
    }
    return {"/hooks/in/{id}/{token}": {"post": operation}}


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {JSON: {"schema": schema}}


@dataclass(frozen=True, slots=True)
class _Door:
    """Lets in whoever knows the token, and signs if that is wanted."""

    parts: Parts

    async def admit(self, request: Request) -> Admitted:
        """The hook, as the caller. Raises ResourceNotFound, MessageTooLarge, HttpRefusal."""
        request.state.begin = monotonic()
        id_, token = request.path_params["id"], request.path_params["token"]
        hook = await self.parts.database.read(find_hook_anywhere, id_) if is_id(id_) else None
        if not opens(token, hook) or hook is None:
            raise ResourceNotFound("inbound hook", id_ if is_id(id_) else "")
        request.state.hook, request.state.body = hook, await read_body(request, limit=LARGEST_BODY)
        self._check_signature(request, hook)
        return Admitted(
            Caller(workspace_id=hook.workspace_id, actor=hook.actor, origin=Origin.ORIGIN_INBOUND),
        )

    async def answer(self, request: Request, _call: Call) -> Response:
        """What came of it."""
        if request.state.hook.service is not HookService.SLACK:
            return await self._done(request)
        try:
            return await in_time(self._done(request), since=request.state.begin)
        except ClockwireError as error:
            return refuse_politely(error)

    async def _done(self, request: Request) -> Response:
        hook, body = request.state.hook, request.state.body
        asked = _READ[hook.service](request, body, hook)

        def operation(transaction: Transaction) -> bytes:
            return as_json(asked.operation(Commands(transaction, hook)))

        repeat = _repeat(hook, asked.delivery_id, body)
        try:
            written = await self.parts.writer.write(operation, _caused_by(asked.delivery_id), repeat=repeat)
        except RequestIdReused as error:
            raise RequestIdReused(asked.delivery_id[:_LONGEST_CAUSATION_ID]) from error
        answer = written.kept if written.kept is not None else written.result
        return Response(answer, media_type="application/json")

    def _check_signature(self, request: Request, hook: InboundHook) -> None:
        if hook.secret is None:
            return
        secret = Secret(self.parts.vault.open(hook.secret, secret_context(hook.id)).decode())
        headers, body, now = dict(request.headers), request.state.body, self.parts.clock()
        try:
            match hook.service:
                case HookService.SLACK:
                    verify_slack(headers, body, secret=secret, now=now)
                case HookService.GITHUB:
                    verify_github(headers, body, secret=secret)
                case _:
                    verify(headers, body, valid=[secret], now=now)
        except SignatureInvalid as error:
            raise HttpRefusal(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", str(error)) from error


def _caused_by(delivery_id: str) -> Caller:
    """The hook, with the delivery that its events name as their cause."""
    shown = len(delivery_id) <= _LONGEST_CAUSATION_ID and delivery_id.isprintable()
    return replace(caller(), causation_id=delivery_id if shown else "")


def _repeat(hook: InboundHook, delivery_id: str, body: bytes) -> Repeat[bytes] | None:
    """Of a delivery that says which one it is, a repetition gets the first answer and does nothing."""
    if not delivery_id:
        return None
    known = sha256(delivery_id.encode(errors="replace")).hexdigest()
    return Repeat(
        method=f"inbound hook {hook.id}",
        request_id=known,
        digest=sha256(body).digest(),
        encode=lambda answer, _mutation: answer,
    )
