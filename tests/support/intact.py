"""Does a workspace still hold together? What its log says and what its records say must be one story."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from clockwire.client import AsyncClient
from clockwire.model.record_types import RECORD_TYPES, body_of, type_of
from clockwire.model.timer import timer_references
from clockwire.v1.events_pb2 import Event
from clockwire.v1.record_service_pb2 import BatchGetRecordsRequest
from clockwire.v1.records_pb2 import Record, RecordKey
from clockwire.v1.timer_service_pb2 import ListTimersRequest
from clockwire.v1.timers_pb2 import Timer


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
    _check_records([event for event in events if event.record_type], records)
    _check_timers(events, records, await _timers(client))
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
    versions: dict[tuple[int, str], int] = {}
    for event in events:
        subject = event.record_type, event.record_id  # a timer and the time log that it became have one id
        before = versions.get(subject, 0)
        stays = event.type.endswith((".closed", ".reopened"))  # written after the .updated of the same change
        assert event.version == before + (0 if stays else 1), f"{event.type} {event.record_id} after version {before}"
        versions[subject] = event.version


def _check_records(events: list[Event], records: Mapping[str, Record]) -> None:
    """There is what was created and not deleted, as its last event left it."""
    last = {event.record_id: event for event in events}
    assert {id_ for id_, event in last.items() if not event.type.endswith(".deleted")} == set(records)
    for id_, record in records.items():
        assert (record.version, record.etag) == (last[id_].version, last[id_].record.etag)
        assert _own(record) == _own(last[id_].record)


async def _timers(client: AsyncClient) -> Mapping[str, Timer]:
    request = ListTimersRequest(page_size=1_000)
    return {timer.id: timer async for page in client.pages(client.timers.ListTimers, request) for timer in page.timers}


def _check_timers(events: list[Event], records: Mapping[str, Record], running: Mapping[str, Timer]) -> None:
    """Those run that were started and have not ended, each of another user; a time log was born when one stopped."""
    last = {event.record_id: event for event in events if not event.record_type}
    assert {id_ for id_, event in last.items() if event.timer.state == Timer.STATE_RUNNING} == set(running)
    assert len({timer.user_id for timer in running.values()}) == len(running)
    for id_, timer in running.items():
        assert (timer.version, timer.etag) == (last[id_].version, last[id_].timer.etag)
        for column, target in timer_references(timer):
            assert type_of(records[target]) == column.reference_type
    for event, following in zip(events, [*events[1:], None], strict=True):
        if event.type == "timer.stopped":
            assert following is not None
            born = (following.type, following.record_id, following.transaction_id)
            assert born == ("timelog.created", event.record_id, event.transaction_id)


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
