"""Which fields a mask names: of a record that is read, of one that is updated, and which ones a change changed.

Paths are relative to Record ("project.status", "external_id"); one key of the custom fields is named by all that stands
behind "custom_fields.". `revise` is what an update does to what is stored.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

from google.protobuf.descriptor import Descriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from clockwire.model.columns import Column
from clockwire.model.differences import differences_of
from clockwire.model.errors import FieldInvalid, MaskInvalid
from clockwire.model.record_types import RECORD_TYPES, RecordTypeInfo, kind_of, type_of
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record

_ALL = "*"
_CUSTOM = "custom_fields"
_BODIES = {info.body_field: info for info in RECORD_TYPES.values()}
# The fields of Record itself, but for the bodies; the first two are those a client may write.
_WRITABLE_ENVELOPE = ("external_id", _CUSTOM)
_ENVELOPE = tuple(field.name for field in Record.DESCRIPTOR.fields if field.name not in _BODIES)
_SHOWN = 12

#: A field of Record, and what is meant inside of it: ("project", "status"), ("external_id", "").
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ReadMask:
    """What a reader asked to see; without paths everything."""

    paths: tuple[tuple[str, str], ...]

    def apply(self, record: Record) -> Record:
        """The record with the fields that were asked for, and nothing else."""
        if not self.paths:
            return record
        seen = Record()
        for field, inner in self.paths:
            if is_set(record, field):
                _show(record, seen, field, inner)
        return seen


def read_mask(mask: FieldMask) -> ReadMask:
    """The mask, checked. Raises MaskInvalid for a path that no record has."""
    if _ALL in mask.paths:
        _check_alone(mask)
        return ReadMask(())
    for path in mask.paths:
        _check_known(path)
    return ReadMask(tuple(sorted({(field, inner) for field, _, inner in (path.partition(".") for path in mask.paths)})))


def revise(stored: Record, sent: Record, mask: FieldMask) -> Record:
    """The stored record with the named fields as they were sent: unset there means cleared.

    An empty mask names every field that is set, "*" every writable one. Custom fields are one field, unless the mask
    names a key of theirs. Read-only fields that were sent are ignored. Raises MaskInvalid for a path that may not be
    written, and FieldInvalid for a body of another type or another value of an immutable field.
    """
    info = kind_of(stored)
    if type_of(sent) not in (0, info.type):
        raise FieldInvalid.of("record", f"is a {kind_of(sent).noun}; the record that is stored is a {info.noun}")
    _check_immutable(info, stored, sent)
    revised = Record()
    revised.CopyFrom(stored)
    for field, inner in _written(info, sent, mask):
        _write(revised, sent, field, inner)
    return revised


def changed_paths(before: Record, after: Record) -> list[str]:
    """What differs between two states of a record, in the order of fields; of the envelope only what can be written."""
    info = kind_of(after)
    envelope = [name for name in _WRITABLE_ENVELOPE if getattr(before, name) != getattr(after, name)]
    return envelope + differences_of(info.type)(_body(before, info), _body(after, info))


def writable_paths(
    descriptor: Descriptor, mask: FieldMask, *, sent: Message, allowed: Collection[str]
) -> Sequence[str]:
    """The fields of any resource that an update writes, out of those that are *allowed* to be. Raises MaskInvalid."""
    if not mask.paths:
        return [field.name for field, _ in sent.ListFields() if field.name in allowed]
    if _ALL in mask.paths:
        _check_alone(mask)
        return [field.name for field in descriptor.fields if field.name in allowed]
    for path in mask.paths:
        if path not in descriptor.fields_by_name:
            raise MaskInvalid(path, f"there is no such field; there are {', '.join(sorted(allowed))}")
        if path not in allowed:
            raise MaskInvalid(path, f"may not be written; {', '.join(sorted(allowed))} may")
    return [field.name for field in descriptor.fields if field.name in mask.paths]


def _show(record: Record, seen: Record, field: str, inner: str) -> None:
    if field == _CUSTOM and inner:
        if inner in record.custom_fields.fields:
            seen.custom_fields.fields[inner].CopyFrom(record.custom_fields.fields[inner])
    elif not inner:
        copy_field(record, seen, field)
    else:
        getattr(seen, field).SetInParent()
        copy_field(getattr(record, field), getattr(seen, field), inner)


def _check_known(path: str) -> None:
    field, dot, inner = path.partition(".")
    if field in _BODIES:
        names = _BODIES[field].body.fields_by_name
        if dot and inner not in names:
            raise MaskInvalid(path, f"there is no such field; {_listed(field, names)}")
    elif field not in _ENVELOPE or (dot and field != _CUSTOM):
        raise MaskInvalid(path, f"there is no such field; {_listed('a record', [*_ENVELOPE, *_BODIES])}")
    elif dot and not inner:
        raise MaskInvalid(path, "names no key")


def _written(info: RecordTypeInfo, sent: Record, mask: FieldMask) -> Iterable[Place]:
    """The single fields to write."""
    writable, paths = _writable(info.type), mask.paths
    if not paths:
        return _sent(info, sent)
    if _ALL in paths:
        _check_alone(mask)
        return writable.values()
    return [place for path in paths for place in ([writable[path]] if path in writable else _named(info, path))]


def _sent(info: RecordTypeInfo, sent: Record) -> Iterator[Place]:
    """The fields that are set, of those that may be written."""
    writable, body = _writable(info.type), info.body_field
    yield from ((name, "") for name in _WRITABLE_ENVELOPE if is_set(sent, name))
    for field, _ in _body(sent, info).ListFields():
        if place := writable.get(f"{body}.{field.name}"):
            yield place


def _named(info: RecordTypeInfo, path: str) -> Iterable[Place]:
    """What a path of an update mask names that is no single field: a key, or the body. Raises MaskInvalid."""
    _check_known(path)
    field, _, inner = path.partition(".")
    if field == _CUSTOM:
        return [(field, inner)]
    if field not in _BODIES:
        raise MaskInvalid(path, "is read-only")
    if field != info.body_field:
        raise MaskInvalid(path, f"the record is a {info.noun}")
    if inner:
        raise MaskInvalid(path, "is read-only" if info.columns_by_path[inner].output_only else "may not be changed")
    return [place for place in _writable(info.type).values() if place[0] == field]


@cache
def _writable(type_: "RecordType.ValueType") -> Mapping[str, Place]:
    """Each field of a type that may be written, by its path."""
    body = RECORD_TYPES[type_].body_field
    columns = (column.path for column in _columns(type_) if not column.output_only and not column.immutable)
    return {name: (name, "") for name in _WRITABLE_ENVELOPE} | {f"{body}.{path}": (body, path) for path in columns}


@cache
def _immutable(type_: "RecordType.ValueType") -> Sequence[str]:
    return [column.path for column in _columns(type_) if column.immutable]


def _columns(type_: "RecordType.ValueType") -> Sequence[Column]:
    """The columns of a type's body, in the order of its fields."""
    info = RECORD_TYPES[type_]
    return [info.columns_by_path[field.name] for field in info.body.fields]


def _check_immutable(info: RecordTypeInfo, stored: Record, sent: Record) -> None:
    old, new = _body(stored, info), _body(sent, info)
    for path in _immutable(info.type):
        if is_set(new, path) and getattr(old, path) != getattr(new, path):
            raise FieldInvalid.of(f"record.{info.body_field}.{path}", "may not be changed")


def _write(revised: Record, sent: Record, field: str, inner: str) -> None:
    if field in _BODIES:
        copy_field(getattr(sent, field), getattr(revised, field), inner)
    elif not inner:
        copy_field(sent, revised, field)
    elif inner in sent.custom_fields.fields:
        revised.custom_fields.fields[inner].CopyFrom(sent.custom_fields.fields[inner])
    elif inner in revised.custom_fields.fields:
        del revised.custom_fields.fields[inner]


def copy_field(source: Message, target: Message, field: str) -> None:
    """One field of *target* becomes what it is in *source*: unset, if it is."""
    target.ClearField(field)
    if not is_set(source, field):
        return
    value = getattr(source, field)
    if isinstance(value, Message):
        getattr(target, field).CopyFrom(value)
    elif isinstance(value, str | int | bool):
        setattr(target, field, value)
    else:
        getattr(target, field).MergeFrom(value)


def is_set(message: Message, field: str) -> bool:
    """Whether the field has a value; an empty one counts only where the contract tells it from none."""
    return message.HasField(field) if field in _with_presence(message.DESCRIPTOR) else bool(getattr(message, field))


@cache
def _with_presence(descriptor: Descriptor) -> frozenset[str]:
    return frozenset(field.name for field in descriptor.fields if field.has_presence)


def _body(record: Record, info: RecordTypeInfo) -> Message:
    """The body of that type, empty if the record has none; reading it does not set it."""
    return cast("Message", getattr(record, info.body_field))


def _check_alone(mask: FieldMask) -> None:
    if len(mask.paths) > 1:
        raise MaskInvalid(_ALL, "stands for every field, and so stands alone")


def _listed(owner: str, names: Collection[str]) -> str:
    shown = [*names][:_SHOWN]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"{owner} has {', '.join(shown)}{more}"
