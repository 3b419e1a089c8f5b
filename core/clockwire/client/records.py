"""How a record becomes a plain dictionary, and a dictionary a record.

The dictionary is flat: the envelope's fields (`id`, `type`, `external_id`, `version` ...) and the body's
(`project_name`, `status` ...) side by side, named as in the proto files, every field present, None where it is unset.
It is JSON as it stands, so it passes through XCom, queues and files. The values are those of `clockwire.client.values`.
"""

from collections.abc import Mapping
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from clockwire.client.values import Plain, is_repeated, parsed_value, plain_value
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.events_pb2 import Event
from clockwire.v1.records_pb2 import Record
from clockwire.v1.timers_pb2 import Timer

# The number of a type's body in Record is its RecordType plus this (records.proto).
_BODY_OFFSET = 20


def record_type(name: str | int) -> RecordType.ValueType:
    """The type called *name*: "timelog", "time_log", "TimeLog" or its number; ValueError names them all."""
    if isinstance(name, int) and name in RecordType.values() and name:
        return RecordType.ValueType(name)
    wanted = str(name).lower().replace("_", "").removeprefix("recordtype")
    if wanted not in _TYPES:
        known = ", ".join(type_token(number) for number in RecordType.values() if number)
        raise ValueError(f"{name!r} is no record type: it is one of {known}")
    return _TYPES[wanted]


def type_token(number: int) -> str:
    """The first half of the type's event types, "timelog"."""
    return RecordType.Name(RecordType.ValueType(number)).removeprefix("RECORD_TYPE_").replace("_", "").lower()


def body_name(number: int) -> str:
    """The field of Record that holds a body of this type, "time_log"."""
    return str(Record.DESCRIPTOR.fields_by_number[_BODY_OFFSET + number].name)


def record_of(name: str | int, fields: Mapping[str, object]) -> Record:
    """The record of type *name* with these fields, by proto name or column name; None leaves one unset."""
    body = Record.DESCRIPTOR.fields_by_name[body_name(record_type(name))]
    record = Record()
    getattr(record, body.name).SetInParent()
    for key, value in fields.items():
        holder, field = _find(body, key)
        if value is not None and key != "type":
            _merge(record if holder is Record.DESCRIPTOR else getattr(record, body.name), field, value)
    return record


def mask_of(name: str | int, fields: Mapping[str, object]) -> list[str]:
    """The paths, relative to Record, of these fields: also of those that are None, which clears them."""
    body = Record.DESCRIPTOR.fields_by_name[body_name(record_type(name))]
    found = [_find(body, key) for key in fields]
    return [field.name if holder is Record.DESCRIPTOR else f"{body.name}.{field.name}" for holder, field in found]


def fields_of(record: Record) -> dict[str, Any]:
    """*record* as a flat dictionary of plain values."""
    body = record.WhichOneof("body")
    envelope = {
        field.name: _plain(record, field) for field in Record.DESCRIPTOR.fields if field.containing_oneof is None
    }
    number = Record.DESCRIPTOR.fields_by_name[body].number - _BODY_OFFSET if body else record.type
    envelope["type"] = type_token(number) if number else None
    return envelope | (_plain_fields(getattr(record, body)) if body else {})


def event_fields_of(event: Event) -> dict[str, Any]:
    """*event* as a dictionary of plain values; its record under `record`, or its timer under `timer`, else None."""
    fields = {
        field.name: _plain(event, field)
        for field in Event.DESCRIPTOR.fields
        if field.name not in {"record", "timer", "changed_paths"}
    }
    return fields | {
        "record_type": type_token(event.record_type) if event.record_type else None,
        "changed_paths": list(event.changed_paths.paths),
        "record": fields_of(event.record) if event.HasField("record") else None,
        "timer": timer_fields_of(event.timer) if event.HasField("timer") else None,
    }


def timer_fields_of(timer: Timer) -> dict[str, Any]:
    """*timer* as a flat dictionary of plain values."""
    return _plain_fields(timer)


def timer_of(fields: Mapping[str, object]) -> Timer:
    """The timer with these fields, by proto name or column name; None leaves one unset."""
    timer, known = Timer(), Timer.DESCRIPTOR.fields
    named = {name: field for field in known for name in (field.name, field.json_name)}
    for key, value in fields.items():
        if key not in named:
            raise ValueError(f"timer has no field {key!r}: it has {', '.join(field.name for field in known)}")
        if value is not None:
            _merge(timer, named[key], value)
    return timer


def _find(body: FieldDescriptor, key: str) -> tuple[Descriptor, FieldDescriptor]:
    """The field called *key*, and the message it belongs to."""
    for descriptor in (_message(body), Record.DESCRIPTOR):
        for field in descriptor.fields:
            if key in {field.name, field.json_name} and (
                descriptor is not Record.DESCRIPTOR or field.number < _BODY_OFFSET
            ):
                return descriptor, field
    known = ", ".join(field.name for field in _message(body).fields)
    raise ValueError(f"{type_token(body.number - _BODY_OFFSET)} has no field {key!r}: it has {known}")


def _message(body: FieldDescriptor) -> Descriptor:
    assert body.message_type is not None
    return body.message_type


def _merge(message: Message, field: FieldDescriptor, value: object) -> None:
    message.MergeFrom(type(message)(**{field.name: parsed_value(field, value)}))


def _plain_fields(message: Message) -> dict[str, Plain]:
    return {field.name: _plain(message, cast("FieldDescriptor", field)) for field in message.DESCRIPTOR.fields}


def _plain(message: Message, field: FieldDescriptor) -> Plain:
    if field.has_presence and not is_repeated(field) and not message.HasField(field.name):
        return None
    return plain_value(field, getattr(message, field.name))


_TYPES = {
    name: RecordType.ValueType(number)
    for number in RecordType.values()
    if number
    for name in (type_token(number), body_name(number).replace("_", ""))
}
