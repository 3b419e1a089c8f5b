"""The Python client of Clockwire; it needs grpcio and protobuf and nothing of the server.

    from clockwire.client import Client

    with Client("clockwire.example.com:443", api_key="cw_live_...") as clockwire:
        created = clockwire.create("project", project_name="New website", quoted_cost="12500.50")
        for event in clockwire.watch(created.mutation.cursor, event_types=["timelog.*"]):
            print(event.type, event.record.time_log.user_name)

What holds for every call: TLS unless `plaintext=True` was asked for; a deadline (30 s, or `timeout`); a call that may
be made twice is repeated up to `retries` times while the server is unavailable, each time on a fresh channel, and
every write carries a request_id, so that a repetition is not a second write; what goes wrong is an exception of
`clockwire.client.errors`, told apart by class. Nothing is connected before the first call, and a process that was
forked opens a connection of its own.
"""

from clockwire.client.clients import AsyncClient, Client
from clockwire.client.errors import ClockwireError
from clockwire.client.reading import Batch, event_filter, event_start
from clockwire.client.records import (
    event_fields_of,
    fields_of,
    record_of,
    record_type,
    timer_fields_of,
    timer_of,
    type_token,
)
from clockwire.client.session import Session

__all__ = [
    "AsyncClient",
    "Batch",
    "Client",
    "ClockwireError",
    "Session",
    "event_fields_of",
    "event_filter",
    "event_start",
    "fields_of",
    "record_of",
    "record_type",
    "timer_fields_of",
    "timer_of",
    "type_token",
]
