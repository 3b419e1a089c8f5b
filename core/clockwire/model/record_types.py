"""Which types of record there are, and which types of event; all of it is read from the contract's descriptors.

Events are about records and about timers. A timer is no record, but it has columns and events as if it were a twelfth
type; RECORD_TYPE_UNSPECIFIED stands for it wherever the type of an event's subject is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from clockwire.model.columns import Column, body_columns, body_descriptor, envelope_columns
from clockwire.model.errors import FieldInvalid
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record
from clockwire.v1.timers_pb2 import Timer

# The names of the same records in the documented OData feed.
_ENTITY_SETS = {
    RecordType.RECORD_TYPE_PROJECT: "Projects",
    RecordType.RECORD_TYPE_TASK: "ProjectTasks",
    RecordType.RECORD_TYPE_TIME_LOG: "TimeLogs",
    RecordType.RECORD_TYPE_SUBPROJECT: "Subprojects",
    RecordType.RECORD_TYPE_EXPENSE: "Expenses",
    RecordType.RECORD_TYPE_CLIENT: "Clients",
    RecordType.RECORD_TYPE_USER: "Users",
    RecordType.RECORD_TYPE_INVENTORY: "Inventory",
    RecordType.RECORD_TYPE_CATEGORY: "Categories",
    RecordType.RECORD_TYPE_INVOICE: "Invoices",
    RecordType.RECORD_TYPE_BILLING_RATE: "BillingRates",
}
_CLOSABLE = {RecordType.RECORD_TYPE_PROJECT, RecordType.RECORD_TYPE_TASK}

_MEANINGS = {
    "created": "{A_noun} was created.",
    "updated": "{A_noun} was changed.",
    "deleted": "{A_noun} was deleted; the body names it and holds nothing else.",
    "closed": "{A_noun} was closed; follows the {token}.updated of the same change.",
    "reopened": "{A_noun} that was closed is open again; follows the {token}.updated of the same change.",
    "started": "{A_noun} was started.",
    "stopped": "{A_noun} was stopped; the timelog.created of the same id follows.",
    "discarded": "{A_noun} was thrown away; there will be no time log of it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTypeInfo:
    """One type of record, or what timers are. `columns` has one entry per field: the body's, then the envelope's."""

    type: "RecordType.ValueType"
    token: str
    noun: str
    entity_set: str
    key_column: str
    body_field: str
    body: Descriptor
    columns: Sequence[Column]
    columns_by_path: Mapping[str, Column]
    payload_columns: Sequence[Column]
    event_types: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTypeInfo:
    """One type of event, "timelog.created"."""

    name: str
    record_type: "RecordType.ValueType"
    verb: str
    description: str


def type_of(record: Record) -> "RecordType.ValueType":
    """The type of the body that is set; RECORD_TYPE_UNSPECIFIED if none is."""
    field = record.WhichOneof("body")
    return _TYPE_OF_FIELD[field] if field else RecordType.RECORD_TYPE_UNSPECIFIED


def kind_of(record: Record) -> RecordTypeInfo:
    """What is known of the record's type. FieldInvalid without a body."""
    type_ = type_of(record)
    if not type_:
        raise FieldInvalid.of("record", f"exactly one body is needed: {', '.join(_TYPE_OF_FIELD)}")
    return RECORD_TYPES[type_]


def body_of(record: Record) -> Message:
    """The body that is set. FieldInvalid without one."""
    return cast("Message", getattr(record, kind_of(record).body_field))


def info_of_token(token: str) -> RecordTypeInfo:
    """The type with this token. FieldInvalid for a token that no type has."""
    if token not in _INFO_OF_TOKEN:
        raise FieldInvalid.of("type", f"{token!r} is no record type; there are {', '.join(_INFO_OF_TOKEN)}")
    return _INFO_OF_TOKEN[token]


def _record_type(type_: "RecordType.ValueType") -> RecordTypeInfo:
    body, field = body_descriptor(type_), Record.DESCRIPTOR.fields_by_number[20 + type_]
    token = RecordType.Name(type_).removeprefix("RECORD_TYPE_").replace("_", "").lower()
    columns = (*body_columns(body), *envelope_columns())
    verbs = ("created", "updated", "deleted", *(("closed", "reopened") if type_ in _CLOSABLE else ()))
    return RecordTypeInfo(
        type=type_,
        token=token,
        noun=field.name.replace("_", " "),
        entity_set=_ENTITY_SETS[type_],
        key_column=columns[0].name,
        body_field=field.name,
        body=body,
        columns=columns,
        columns_by_path=MappingProxyType({column.path: column for column in columns}),
        payload_columns=tuple(_payload_columns(columns)),
        event_types=tuple(f"{token}.{verb}" for verb in verbs),
    )


def _timer() -> RecordTypeInfo:
    columns = tuple(body_columns(Timer.DESCRIPTOR))
    return RecordTypeInfo(
        type=RecordType.RECORD_TYPE_UNSPECIFIED,
        token="timer",  # noqa: S106 - the first half of event types
        noun="timer",
        entity_set="Timers",
        key_column=columns[0].name,
        body_field="timer",
        body=Timer.DESCRIPTOR,
        columns=columns,
        columns_by_path=MappingProxyType({column.path: column for column in columns}),
        payload_columns=tuple(_payload_columns(columns)),
        event_types=tuple(f"timer.{verb}" for verb in ("started", "updated", "stopped", "discarded")),
    )


def _payload_columns(columns: Sequence[Column]) -> Iterator[Column]:
    """The columns of a body as they stand there: a duration is followed by its whole seconds, which have no path."""
    for column in columns:
        yield column
        if column.seconds_name:
            yield Column(
                name=column.seconds_name,
                path="",
                kind="int",
                output_only=True,
                has_presence=True,
                description=f"{column.name} in whole seconds.",
            )


def _event_type(info: RecordTypeInfo, name: str) -> EventTypeInfo:
    verb = name.partition(".")[2]
    article = "An" if info.noun[0] in "aei" else "A"
    meaning = _MEANINGS[verb].format(A_noun=f"{article} {info.noun}", token=info.token)
    return EventTypeInfo(name=name, record_type=info.type, verb=verb, description=meaning)


RECORD_TYPES: Mapping["RecordType.ValueType", RecordTypeInfo] = MappingProxyType(
    {type_: _record_type(type_) for type_ in RecordType.values() if type_}
)
TIMER = _timer()
#: What events are about: the types of record, and timers.
SUBJECTS: Mapping["RecordType.ValueType", RecordTypeInfo] = MappingProxyType({**RECORD_TYPES, TIMER.type: TIMER})
EVENT_TYPES: Mapping[str, EventTypeInfo] = MappingProxyType(
    {name: _event_type(info, name) for info in SUBJECTS.values() for name in info.event_types}
)
_TYPE_OF_FIELD = {info.body_field: info.type for info in RECORD_TYPES.values()}
_INFO_OF_TOKEN = {info.token: info for info in RECORD_TYPES.values()}
