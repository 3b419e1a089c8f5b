"""What OpenAPI says of the endpoints for TrackingTime's outgoing webhooks."""

from typing import Any

from clockwire.model.rendering.trackingtime import EVENT_OF
from clockwire.web.trackingtime.webhooks import STATUSES

_ACCOUNT = {"name": "account_id", "in": "path", "required": True, "schema": {"type": "string"}}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_ANSWER = {
    "type": "object",
    "required": ["response", "data"],
    "properties": {
        "response": {
            "type": "object",
            "required": ["status", "message"],
            "properties": {"status": {"type": "integer"}, "message": {"type": "string"}},
        },
        "data": {},
    },
}
_ADD = {
    "type": "object",
    "required": ["url", "events"],
    "properties": {
        "url": {"type": "string", "description": "Where to send."},
        "events": {"type": "string", "description": f"One or several, with commas: {', '.join(EVENT_OF)}."},
        "description": {"type": "string"},
        "user_id": {"type": "string", "description": "Only what concerns this user."},
        "status": {"type": "string", "enum": list(STATUSES[1:]), "description": "ENABLED if it is left out."},
    },
}


def described(prefix: str) -> dict[str, Any]:
    """The paths below *prefix*."""
    status = {"name": "filter", "in": "query", "schema": {"type": "string", "enum": list(STATUSES)}}
    reading, writing = "subscriptions.read", "subscriptions.write"
    return {
        prefix: {"get": _operation("List webhooks", "List", reading, _ACCOUNT, status)},
        f"{prefix}/add": {
            "post": _operation("Add a webhook", "Add", writing, _ACCOUNT) | _body(_ADD),
            "get": _operation("Add a webhook, as its node for n8n does", "AddByGet", writing, _ACCOUNT, *_query(_ADD)),
        },
        f"{prefix}/enable/{{id}}": {"put": _operation("Turn a webhook on", "Enable", writing, _ACCOUNT, _ID)},
        f"{prefix}/disable/{{id}}": {"put": _operation("Turn a webhook off", "Disable", writing, _ACCOUNT, _ID)},
        f"{prefix}/reset_token/{{id}}": {
            "post": _operation("Give a webhook a new token", "ResetToken", writing, _ACCOUNT, _ID)
        },
        f"{prefix}/{{id}}/delete": {
            "get": _operation("Delete a webhook, as its node for n8n does", "DeleteByGet", writing, _ACCOUNT, _ID)
        },
        f"{prefix}/{{id}}": {
            "get": _operation("Get a webhook", "Get", reading, _ACCOUNT, _ID),
            "delete": _operation("Delete a webhook", "Delete", writing, _ACCOUNT, _ID),
        },
    }


def _operation(summary: str, name: str, scope: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    answer = {"application/json": {"schema": _ANSWER}}
    return {
        "operationId": f"TrackingTime_{name}",
        "summary": summary,
        "description": f"As TrackingTime's API has it. Needs a key with the scope `{scope}`.",
        "parameters": list(parameters),
        "responses": {
            "200": {"description": "Done.", "content": answer},
            "default": {"description": "A refusal.", "content": answer},
        },
    }


def _query(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a body as parameters."""
    return [
        {"name": name, "in": "query", "required": name in schema["required"], "schema": field}
        for name, field in schema["properties"].items()
    ]


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
