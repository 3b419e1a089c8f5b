"""Inbound hooks as a test uses them: one made, and requests to its address."""

import asyncio
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from clockwire.model.instants import SECOND
from clockwire.v1.inbound_hook_service_pb2 import CreateInboundHookRequest, InboundHook
from tests.support.http import HttpAnswer, exchange
from tests.support.server import Served

SECRET = "It's a Secret to Everybody"
FORM = "application/x-www-form-urlencoded"


async def new_hook(server: Served, *, secret: str = "", **fields: Any) -> str:
    """The address of a new hook, below the HTTP port."""
    hook = InboundHook(**{"name": "A hook", **fields})
    async with server.client() as client:
        request = CreateInboundHookRequest(inbound_hook=hook, secret=secret)
        return str((await client.inbound_hooks.CreateInboundHook(request)).path)


async def send(server: Served, path: str, body: object = None, **headers: str) -> HttpAnswer:
    """The answer to a POST without a key; *body* is bytes, or something that is sent as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    said = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return await asyncio.to_thread(exchange, server.http_target, "POST", path, sent, said)


async def slash(server: Served, path: str, line: str, *, speaker: str = "U2CERLKJA", **fields: str) -> str:
    """What Slack would show for a line that somebody typed; "" for a status that it does not show."""
    command, _, text = line.partition(" ")
    form = {"command": command, "text": text, "user_id": speaker, "user_name": "roadrunner", **fields}
    answer = await slack(server, path, urlencode(form).encode())
    return str(answer.json["text"]) if answer.status == 200 else ""


async def slack(server: Served, path: str, body: bytes, *, age: int = 0, secret: str = SECRET) -> HttpAnswer:
    """The answer to a request of Slack's."""
    timestamp = str(server.clock() // SECOND - age)
    signature = "v0=" + _hex(secret, b"v0:" + timestamp.encode() + b":" + body)
    headers = {"x_slack_signature": signature, "x_slack_request_timestamp": timestamp}
    return await send(server, path, body, content_type=FORM, **headers)


async def github(
    server: Served, path: str, event: str, payload: object, *, delivery: str = "", secret: str = SECRET
) -> HttpAnswer:
    """The answer to a delivery of GitHub's."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = {"x_hub_signature_256": "sha256=" + _hex(secret, body), "x_github_event": event}
    return await send(server, path, body, x_github_delivery=delivery or hashlib.md5(body).hexdigest(), **headers)


def _hex(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
