"""Any event that the contract can hold: strategies made from the descriptors, so that no column is left out."""

from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from hypothesis import strategies as st

from clockwire.model.columns import Column
from clockwire.model.record_types import EVENT_TYPES, SUBJECTS, TIMER, RecordTypeInfo
from clockwire.v1.common_pb2 import Actor, Tag
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record
from clockwire.v1.timers_pb2 import Timer

_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799  # the years 1 to 9999

ids = st.uuids().map(str)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
timestamps = st.builds(Timestamp, seconds=st.integers(_FIRST_SECOND, _LAST_SECOND), nanos=st.integers(0, 999_999_999))
durations = st.builds(Duration, seconds=st.integers(0, 10**9), nanos=st.integers(0, 999_999_999))
decimals = st.decimals(-(10**18), 10**18, places=6, allow_nan=False).map(str)
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | texts,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3),
    max_leaves=5,
)


@st.composite
def structs(draw: st.DrawFn) -> Struct:
    """Free JSON, with NaN and infinities."""
    struct = Struct()
    struct.update(draw(st.dictionaries(texts, json_values, max_size=3)))
    return struct


@st.composite
def events(draw: st.DrawFn) -> Event:
    """A whole event, with each column of its record or timer set or not."""
    event_type = EVENT_TYPES[draw(st.sampled_from(list(EVENT_TYPES)))]
    info, id_ = SUBJECTS[event_type.record_type], draw(ids)
    event = Event(
        id=draw(ids),
        type=event_type.name,
        workspace_id=draw(ids),
        sequence=draw(st.integers(1, 2**63 - 1)),
        commit_time=draw(timestamps),
        record_type=info.type,
        record_id=id_,
    )
    if info is TIMER:
        event.timer.CopyFrom(draw(timers(id_)))
    elif event_type.verb != "deleted":
        event.record.CopyFrom(draw(records(info, id_)))
    return event


@st.composite
def timers(draw: st.DrawFn, id_: str) -> Timer:
    """Any timer."""
    timer = Timer()
    for column in TIMER.columns:
        if draw(st.booleans()):
            _set(timer, column, draw(_VALUES["actor" if column.is_actor else column.kind](column)))
    timer.id = id_
    return timer


@st.composite
def records(draw: st.DrawFn, info: RecordTypeInfo, id_: str) -> Record:
    """A record of one type."""
    record = Record(id=id_)
    body: Any = getattr(record, info.body_field)
    body.SetInParent()
    for column in info.columns:
        owner = body if column.path in info.body.fields_by_name else record
        if draw(st.booleans()):
            _set(owner, column, draw(_VALUES["actor" if column.is_actor else column.kind](column)))
    setattr(body, info.columns[0].path, id_)
    return record


_VALUES = {
    "string": lambda column: texts,
    "uuid": lambda column: ids,
    "actor": lambda column: st.builds(Actor, display_name=texts),
    "bool": lambda column: st.booleans(),
    "int": lambda column: st.integers(-(2**31), 2**31 - 1),
    "enum": lambda column: st.sampled_from([0, *column.enum_words]),
    "decimal": lambda column: st.builds(Decimal, value=decimals),
    "date": lambda column: st.dates().map(lambda day: Date(year=day.year, month=day.month, day=day.day)),
    "timestamp": lambda column: timestamps,
    "duration": lambda column: durations,
    "tags": lambda column: st.lists(st.builds(Tag, id=ids, name=texts), max_size=3),
    "list": lambda column: st.lists(ids, max_size=3),
    "object": lambda column: structs(),
}


def _set(owner: Any, column: Column, value: Any) -> None:
    if isinstance(value, list):
        getattr(owner, column.path).extend(value)
    elif hasattr(value, "SerializeToString"):
        getattr(owner, column.path).CopyFrom(value)
    else:
        setattr(owner, column.path, value)
