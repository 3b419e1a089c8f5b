"""What a timer may say, how it is changed, and what it repeats of the records it refers to."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.model.columns import Column
from clockwire.model.errors import FieldInvalid, Violation
from clockwire.model.masks import copy_field, is_set, writable_paths
from clockwire.model.record_types import RECORD_TYPES, TIMER
from clockwire.model.values.record import MOST_VIOLATIONS, Look, check_set, looks_at
from clockwire.v1.records_pb2 import Record
from clockwire.v1.timers_pb2 import Timer

#: What an update may change, in the order of fields.
WRITABLE = tuple(
    column.path for column in TIMER.columns[1:] if not (column.output_only or column.immutable or column.label_of)
)
_REFERENCES = tuple(column for column in TIMER.columns if column.reference_type and not column.label_of)
# A label that follows from another one comes after it.
_LABELS = tuple(column for column in TIMER.columns if column.label_of)


def check_timer(timer: Timer, *, partial: bool) -> Timer:
    """The timer as it would be stored, with its etag: text in NFC, times to the microsecond, read-only fields gone.

    *partial*: a timer of an update, which needs no user. Raises one FieldInvalid that names up to 20 fields.
    """
    checked = Timer()
    checked.CopyFrom(timer)
    checked.DiscardUnknownFields()
    violations = check_set(checked, _looks(), "timer")
    if not (partial or checked.user_id):
        violations.append(Violation("timer.user_id", "is required"))
    if violations:
        raise FieldInvalid(*violations[:MOST_VIOLATIONS])
    return checked


def revise_timer(stored: Timer, sent: Timer, mask: FieldMask) -> tuple[Timer, frozenset[str]]:
    """The stored timer with the named fields as they were sent, and their names. Raises MaskInvalid, FieldInvalid."""
    if sent.user_id not in ("", stored.user_id):
        raise FieldInvalid.of("timer.user_id", "may not be changed")
    paths = frozenset(writable_paths(Timer.DESCRIPTOR, mask, sent=sent, allowed=WRITABLE))
    revised = copied_timer(stored)
    for path in paths:
        copy_field(sent, revised, path)
    return revised, paths


def changed_timer_paths(before: Timer, after: Timer) -> list[str]:
    """What differs of that which can be written, in the order of fields."""
    return [
        path
        for path in WRITABLE
        if is_set(before, path) != is_set(after, path) or getattr(before, path) != getattr(after, path)
    ]


def timer_references(timer: Timer) -> Iterator[tuple[Column, str]]:
    """Each column that refers to a record, with the record's id."""
    return ((column, id_) for column in _REFERENCES if (id_ := getattr(timer, column.path)))


def labelled_timer(timer: Timer, find: Callable[[str], Record | None]) -> Timer:
    """A copy with the labels that hold now."""
    copy: Any = copied_timer(timer)
    for column in _LABELS:
        copy.ClearField(column.path)
        reference = TIMER.columns_by_path[column.label_of]
        target = find(id_) if (id_ := getattr(copy, reference.path)) else None
        if target is not None and reference.reference_type:
            body = getattr(target, RECORD_TYPES[reference.reference_type].body_field)
            setattr(copy, column.path, getattr(body, column.path))
    return copy  # type: ignore[no-any-return]


def copied_timer(timer: Timer) -> Timer:
    """A copy that may be changed."""
    copy = Timer()
    copy.CopyFrom(timer)
    return copy


@cache
def _looks() -> Mapping[int, Look]:
    return looks_at(Timer.DESCRIPTOR, TIMER.columns)
