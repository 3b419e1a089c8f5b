"""What OpenAPI says of the endpoints for Zapier: their fields with all that is taken, and the shape of each answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from clockwire.model.timetracker_words import CLIENT_TYPES
from clockwire.web.zapier.fallbacks import FALLBACKS
from clockwire.web.zapier.subscribing import EVENTS, MANUAL

Schema = Mapping[str, Any]

_TEXT: Schema = {"type": ["string", "null"]}
_FLAG: Schema = {"enum": [True, False, "true", "false", "", None]}
#: Numbers may come as text, which a schema can't look into.
_AMOUNT: Schema = {"type": ["number", "string", "null"]}
_IDS: Schema = {"type": ["array", "string", "null"], "items": {"type": "string"}}
_WORKSPACE = {"workspace_id": {"type": "string", "format": "uuid", "description": "The key's own workspace."}}
_NAME = {"name": {"type": "string", "minLength": 1, "maxLength": 255}}

_CREATED: Mapping[str, tuple[Sequence[str], Schema]] = {
    "clients": (
        ["name", "workspace_id"],
        {
            **_NAME,
            "type": {"enum": [*CLIENT_TYPES, "", None]},
            "status": {"enum": ["active", "inactive", "", None]},
            **dict.fromkeys(("email", "phone", "address", "note", "currency"), _TEXT),
        },
    ),
    "projects": (
        ["name", "workspace_id"],
        {
            **_NAME,
            "status": {"enum": ["active", "completed", "", None]},
            **dict.fromkeys(("description", "client_id"), _TEXT),
            **dict.fromkeys(("isPrivate", "defaultBillable"), _FLAG),
            **dict.fromkeys(("defaultBillableRate", "estimatedHours", "estimatedBudget"), _AMOUNT),
        },
    ),
    "tasks": (
        ["name", "project_id"],
        {
            **_NAME,
            "project_id": {"type": "string"},
            "status": {"enum": ["todo", "in-progress", "completed", "", None]},
            "priority": {"enum": ["low", "medium", "high", "", None]},
            "estimated_hours": _AMOUNT,
            "assignee_ids": _IDS,
            **dict.fromkeys(("description", "due_date"), _TEXT),
        },
    ),
    "time-entries": (
        ["workspace_id", "start_time", "end_time", "billable"],
        {
            "start_time": {"type": "string"},
            "end_time": {"type": "string"},
            "billable": {"enum": [True, False, "true", "false"]},
            "manually_entered": _FLAG,
            "duration": _AMOUNT,
            "tag_ids": _IDS,
            **dict.fromkeys(("date", "description", "team_member_id", "project_id", "task_id"), _TEXT),
        },
    ),
}
_FOUND: Schema = {
    "description": _TEXT,
    **dict.fromkeys(("billable", "manually_entered"), _FLAG),
    **dict.fromkeys(("team_member_id", "project_id", "task_id"), _TEXT),
    **{f"{each}_{side}": _TEXT for each in ("date", "start_time", "end_time") for side in ("after", "before")},
}
_SUBSCRIBED: Schema = {
    "url": {"type": "string", "description": "Where to: an https URL."},
    "events": {"type": "array", "minItems": 1, "items": {"enum": [*EVENTS, MANUAL]}},
    "description": {"type": ["string", "null"], "maxLength": 500},
    "secret": {
        "type": ["boolean", "string", "null"],
        "description": "True has one made, which the answer shows; a text is the secret. Else nothing is signed.",
    },
}


def paths(prefix: str) -> dict[str, Any]:
    """Each path below *prefix*, with what it takes and gives."""
    return {
        f"{prefix}/webhooks/subscribe": {"post": _subscribe()},
        f"{prefix}/webhooks/{{id}}": {"delete": _unsubscribe()},
        **{f"{prefix}/triggers/{each.path}/fallback": {"get": _fallback(each.path)} for each in FALLBACKS},
        **{f"{prefix}/triggers/{kind}": {"post": _create(kind, *given)} for kind, given in _CREATED.items()},
        **{f"{prefix}/triggers/{kind}/find": _find(kind) for kind in _CREATED},
    }


def _subscribe() -> Schema:
    webhook = _object("id", "url", "events", "status")
    answer = {"type": "object", "required": ["success", "webhook"], "properties": {"webhook": webhook}}
    return _call("Subscribe to TimeTracker's webhooks", "200", answer) | _takes(["url", "events"], _SUBSCRIBED)


def _unsubscribe() -> Schema:
    id_ = {"type": "string", "pattern": "^wh_[0-9a-f]{32}$"}
    parameter = {"name": "id", "in": "path", "required": True, "schema": id_}
    call = _call("End a subscription to TimeTracker's webhooks", "200", _object("success"))
    return call | {"parameters": [parameter]}


def _fallback(path: str) -> Schema:
    answer = {"type": "array", "minItems": 1, "maxItems": 1, "items": _object("id")}
    return _call(f"The newest of {path} as a webhook of TimeTracker's tells it, or a sample", "200", answer)


def _create(kind: str, required: Sequence[str], fields: Schema) -> Schema:
    call = _call(f"Create one of {kind} with TimeTracker's fields", "201", _object("id", "created_at"))
    return call | _takes(required, {**_WORKSPACE, **fields} if "workspace_id" in required else fields)


def _find(kind: str) -> Schema:
    fields = _FOUND if kind == "time-entries" else _NAME
    required = ["workspace_id", *(name for name in fields if fields is _NAME)]
    call = _call(f"Find {kind}, at most 25, the best first", "200", {"type": "array", "items": _object("id")})
    parameters = [
        {"name": name, "in": "query", "required": name in required, "schema": {"type": "string"}}
        for name in (*_WORKSPACE, *fields)
    ]
    return {"post": call | _takes(required, {**_WORKSPACE, **fields}), "get": call | {"parameters": parameters}}


def _call(summary: str, status: str, gives: Schema) -> dict[str, Any]:
    error = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    return {
        "summary": summary,
        "tags": ["TimeTracker"],
        "responses": {
            status: {"description": "Done.", "content": _json(gives)},
            "default": {"description": "A refusal, in one sentence.", "content": _json(error)},
        },
    }


def _takes(required: Sequence[str], fields: Schema) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": fields}
    return {"requestBody": {"required": True, "content": _json(schema)}}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _object(*names: str) -> Schema:
    return {"type": "object", "required": list(names)}
