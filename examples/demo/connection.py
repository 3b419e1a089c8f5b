"""How an Airflow is told of a Clockwire: a connection, as a variable of the environment holds it."""

import json

from clockwire_server import ClockwireServer


def connection_to(server: ClockwireServer) -> str:
    """The connection, in JSON."""
    return json.dumps(
        {
            "conn_type": "clockwire",
            "host": server.host,
            "port": server.port,
            "password": server.api_key,
            "extra": {"tls": False},
        }
    )
