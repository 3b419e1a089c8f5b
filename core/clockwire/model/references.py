"""Who does a record refer to, and what does it repeat of them? Read from the columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from clockwire.model.record_types import RECORD_TYPES, RecordTypeInfo, type_of
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record


class ReferenceField(NamedTuple):
    """A field that holds the id, or the ids, of other records of one type."""

    path: str
    type: "RecordType.ValueType"
    is_list: bool


class LabelField(NamedTuple):
    """A field that repeats what the record named by *reference* holds in its field of the same name."""

    path: str
    reference: str


def references_of(record: Record) -> Iterator[tuple[ReferenceField, str]]:
    """Each reference, with the id of the record referred to."""
    type_ = record.type or type_of(record)
    body = getattr(record, RECORD_TYPES[type_].body_field)
    for field in REFERENCES[type_]:
        value = getattr(body, field[0])
        if not value:
            continue
        if field[2]:
            for id_ in value:
                yield field, id_
        else:
            yield field, value


def label_sources(record: Record) -> Iterator[str]:
    """The ids of the records that the record's labels repeat."""
    body = _body(record)
    for label in LABELS[record.type]:
        if id_ := getattr(body, label.reference):
            yield id_


def labelled(record: Record, find: Callable[[str], Record | None]) -> Record:
    """A copy of the record with its labels, as they are now."""
    copy = Record()
    copy.CopyFrom(record)
    body = _body(copy)
    for path, reference in LABELS[record.type]:
        id_ = getattr(body, reference)
        if id_ and (target := find(id_)) is not None:
            setattr(body, path, getattr(_body(target), path))
    return copy


def _body(record: Record) -> Any:  # noqa: ANN401 - the body of any type
    return getattr(record, RECORD_TYPES[record.type].body_field)


def _references(info: RecordTypeInfo) -> Sequence[ReferenceField]:
    return tuple(
        ReferenceField(column.path, column.reference_type, column.kind == "list")
        for column in info.columns
        if column.reference_type and not column.label_of
    )


def _labels(info: RecordTypeInfo) -> Sequence[LabelField]:
    return tuple(LabelField(column.path, column.label_of) for column in info.columns if column.label_of)


REFERENCES: Mapping[int, Sequence[ReferenceField]] = MappingProxyType(
    {type_: _references(info) for type_, info in RECORD_TYPES.items()}
)
#: In an order in which a label that follows from another one comes after it.
LABELS: Mapping[int, Sequence[LabelField]] = MappingProxyType(
    {type_: _labels(info) for type_, info in RECORD_TYPES.items()}
)
