"""What an event looks like before there is one: a made-up record of each type, or a timer, for tests and previews."""

from typing import Any, cast

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal

from clockwire.model.columns import Column
from clockwire.model.instants import DAY, HOUR, Instant, to_datetime, to_timestamp
from clockwire.model.record_types import EVENT_TYPES, RECORD_TYPES, TIMER, EventTypeInfo, RecordTypeInfo
from clockwire.model.sample_values import EVERYWHERE, NAMES, VALUES, SampleValue
from clockwire.v1.common_pb2 import Actor, Origin, RecordType, Tag
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record
from clockwire.v1.timers_pb2 import Timer

_VERSIONS = {"created": 1, "updated": 2, "closed": 2, "reopened": 3, "deleted": 4}
_VERSIONS |= {"started": 1, "stopped": 3, "discarded": 3}
_STATES = {"stopped": Timer.STATE_STOPPED, "discarded": Timer.STATE_DISCARDED}
_TIMED = 2.5  # hours
_OF_TIMERS = {"description", "billable", "tags", "time_zone"}
_ACTOR = Actor(kind=Actor.KIND_API_KEY, api_key_id="018d0c5b-3a00-7000-8000-00000000a001", display_name="Sample key")


def sample_event(event_type: str, now: Instant, workspace_id: str = "") -> Event:
    """An event of this type at this moment. Every column of its record is filled; equal arguments give equal events.

    It stands nowhere in the log: it has no sequence and no cursor.
    """
    info = EVENT_TYPES[event_type]
    event = Event(
        id=_event_id(event_type, now),
        type=event_type,
        workspace_id=workspace_id,
        commit_time=to_timestamp(now),
        record_type=info.record_type,
        version=_VERSIONS[info.verb],
        actor=_ACTOR,
        origin=Origin.ORIGIN_API,
        transaction_id=_event_id(event_type, now),
        transaction_size=1,
    )
    if info.record_type:
        _tell_of_record(event, info, now)
    else:
        _tell_of_timer(event, info, now)
    return event


def sample_id(type_: "RecordType.ValueType", number: int = 1) -> str:
    """The id of the sample record of a type; a version 7 UUID."""
    return f"018d0c5b-3a00-7000-8000-{type_:04}{number:08}"


def _tell_of_record(event: Event, info: EventTypeInfo, now: Instant) -> None:
    type_ = RECORD_TYPES[info.record_type]
    event.record_id = sample_id(type_.type)
    if info.verb == "updated":
        event.changed_paths.paths.append("custom_fields.cost_center")
    if info.verb != "deleted":
        event.record.CopyFrom(_sample_record(type_, event.version, now, is_open=info.verb == "reopened"))


def _tell_of_timer(event: Event, info: EventTypeInfo, now: Instant) -> None:
    event.record_id = sample_id(RecordType.RECORD_TYPE_TIME_LOG)  # what it becomes
    if info.verb == "updated":
        event.changed_paths.paths.append("description")
    event.timer.CopyFrom(_sample_timer(info.verb, event.version, now))


def _event_id(event_type: str, now: Instant) -> str:
    head = f"{now // 1000:012x}"
    return f"{head[:8]}-{head[8:]}-7000-8000-{list(EVENT_TYPES).index(event_type):012}"


def _sample_record(info: RecordTypeInfo, version: int, now: Instant, *, is_open: bool) -> Record:
    record = Record(
        id=sample_id(info.type),
        type=info.type,
        external_id=cast("str", EVERYWHERE["external_id"]),
        etag=f'"{version}"',
        version=version,
        create_time=to_timestamp(now if version == 1 else now - 90 * DAY),
        update_time=to_timestamp(now),
        create_actor=_ACTOR,
        update_actor=_ACTOR,
    )
    record.custom_fields.update({"cost_center": "4711"})
    _fill_body(record, info, now)
    if is_open:
        _reopen(getattr(record, info.body_field), info)
    return record


def _sample_timer(verb: str, version: int, now: Instant) -> Timer:
    """It was started 2.5 hours ago, or now, and has ended if the verb says so."""
    begin = now if verb == "started" else now - int(_TIMED * HOUR)
    timer = Timer(
        id=sample_id(RecordType.RECORD_TYPE_TIME_LOG),
        state=_STATES.get(verb, Timer.STATE_RUNNING),
        start_time=to_timestamp(begin),
        version=version,
        create_time=to_timestamp(begin),
        update_time=to_timestamp(now),
        create_actor=_ACTOR,
        update_actor=_ACTOR,
        etag=f'"{version}"',
    )
    for column in TIMER.columns:
        if column.reference_type or column.label_of or column.path in _OF_TIMERS:
            _fill(timer, column, _value(column, TIMER), now)
    if verb in _STATES:
        timer.stop_time.CopyFrom(to_timestamp(now))
    if verb == "stopped":
        timer.duration.CopyFrom(Duration(seconds=int(_TIMED * 3600)))
    return timer


def _fill_body(record: Record, info: RecordTypeInfo, now: Instant) -> None:
    body: Any = getattr(record, info.body_field)
    for column in info.columns:
        if column.path in info.body.fields_by_name:
            _fill(body, column, _value(column, info), now)


def _fill(body: Any, column: Column, value: Any, now: Instant) -> None:  # noqa: ANN401 -- any body, any kind of field
    match column.kind:
        case "list":
            getattr(body, column.path).append(value)
        case "tags":
            body.tags.append(Tag(id="018d0c5b-3a00-7000-8000-00000000b001", name=value))
        case "enum":
            setattr(body, column.path, _number_of(value, column))
        case "decimal" | "duration" | "date" | "timestamp":
            getattr(body, column.path).CopyFrom(_message(column.kind, value, now))
        case _:
            setattr(body, column.path, value)


def _value(column: Column, info: RecordTypeInfo) -> SampleValue:
    """The value by its meaning: a reference leads to the sample record of its type, a label has that record's name."""
    if column.name == info.key_column:
        return sample_id(info.type)
    if column.reference_type:
        return sample_id(column.reference_type, number=2 if column.reference_type == info.type else 1)
    if column.label_of:
        referred = info.columns_by_path[column.label_of].reference_type
        return NAMES[cast("RecordType.ValueType", referred)]
    if column.required and column.path.endswith("_name"):
        return NAMES[info.type]
    of_type = VALUES[info.type or RecordType.RECORD_TYPE_TIME_LOG]  # a timer has what its time log will have
    return of_type.get(column.path, EVERYWHERE.get(column.path, ""))


def _message(kind: str, value: Any, now: Instant) -> Message:  # noqa: ANN401 -- as its kind is
    match kind:
        case "decimal":
            return Decimal(value=value)
        case "duration":
            return Duration(seconds=int(value * 3600))
        case "date":
            moment = to_datetime(now + value * DAY)
            return Date(year=moment.year, month=moment.month, day=moment.day)
        case _:
            day, hour = value
            return to_timestamp(now - now % DAY + day * DAY + int(hour * HOUR))


def _number_of(word: str, column: Column) -> int:
    return next(number for number, each in column.enum_words.items() if each == word)


def _reopen(body: Any, info: RecordTypeInfo) -> None:  # noqa: ANN401 -- a project or a task
    is_task = info.type == RecordType.RECORD_TYPE_TASK
    body.status = _number_of("InProgress" if is_task else "Active", info.columns_by_path["status"])
    body.ClearField("close_time")
