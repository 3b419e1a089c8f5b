"""How does an error look to clients of TimeTracker? As {"error": SENTENCE}, the documented one if there is one."""

import re
from collections.abc import Mapping
from http import HTTPStatus

import orjson
from starlette.responses import Response

from clockwire.api.errors import Internal, message_of
from clockwire.model.errors import (
    ClockwireError,
    MessageTooLarge,
    QuotaExceeded,
    ResourceNotFound,
    StoreUnavailable,
    TargetUrlRefused,
    Unauthenticated,
)
from clockwire.web.errors import headers_of, status_of

#: The fields of records whose names the callers do not know.
_THEIR_NAMES: Mapping[str, str] = {
    "client_name": "name",
    "project_name": "name",
    "task_name": "name",
    "contact_email": "email",
    "contact_phone": "phone",
    "address_1": "address",
    "notes": "note",
    "client_rate": "defaultBillableRate",
    "budget_amount": "estimatedBudget",
    "estimated_time": "estimated hours",
    "user_id": "team_member_id",
    "assigned_user_ids": "assignee_ids",
    "tags": "tag_ids",
}
_OUR_FIELD = re.compile(r"\brecord\.\w+\.(\w+)")


def refuse(error: ClockwireError) -> Response:
    """The answer that an error is."""
    match error:
        case Unauthenticated():
            return _answer(error, HTTPStatus.UNAUTHORIZED, "Unauthorized")
        case TargetUrlRefused():
            return _answer(error, HTTPStatus.BAD_REQUEST, "Invalid URL format")
        case Internal():
            return _answer(error, HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error")
        case MessageTooLarge():
            return _answer(error, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message_of(error))
    if error.metadata.get("field") == "x-workspace-id":
        # The key of an operator, which stands for nobody in particular.
        return _answer(error, HTTPStatus.UNAUTHORIZED, "User ID not found in authentication result")
    return _answer(error, status_of(error), _in_their_words(message_of(error)))


def refuse_to_delete(error: ClockwireError) -> Response:
    """The answer that an error of unsubscribing is."""
    match error:
        case ResourceNotFound():
            return _answer(error, HTTPStatus.BAD_REQUEST, "Webhook not found")
        case QuotaExceeded() | StoreUnavailable():
            return _answer(error, HTTPStatus.BAD_REQUEST, "Failed to delete webhook")
    return refuse(error)


def _answer(error: ClockwireError, status: int, sentence: str) -> Response:
    return Response(orjson.dumps({"error": sentence}), int(status), headers_of(error), "application/json")


def _in_their_words(sentence: str) -> str:
    return _OUR_FIELD.sub(lambda found: _THEIR_NAMES.get(found[1], found[1]), sentence)
