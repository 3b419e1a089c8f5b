"""What does GitHub tell? An event named in a header, as JSON or as JSON in a form."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from clockwire.model.errors import FieldInvalid
from clockwire.model.github_events import read_github
from clockwire.model.inbound_hook import InboundHook
from clockwire.operations.inbound_github import follow_github
from clockwire.web.inbound.asking import Asked, nothing_to_do
from clockwire.web.inbound.bodies import read_fields, read_json


def read_github_request(request: Request, body: bytes, _hook: InboundHook) -> Asked:
    """What is asked. Raises FieldInvalid, HttpRefusal."""
    event, delivery_id = request.headers.get("x-github-event", ""), request.headers.get("x-github-delivery", "")
    if not event:
        raise FieldInvalid.of("x-github-event", "is needed in the headers")
    if event == "ping":
        return Asked(delivery_id, nothing_to_do("pong"))
    happened = read_github(event, _payload(request, body))
    if happened is None:
        return Asked(delivery_id, nothing_to_do("nothing to do"))
    return Asked(delivery_id, lambda commands: {"message": follow_github(commands, happened)})


def _payload(request: Request, body: bytes) -> Mapping[str, Any]:
    fields = read_fields(request, body)
    packed = fields.get("payload")
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return read_json(packed) if is_form and isinstance(packed, str) else fields
