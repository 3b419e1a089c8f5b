"""What can be done to records in a batch: the requests of RecordService, as plain values."""

from dataclasses import dataclass, field

from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.v1.records_pb2 import Record, RecordKey


@dataclass(frozen=True, slots=True)
class Creation:
    """A new record."""

    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """New values for the named fields of a record, which may be created if it is missing."""

    record: Record
    mask: FieldMask = field(default_factory=FieldMask)
    allow_missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """The end of a record, with *force* also of what can't be without it."""

    key: RecordKey
    etag: str = ""
    force: bool = False
    allow_missing: bool = False


RecordMutation = Creation | Revision | Deletion
