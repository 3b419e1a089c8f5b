"""Whether a record that was sent is right by itself, whatever is stored, and in which form it is stored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ParamSpec, cast

from google.protobuf.message import Message

from clockwire.model.columns import Column, envelope_columns
from clockwire.model.errors import FieldInvalid, Violation
from clockwire.model.record_types import RECORD_TYPES, kind_of, type_of
from clockwire.model.values.columns import check_column
from clockwire.model.values.text import check_id
from clockwire.v1.records_pb2 import Record

P = ParamSpec("P")

MOST_VIOLATIONS = 20

_ENVELOPE = {column.path: column for column in envelope_columns()}


def check_record(record: Record, *, partial: bool, field: str = "record") -> Record:
    """The record as it would be stored: text in NFC, times to the microsecond, read-only and unknown fields gone.

    *partial*: a record of an update, where required fields and the body may be missing. Raises one FieldInvalid that
    names up to 20 fields by their place in the request, where the record stands in *field*.
    """
    checked = Record()
    checked.CopyFrom(record)
    checked.DiscardUnknownFields()  # what a newer client sent is not kept unseen
    violations = [*_envelope_violations(checked, field), *_body_violations(checked, field)]
    if not partial:
        violations += _missing(checked, field)
    if violations:
        raise FieldInvalid(*violations[:MOST_VIOLATIONS])
    return checked


def check_required(record: Record, *, field: str = "record") -> None:
    """Every required field is set: for the outcome of an update. Raises FieldInvalid."""
    if violations := list(_missing(record, field)):
        raise FieldInvalid(*violations[:MOST_VIOLATIONS])


def _envelope_violations(record: Record, field: str) -> Iterator[Violation]:
    record.type = type_of(record)
    if record.id:
        yield from _violations(check_id, f"{field}.id", record.id)
    yield from _column_violations(record, _ENVELOPE, field)


def _body_violations(record: Record, field: str) -> Iterator[Violation]:
    if record.type:
        info = RECORD_TYPES[record.type]
        body = cast("Message", getattr(record, info.body_field))
        yield from _column_violations(body, info.columns_by_path, f"{field}.{info.body_field}")


def _column_violations(message: Message, columns: Mapping[str, Column], field: str) -> Iterator[Violation]:
    for descriptor, _ in message.ListFields():
        column = columns.get(descriptor.name)
        if column is not None and column.output_only:
            message.ClearField(column.path)
        elif column is not None:
            yield from _violations(check_column, f"{field}.{column.path}", message, column)


def _missing(record: Record, field: str) -> Iterator[Violation]:
    if not type_of(record):
        yield from _violations(kind_of, record)
        return
    info = kind_of(record)
    body = cast("Message", getattr(record, info.body_field))
    set_paths = {descriptor.name for descriptor, _ in body.ListFields()}
    for column in info.columns:
        if column.required and column.path not in set_paths:
            yield Violation(f"{field}.{info.body_field}.{column.path}", "is required")


def _violations(check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Sequence[Violation]:
    """What *check* finds wrong."""
    try:
        check(*args, **kwargs)
    except FieldInvalid as error:
        return error.violations
    return ()
