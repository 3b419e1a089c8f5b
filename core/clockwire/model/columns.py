"""What one column of a record is: everything its descriptor knows, in the words of the contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from clockwire.model.comments import COMMENTS
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.records_pb2 import Record

ENVELOPE = ("external_id", "version", "create_time", "update_time", "create_actor", "update_actor", "custom_fields")

_KIND_OF_MESSAGE = {
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
    "google.protobuf.Struct": "object",
    "google.type.Date": "date",
    "google.type.Decimal": "decimal",
    "clockwire.v1.Actor": "string",
    "clockwire.v1.Tag": "tags",
}
_KIND_OF_SCALAR = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_INT32: "int",
    FieldDescriptor.TYPE_INT64: "int",
    FieldDescriptor.TYPE_ENUM: "enum",
}
_NOT_COMPARABLE = {"tags", "object", "list"}


def body_descriptor(type_: "RecordType.ValueType") -> Descriptor:
    """The message that holds the body of a type; its number in Record is 20 + the type's."""
    return cast("Descriptor", Record.DESCRIPTOR.fields_by_number[20 + type_].message_type)


# The key of each type, by whose name other types refer to it: {"project_id": PROJECT, ...}.
_KEYS = {body_descriptor(type_).fields[0].name: type_ for type_ in RecordType.values() if type_}
# References whose name is not the name of a key.
_REFERENCES = {
    "manager_user_id": RecordType.RECORD_TYPE_USER,
    "approver_user_id": RecordType.RECORD_TYPE_USER,
    "assigned_user_ids": RecordType.RECORD_TYPE_USER,
    "parent_id": RecordType.RECORD_TYPE_SUBPROJECT,
}
# References that are never written themselves but follow another one.
_FOLLOWS = {"clockwire.v1.Task.client_id": "project_id", "clockwire.v1.Timer.client_id": "project_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field of a record, as it appears in bodies (`name`), in filters (`path`) and in ListRecordTypes."""

    name: str
    path: str
    kind: str
    enum_words: Mapping[int, str] = field(default_factory=dict, hash=False)
    reference_type: "RecordType.ValueType | None" = None
    label_of: str = ""
    required: bool = False
    output_only: bool = False
    immutable: bool = False
    filterable: bool = False
    has_presence: bool = False
    is_actor: bool = False
    description: str = ""

    @property
    def enum_values(self) -> Sequence[str]:
        """The words of an enum column, in the order of their numbers."""
        return tuple(self.enum_words.values())

    @property
    def seconds_name(self) -> str:
        """The name of the second column that a duration has in bodies, "EstimatedSeconds"; empty for all others."""
        return self.name.removesuffix("Hours") + "Seconds" if self.kind == "duration" else ""


def envelope_columns() -> list[Column]:
    """The columns that every record has, in the order of bodies."""
    return [_column(Record.DESCRIPTOR, Record.DESCRIPTOR.fields_by_name[name]) for name in ENVELOPE]


def body_columns(body: Descriptor) -> list[Column]:
    """The columns of one type's own fields, in the order of their numbers. An etag is none: it repeats the version."""
    return [_column(body, field) for field in body.fields if field.name != "etag"]


def enum_words(enum: EnumDescriptor) -> Mapping[int, str]:
    """Number to word, "InProgress" for TASK_STATUS_IN_PROGRESS; the unspecified value has none."""
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return MappingProxyType(
        {
            value.number: "".join(word.capitalize() for word in value.name.removeprefix(prefix).split("_"))
            for value in enum.values
            if value.number
        }
    )


def is_repeated(field: FieldDescriptor) -> bool:
    """Whether the field is a list. protobuf 5.29 has only `label`, 7.34 and later only `is_repeated`."""
    flag: bool | None = getattr(field, "is_repeated", None)
    return getattr(field, "label", None) == FieldDescriptor.LABEL_REPEATED if flag is None else flag


def _column(owner: Descriptor, field: FieldDescriptor) -> Column:
    options: Any = field.GetOptions()  # the stubs of googleapis-common-protos do not know the extension's type
    behavior = set(options.Extensions[field_behavior_pb2.field_behavior])
    output_only = field_behavior_pb2.OUTPUT_ONLY in behavior
    reference_type, kind = _reference_type(field), _kind(field)
    is_actor = field.message_type is not None and field.message_type.name == "Actor"
    return Column(
        name=field.json_name,
        path=field.name,
        kind="uuid" if kind == "string" and (reference_type or _is_key(field)) else kind,
        enum_words=enum_words(field.enum_type) if field.enum_type else {},
        reference_type=reference_type,
        label_of=_label_of(owner, field) if output_only else "",
        required=field_behavior_pb2.REQUIRED in behavior,
        output_only=output_only,
        immutable=field_behavior_pb2.IMMUTABLE in behavior,
        filterable=kind not in _NOT_COMPARABLE and not is_actor,
        has_presence=field.has_presence,
        is_actor=is_actor,
        description=COMMENTS[f"{owner.name}.{field.name}"],
    )


def _kind(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        return _KIND_OF_MESSAGE[field.message_type.full_name]
    return "list" if is_repeated(field) else _KIND_OF_SCALAR[field.type]


def _is_key(field: FieldDescriptor) -> bool:
    """The first field of every body is its key."""
    return field.containing_type is not Record.DESCRIPTOR and field.number == 1


def _reference_type(field: FieldDescriptor) -> "RecordType.ValueType | None":
    if _is_key(field):
        return None
    return _REFERENCES.get(field.name) or _KEYS.get(field.name.removesuffix("s"))


def _label_of(owner: Descriptor, field: FieldDescriptor) -> str:
    """The reference that a read-only field repeats a name of, or follows: `project_id` for `project_name`."""
    reference = field.name.removesuffix("_name") + "_id"
    repeats_a_name = field.name.endswith("_name") and reference in owner.fields_by_name
    return reference if repeats_a_name else _FOLLOWS.get(field.full_name, "")
