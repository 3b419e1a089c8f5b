"""Whether a record that was sent is right by itself, whatever is stored, and in which form it is stored."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import ParamSpec

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from clockwire.model.columns import Column, envelope_columns
from clockwire.model.errors import FieldInvalid, Violation
from clockwire.model.record_types import RECORD_TYPES, kind_of, type_of
from clockwire.model.values.columns import check_column
from clockwire.model.values.glances import Glance, glance_of
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record

P = ParamSpec("P")

MOST_VIOLATIONS = 20

Look = tuple[Glance, Column]

_ID = Column(name="id", path="id", kind="uuid")


def check_record(record: Record, *, partial: bool, field: str = "record") -> Record:
    """The record as it would be stored: text in NFC, times to the microsecond, read-only and unknown fields gone.

    *partial*: a record of an update, where required fields and the body may be missing. Raises one FieldInvalid that
    names up to 20 fields by their place in the request, where the record stands in *field*.
    """
    checked = Record()
    checked.CopyFrom(record)
    checked.DiscardUnknownFields()  # what a newer client sent is not kept unseen
    checked.type = type_of(checked)
    violations = check_set(checked, _envelope_looks(), field)
    if checked.type:
        body = RECORD_TYPES[checked.type].body_field
        violations += check_set(getattr(checked, body), _body_looks(checked.type), f"{field}.{body}")
    if not partial:
        violations += _missing(checked, field)
    if violations:
        raise FieldInvalid(*violations[:MOST_VIOLATIONS])
    return checked


def check_required(record: Record, *, field: str = "record") -> None:
    """Every required field is set: for the outcome of an update. Raises FieldInvalid."""
    if violations := _missing(record, field):
        raise FieldInvalid(*violations[:MOST_VIOLATIONS])


def check_set(message: Message, looks: Mapping[int, Look], field: str) -> list[Violation]:
    """What is wrong with the columns of a message that are set; read-only ones are cleared."""
    violations: list[Violation] = []
    for descriptor, value in message.ListFields():
        look = looks.get(descriptor.number)
        if look is not None and not look[0](value):
            violations += _check(message, look[1], field)
    return violations


def _check(message: Message, column: Column, field: str) -> Sequence[Violation]:
    if column.output_only:
        message.ClearField(column.path)
        return ()
    return _violations(check_column, f"{field}.{column.path}", message, column)


def _missing(record: Record, field: str) -> Sequence[Violation]:
    type_ = type_of(record)
    if not type_:
        return _violations(kind_of, record)
    body_field = RECORD_TYPES[type_].body_field
    body = getattr(record, body_field)
    return [
        Violation(f"{field}.{body_field}.{column.path}", "is required")
        for column in _required(type_)
        if not (body.HasField(column.path) if column.has_presence else getattr(body, column.path))
    ]


@cache
def _envelope_looks() -> Mapping[int, Look]:
    return looks_at(Record.DESCRIPTOR, [_ID, *envelope_columns()])


@cache
def _body_looks(type_: "RecordType.ValueType") -> Mapping[int, Look]:
    info = RECORD_TYPES[type_]
    return looks_at(info.body, info.columns)


def looks_at(descriptor: Descriptor, columns: Iterable[Column]) -> Mapping[int, Look]:
    """How each column of a message is looked at, by the number of its field."""
    numbers = {field.name: field.number for field in descriptor.fields}
    return {numbers[column.path]: (glance_of(column), column) for column in columns if column.path in numbers}


@cache
def _required(type_: "RecordType.ValueType") -> Sequence[Column]:
    return [column for column in RECORD_TYPES[type_].columns if column.required]


def _violations(check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Sequence[Violation]:
    """What *check* finds wrong."""
    try:
        check(*args, **kwargs)
    except FieldInvalid as error:
        return error.violations
    return ()
