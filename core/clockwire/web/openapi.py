"""What can be asked over HTTP with JSON, as a program reads it: GET /openapi.json, an OpenAPI 3.1 document.

The calls of the contract are described from its descriptors and comments; every other module says in `paths()` what it
answers.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import orjson
from google.protobuf.message import Message
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clockwire import __version__
from clockwire.api.procedures import Procedure
from clockwire.web import monitoring
from clockwire.web.inbound import routing as inbound
from clockwire.web.json_schemas import Schema, comments, reference, schemas_of
from clockwire.web.parts import Parts
from clockwire.web.trackingtime import routing as trackingtime
from clockwire.web.zapier import routing as zapier

ERROR: Schema = {
    "type": "object",
    "description": "A refusal, as the Connect protocol has it.",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "string", "description": "A code of gRPC in small letters.", "example": "not_found"},
        "message": {"type": "string", "description": "What is wrong, for people."},
        "details": {
            "type": "array",
            "description": "For programs; first google.rpc.ErrorInfo, whose `reason` is stable.",
            "items": {
                "type": "object",
                "required": ["type", "value"],
                "properties": {
                    "type": {"type": "string", "example": "google.rpc.ErrorInfo"},
                    "value": {"type": "string", "description": "The message, in base64 without padding."},
                    "debug": {"type": "object", "description": "The same as JSON."},
                },
            },
        },
    },
}

_REFUSED = {
    "description": "A refusal.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


#: What the modules besides the contract say of their paths.
PATHS: Sequence[Callable[[], Mapping[str, Any]]] = (monitoring.paths, inbound.paths, trackingtime.paths, zapier.paths)


def routes(parts: Parts) -> Sequence[BaseRoute]:
    """GET /openapi.json, which needs no key."""
    return [Route("/openapi.json", _Document(parts.procedures).answer, methods=["GET"])]


class _Document:
    """The document, made when it is first asked for."""

    def __init__(self, procedures: Mapping[str, Procedure]) -> None:
        self._procedures = procedures

    async def answer(self, _request: Request) -> Response:
        """The document."""
        return Response(self._body, media_type="application/json")

    @cached_property
    def _body(self) -> bytes:
        return orjson.dumps(document(self._procedures))


def document(procedures: Mapping[str, Procedure]) -> dict[str, Any]:
    """The OpenAPI document of these calls, and of all other routes."""
    unary = {path: procedure for path, procedure in procedures.items() if not procedure.streams}
    messages = [kind for each in unary.values() for kind in (each.request, each.response)]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Clockwire",
            "version": __version__,
            "description": "Every unary call of Clockwire's contract, by the Connect protocol, as JSON.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": _tags(unary),
        "paths": {path: {"post": _call(procedure)} for path, procedure in unary.items()}
        | {path: described for paths in PATHS for path, described in paths().items()},
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}},
            "schemas": {"Error": ERROR} | schemas_of(*messages),
        },
    }


def _tags(procedures: Mapping[str, Procedure]) -> list[dict[str, str]]:
    services = sorted({_names(each)[0] for each in procedures.values()})
    return [{"name": name, "description": comments().get(name, "")} for name in services]


def _call(procedure: Procedure) -> dict[str, Any]:
    (service, name), access = _names(procedure), procedure.method.access
    text = comments().get(f"{service}.{name}", "")
    needed = f"Needs a key with the scope `{access.scope}`." if access.scope else "Any key will do."
    operation: dict[str, Any] = {
        "operationId": f"{service}_{name}",
        "tags": [service],
        "summary": text.partition(". ")[0].rstrip("."),
        "description": f"{text}\n\n{'Needs no key.' if access.open else needed}",
        "requestBody": {"required": True, "content": _json(procedure.request)},
        "responses": {
            "200": {"description": "Done.", "content": _json(procedure.response)},
            "default": _REFUSED,
        },
    }
    return operation | {"security": [{}, {"key": []}]} if access.open else operation


def _json(kind: type[Message]) -> dict[str, Any]:
    return {"application/json": {"schema": reference(kind)}}


def _names(procedure: Procedure) -> tuple[str, str]:
    """Its service, without the package, and its own name."""
    _, service, name = procedure.method.name.split("/")
    return service.rpartition(".")[2], name
