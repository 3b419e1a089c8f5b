"""How a batch of events, or the log, is said on the wire."""

from typing import Final

from clockwire.model.cursor import Cursor, encode_cursor
from clockwire.model.instants import to_timestamp
from clockwire.model.record_types import EVENT_TYPES
from clockwire.model.schemas import payload_schema
from clockwire.operations.event_log import LogEnds
from clockwire.operations.watching import Batch
from clockwire.v1.event_service_pb2 import GetEventLogResponse, PullEventsResponse, WatchEventsResponse

_EVENTS_TAG: Final = b"\x0a"  # field 1, length-delimited: `repeated Event events = 1` of both responses


def batch_bytes(
    batch: Batch, rest: WatchEventsResponse | PullEventsResponse, *, epoch: str, workspace_id: str
) -> bytes:
    """The encoded response: *rest* with the events, the cursor and the watermark of the batch."""
    rest.cursor = encode_cursor(Cursor(epoch, workspace_id, batch.sequence))
    if batch.watermark_time:
        rest.watermark_time.CopyFrom(to_timestamp(batch.watermark_time))
    parts = [part for event in batch.events for part in (_EVENTS_TAG, _varint(len(event)), event)]
    return b"".join([*parts, rest.SerializeToString()])


def ends_message(ends: LogEnds) -> GetEventLogResponse:
    """The log as GetEventLog describes it."""
    log = ends.log
    response = GetEventLogResponse(
        earliest_cursor=encode_cursor(Cursor(log.epoch, log.workspace.id, log.earliest - 1)),
        latest_cursor=encode_cursor(Cursor(log.epoch, log.workspace.id, log.head)),
        event_count=log.head - log.earliest + 1,
        event_types=_EVENT_TYPES,
    )
    if ends.earliest_time is not None and ends.latest_time is not None:
        response.earliest_time.CopyFrom(to_timestamp(ends.earliest_time))
        response.latest_time.CopyFrom(to_timestamp(ends.latest_time))
    response.retention.FromMicroseconds(log.workspace.event_retention)
    return response


def _varint(value: int) -> bytes:
    """A length as protobuf writes it: seven bits a byte, the lowest first."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


_EVENT_TYPES = [
    GetEventLogResponse.EventType(
        name=each.name, description=each.description, payload_schema=payload_schema(each.name)
    )
    for each in EVENT_TYPES.values()
]
