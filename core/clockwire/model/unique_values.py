"""Which values only one record of a type may have, and in which form they are compared."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from clockwire.model.record_types import RECORD_TYPES, type_of
from clockwire.v1.common_pb2 import (
    RECORD_TYPE_CATEGORY,
    RECORD_TYPE_INVENTORY,
    RECORD_TYPE_INVOICE,
    RECORD_TYPE_USER,
)
from clockwire.v1.records_pb2 import Record

# Fields of the bodies, and whether case counts. `external_id` is unique in every type.
_UNIQUE: Mapping[int, tuple[str, bool]] = {
    RECORD_TYPE_USER: ("email", False),
    RECORD_TYPE_CATEGORY: ("category_name", False),
    RECORD_TYPE_INVENTORY: ("sku", True),
    RECORD_TYPE_INVOICE: ("invoice_number", True),
}


class UniqueValue(NamedTuple):
    """A value that only one record of a type may have, in the form in which it is compared."""

    type: int
    field: str
    value: str


def external_id_of(type_: int, external_id: str) -> UniqueValue:
    """The key of upserts."""
    return UniqueValue(int(type_), "external_id", external_id)


def email_of(address: str) -> UniqueValue:
    """The key of users."""
    return UniqueValue(int(RECORD_TYPE_USER), "email", address.casefold())


def unique_values(record: Record) -> Iterator[tuple[UniqueValue, str, str]]:
    """Each of the record's values that no other may have, its path relative to Record, and the value as written."""
    type_ = type_of(record)
    if external_id := record.external_id:
        yield external_id_of(type_, external_id), "external_id", external_id
    if type_ in _UNIQUE:
        field, case_counts = _UNIQUE[type_]
        body = RECORD_TYPES[type_].body_field
        value = getattr(getattr(record, body), field)
        if value:
            yield UniqueValue(int(type_), field, value if case_counts else value.casefold()), f"{body}.{field}", value
