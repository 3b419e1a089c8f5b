"""Which values of a record, or of a timer, a filter or an order may name."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor

from clockwire.model.columns import Column, envelope_columns
from clockwire.model.record_types import RECORD_TYPES, SUBJECTS, TIMER, RecordTypeInfo
from clockwire.v1.common_pb2 import RecordType

_ID = Column(name="id", path="id", kind="uuid", filterable=True)
_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One value: its name as it is written, its column, and the keys under which it lies in a record's values."""

    name: str
    column: Column
    keys: tuple[str, ...]
    #: For an enum: each accepted spelling in lower case without underscores, and its number.
    spellings: Mapping[str, int] = field(default_factory=dict)
    #: For a label: the path of the reference it belongs to, and the path it repeats in the record referred to.
    reference: "Path | None" = None
    target: "Path | None" = None

    @property
    def kind(self) -> str:
        """The column's kind, "decimal"."""
        return self.column.kind


class UnknownPath(ValueError):
    """There is no such path; its message says which there are."""


def path_of(steps: Sequence[str], record_type: "RecordType.ValueType | None") -> Path:
    """The path made of these names, in a type or, for None, in all types. Raises UnknownPath."""
    name, paths = ".".join(steps), paths_of(record_type)
    path = paths.get(steps[0])
    if path is None or (path.kind != "object" and len(steps) > 1):
        raise UnknownPath(_unknown(name, paths, record_type))
    if path.kind != "object":
        return path
    if len(steps) == 1:
        raise UnknownPath(f"{name!r} is a whole object; name one of its keys, as {name}.cost_center")
    _check_keys(steps)
    return Path(name=name, column=path.column, keys=tuple(steps))


@cache
def paths_of(record_type: "RecordType.ValueType | None") -> Mapping[str, Path]:
    """Every path of a type by its name; for None those that all types of record have in common.

    A timer has those too, so that whatever is asked of any record can be asked of it.
    """
    if record_type == TIMER.type:
        own = _paths(TIMER)
        never_set = [column for column in envelope_columns() if not column.is_actor and column.path not in own]
        return MappingProxyType(own | {column.path: _path(TIMER, column) for column in never_set})
    if record_type:
        return MappingProxyType(_paths(RECORD_TYPES[record_type]))
    first, *others = (_paths(info) for info in RECORD_TYPES.values())
    return MappingProxyType(
        {
            name: path
            for name, path in first.items()
            if all(name in other and _alike(other[name], path) for other in others)
        }
    )


def spelling(word: str) -> str:
    """An enum word as it is compared: without regard to case and underscores."""
    return word.replace("_", "").lower()


def _paths(info: RecordTypeInfo) -> dict[str, Path]:
    columns = [_ID, *(column for column in info.columns if not column.is_actor)]
    return {column.path: _path(info, column) for column in columns}


def _path(info: RecordTypeInfo, column: Column) -> Path:
    is_key = column.path == info.columns[0].path
    reference = info.columns_by_path.get(column.label_of)
    return Path(
        name=column.path,
        column=column,
        keys=("id",) if is_key else (column.path,),
        spellings=_spellings(info.body, column),
        reference=_path(info, reference) if reference else None,
        target=paths_of(reference.reference_type)[column.path] if reference else None,
    )


def _spellings(body: Descriptor, column: Column) -> Mapping[str, int]:
    if column.kind != "enum":
        return MappingProxyType({})
    enum = cast("EnumDescriptor", body.fields_by_name[column.path].enum_type)
    full = {value.number: spelling(value.name) for value in enum.values}
    short = {spelling(word): number for number, word in column.enum_words.items()}
    return MappingProxyType(short | {full[number]: number for number in short.values()})


def _alike(one: Path, other: Path) -> bool:
    return one.kind == other.kind and one.spellings == other.spellings


def _check_keys(steps: Sequence[str]) -> None:
    for key in steps[1:]:
        if not key or any(character in '"\\' or not character.isprintable() for character in key):
            raise UnknownPath(f"{key!r}: a key in a path has 1 or more printable characters, no quotes or backslashes")


def _unknown(name: str, paths: Mapping[str, Path], record_type: "RecordType.ValueType | None") -> str:
    owner = "every type" if record_type is None else SUBJECTS[record_type].noun
    near = difflib.get_close_matches(name, paths, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    listed = [*paths][:_SHOWN]
    more = f" and {len(paths) - len(listed)} more" if len(paths) > len(listed) else ""
    return f"unknown path {name[:100]!r}{hint}; paths of {owner}: {', '.join(listed)}{more}"
