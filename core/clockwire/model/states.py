"""What the state is that an event tells of: a record's, or a timer's."""

from typing import cast

from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record
from clockwire.v1.timers_pb2 import Timer

State = Record | Timer


def state_of(event: Event) -> State | None:
    """The state after the change; None after a deletion."""
    field = event.WhichOneof("state")
    return cast("State", getattr(event, field)) if field else None


def read_state(message: bytes, record_type: "RecordType.ValueType") -> State:
    """The state that was encoded of an event about this type of record, or about a timer."""
    return Record.FromString(message) if record_type else Timer.FromString(message)
