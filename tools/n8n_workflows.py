"""Two workflows for n8n: one asks Clockwire for webhooks, the other receives them and verifies each."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

REGISTER, RECEIVE = "register", "receive"


def workflows(clockwire_url: str, n8n_url: str, *, api_key: str, secret: str) -> Sequence[Mapping[str, Any]]:
    """Both, as n8n's editor saves them."""
    subscription = {
        "subscription": {
            "name": "n8n",
            "target_url": f"{n8n_url}/webhook/{RECEIVE}",
            "filter": {"event_types": ["project.*"]},
        },
        "secret_source": "SECRET_SOURCE_PROVIDED",
        "secret": secret,
    }
    ask = {
        "method": "POST",
        "url": f"{clockwire_url}/clockwire.v1.SubscriptionService/CreateSubscription",
        "sendHeaders": True,
        "headerParameters": {"parameters": [{"name": "Authorization", "value": f"Bearer {api_key}"}]},
        "sendBody": True,
        "specifyBody": "json",
        "jsonBody": json.dumps(subscription),
        "options": {},
    }
    return [
        _workflow(REGISTER, [_webhook(REGISTER, "GET"), _node("Ask Clockwire", "httpRequest", 4.2, ask)]),
        _workflow(RECEIVE, [_webhook(RECEIVE, "POST"), _crypto(secret), _answer()]),
    ]


def _webhook(path: str, method: str) -> dict[str, Any]:
    """The webhook node; it answers with what the last node of the workflow says."""
    parameters = {"httpMethod": method, "path": path, "responseMode": "lastNode", "options": {"rawBody": True}}
    return {**_node("Webhook", "webhook", 2, parameters), "webhookId": path}


def _crypto(secret: str) -> dict[str, Any]:
    parameters = {
        "action": "hmac",
        "type": "SHA256",
        "binaryData": True,
        "binaryPropertyName": "data",
        "dataPropertyName": "computed",
        "secret": secret,
        "encoding": "hex",
    }
    return _node("Crypto", "crypto", 1, parameters)


def _answer() -> dict[str, Any]:
    """What n8n understood of the webhook."""
    webhook = "$('Webhook').item.json"
    values = {
        "event": f"={{{{ {webhook}.body.event }}}}",
        "ProjectName": f"={{{{ {webhook}.body.ProjectName }}}}",
        "signature": f"={{{{ 'sha256=' + $json.computed === {webhook}.headers['x-st-webhook-signature'] }}}}",
    }
    fields = [{"id": name, "name": name, "value": value, "type": "string"} for name, value in values.items()]
    return _node("Answer", "set", 3.4, {"assignments": {"assignments": fields}, "options": {}})


def _node(name: str, kind: str, version: float, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": version,
        "position": [0, 0],
        "parameters": parameters,
    }


def _workflow(name: str, nodes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """A workflow in which each node follows the one before."""
    names = [node["name"] for node in nodes]
    follows = {one: {"main": [[{"node": other, "type": "main", "index": 0}]]} for one, other in pairwise(names)}
    return {"name": name, "active": False, "nodes": nodes, "connections": follows, "settings": {}}
