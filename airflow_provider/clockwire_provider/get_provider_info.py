"""What Airflow knows of this provider before it imports anything else of it.

The connection form is drawn from `conn-fields` alone. Airflow masks a value of `extra` by the NAME of its field, so the
client's key is called `client_private_key_pem`: "private_key" is one of the names that are masked.
"""

from typing import Any

_PACKAGE = "clockwire_provider"
_INTEGRATION = "Clockwire"

_CONNECTION_FIELDS: dict[str, Any] = {
    "tls": {
        "label": "TLS",
        "description": "Encrypt the connection. Off only for a server that is run without TLS on a network of its own.",
        "schema": {"type": "boolean", "default": True},
    },
    "ca_pem": {
        "label": "CA certificate",
        "description": "PEM of the authority that signed the server's certificate; empty: the public ones.",
        "schema": {"type": ["string", "null"], "format": "multiline"},
    },
    "client_certificate_pem": {
        "label": "Client certificate",
        "description": "PEM, for a server that asks its callers for a certificate.",
        "schema": {"type": ["string", "null"], "format": "multiline"},
    },
    "client_private_key_pem": {
        "label": "Client private key",
        "description": "PEM of the key that belongs to the client certificate.",
        "schema": {"type": ["string", "null"], "format": "password"},
    },
    "timeout_seconds": {
        "label": "Timeout (seconds)",
        "description": "The deadline of one call, its repetitions included.",
        "schema": {"type": ["integer", "null"], "minimum": 1, "maximum": 600, "default": 30},
    },
    "workspace_id": {
        "label": "Workspace ID",
        "description": "For an operator key only: the workspace to work in. Every other key has its own.",
        "schema": {"type": ["string", "null"], "maxLength": 36},
    },
    "on_behalf_of": {
        "label": "On behalf of",
        "description": "Id of a User record: changes are then shown as made by this person.",
        "schema": {"type": ["string", "null"], "maxLength": 36},
    },
}


def get_provider_info() -> dict[str, Any]:
    """The provider's metadata, in the form that Airflow validates."""
    return {
        "package-name": "airflow-provider-clockwire",
        "name": _INTEGRATION,
        "description": "Dags that write time-tracking records and react to their events.",
        "integrations": [
            {
                "integration-name": _INTEGRATION,
                "tags": ["service"],
            }
        ],
        "connection-types": [
            {
                "connection-type": "clockwire",
                "hook-class-name": f"{_PACKAGE}.hooks.clockwire.ClockwireHook",
                "hook-name": _INTEGRATION,
                "conn-fields": _CONNECTION_FIELDS,
                "ui-field-behaviour": {
                    "hidden-fields": ["login", "schema"],
                    "relabeling": {"password": "API key"},
                    "placeholders": {
                        "host": "clockwire.example.com",
                        "port": "50051",
                        "password": "cw_live_...",
                    },
                },
            }
        ],
        "task-decorators": [
            {
                "name": "clockwire_events",
                "class-name": f"{_PACKAGE}.decorators.events.clockwire_events_task",
            }
        ],
        "hooks": [_modules("hooks.clockwire")],
        "operators": [_modules("operators.events", "operators.records", "operators.subscriptions")],
        "sensors": [_modules("sensors.events")],
        "triggers": [_modules("triggers.events")],
    }


def _modules(*names: str) -> dict[str, Any]:
    return {"integration-name": _INTEGRATION, "python-modules": [f"{_PACKAGE}.{name}" for name in names]}
