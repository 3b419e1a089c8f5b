"""Does a workspace still hold together? What its log says and what its records say must be one story."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from clockwire.client import AsyncClient
from clockwire.model.record_types import RECORD_TYPES, body_of, type_of
from clockwire.v1.events_pb2 import Event
from clockwire.v1.record_service_pb2 import BatchGetRecordsRequest
from clockwire.v1.records_pb2 import Record, RecordKey


@dataclass(frozen=True)
class Story:
    """Everything a workspace tells."""

    events: list[Event]
    records: Mapping[str, Record]


async def intact(client: AsyncClient) -> Story:
    """What the workspace holds, which is sound: an AssertionError says what is not."""
    events = [event async for event in client.watch("earliest", follow=False)]
    records = {
        record.id: record for info in RECORD_TYPES.values() async for record in client.list(info.token, page_size=1_000)
    }
    _check_log(events)
    _check_records(events, records)
    _check_references(records)
    await _check_reads(client, records)
    return Story(events, records)


def _check_log(events: list[Event]) -> None:
    """Sequences without a gap, times that never decrease, whole transactions, versions that count."""
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    times = [event.commit_time.ToNanoseconds() for event in events]
    assert times == sorted(times)
    assert len({event.id for event in events}) == len(events)
    sizes = Counter(event.transaction_id for event in events)
    assert all(sizes[event.transaction_id] == event.transaction_size for event in events)
    versions: dict[str, int] = {}
    for event in events:
        before = versions.get(event.record_id, 0)
        stays = event.type.endswith((".closed", ".reopened"))  # written after the .updated of the same change
        assert event.version == before + (0 if stays else 1), f"{event.type} {event.record_id} after version {before}"
        versions[event.record_id] = event.version


def _check_records(events: list[Event], records: Mapping[str, Record]) -> None:
    """There is what was created and not deleted, as its last event left it."""
    last = {event.record_id: event for event in events}
    assert {id_ for id_, event in last.items() if not event.type.endswith(".deleted")} == set(records)
    for id_, record in records.items():
        assert (record.version, record.etag) == (last[id_].version, last[id_].record.etag)
        assert _own(record) == _own(last[id_].record)


def _own(record: Record) -> Record:
    """The record without what is worked out from others when it is read: labels and sums."""
    own = Record()
    own.CopyFrom(record)
    info = RECORD_TYPES[type_of(own)]
    for column in info.columns:
        if column.output_only and column.path in info.body.fields_by_name:
            body_of(own).ClearField(column.path)
    return own


def _check_references(records: Mapping[str, Record]) -> None:
    """Whatever refers to a record refers to one that is there, of the right type."""
    for record in records.values():
        for column in RECORD_TYPES[type_of(record)].columns[1:]:
            if column.reference_type and column.path in RECORD_TYPES[type_of(record)].body.fields_by_name:
                value = getattr(body_of(record), column.path)
                for id_ in [value] if isinstance(value, str) else value:
                    assert not id_ or type_of(records[id_]) == column.reference_type, f"{record.id}.{column.path}"


async def _check_reads(client: AsyncClient, records: Mapping[str, Record]) -> None:
    """Each record is read alone as it is listed."""
    ids = list(records)
    for begin in range(0, len(ids), 100):
        keys = [RecordKey(id=id_) for id_ in ids[begin : begin + 100]]
        answer = await client.records.BatchGetRecords(BatchGetRecordsRequest(keys=keys))
        assert not answer.missing_keys
        assert list(answer.records) == [records[key.id] for key in keys]
