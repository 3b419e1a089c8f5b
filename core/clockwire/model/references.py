"""Who does a record refer to, and what does it repeat of them? Read from the columns."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from google.protobuf.message import Message

from clockwire.model.record_types import RECORD_TYPES, RecordTypeInfo
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
    target_body: str


#: A reference, and the id of the record referred to.
Referral = tuple[ReferenceField, str]


def references_of(record: Record) -> Sequence[Referral]:
    """Each reference, with the id of the record referred to."""
    body_field = record.WhichOneof("body")  # the type of a record that was sent may say anything
    return _READERS[body_field](getattr(record, body_field)) if body_field else ()


def label_sources(record: Record) -> Iterator[str]:
    """The ids of the records that the record's labels repeat."""
    body = _body(record)
    for _, reference, _ in _LABELS[record.type]:
        if id_ := getattr(body, reference):
            yield id_


def labelled(record: Record, find: Callable[[str], Record | None]) -> Record:
    """A copy of the record with its labels, as they are now."""
    copy = Record()
    copy.CopyFrom(record)
    _LABELLERS[record.type](_body(copy), find)
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
    return tuple(
        LabelField(column.path, column.label_of, _target_body(info, column.label_of))
        for column in info.columns
        if column.label_of
    )


def _target_body(info: RecordTypeInfo, reference: str) -> str:
    type_ = info.columns_by_path[reference].reference_type
    return RECORD_TYPES[type_].body_field if type_ else ""


def _reader(info: RecordTypeInfo) -> Callable[[Message], Sequence[Referral]]:
    """The function that reads the references of a body: a line for each of them, compiled, since each write asks it."""
    lines = ["def read(body):", "found = []"]
    names: dict[str, Any] = {}
    for index, field in enumerate(_references(info)):
        names[f"field{index}"] = field
        each = (
            f"found.extend([(field{index}, id_) for id_ in value])"
            if field.is_list
            else f"found.append((field{index}, value))"
        )
        lines.append(f"if value := body.{field.path}: {each}")
    exec("\n ".join([*lines, "return found"]), names)  # noqa: S102 -- made from our own descriptors, never from input
    return cast("Callable[[Message], Sequence[Referral]]", names["read"])


def _labeller(labels: Iterable[LabelField]) -> Callable[[Message, Callable[[str], Record | None]], None]:
    """The function that gives a body its labels: two lines for each of them, compiled likewise."""
    lines = ["def label(body, find):"]
    for path, reference, target_body in labels:
        lines.append(f"if (id_ := body.{reference}) and (target := find(id_)) is not None:")
        lines.append(f" body.{path} = target.{target_body}.{path}")
    names: dict[str, Any] = {}
    exec("\n ".join([*lines, "return"]), names)  # noqa: S102 -- as above
    return cast("Callable[[Message, Callable[[str], Record | None]], None]", names["label"])


_READERS = {info.body_field: _reader(info) for info in RECORD_TYPES.values()}
# In an order in which a label that follows from another one comes after it.
_LABELS: Mapping[int, Sequence[LabelField]] = {type_: _labels(info) for type_, info in RECORD_TYPES.items()}
_LABELLERS = {type_: _labeller(labels) for type_, labels in _LABELS.items()}
