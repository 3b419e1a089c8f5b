"""How one record is named: by its id, or by its external id within a type."""

from clockwire.model.errors import FieldInvalid
from clockwire.model.record_types import RECORD_TYPES
from clockwire.model.values import check_id, check_text
from clockwire.v1.records_pb2 import RecordKey

_LONGEST_EXTERNAL_ID = 200


def check_key(key: RecordKey, field: str = "key") -> RecordKey:
    """The key in the form in which it is looked up. Raises FieldInvalid if it can't name a record."""
    if key.type and key.type not in RECORD_TYPES:
        raise FieldInvalid.of(f"{field}.type", f"there is no record type {key.type}")
    if key.WhichOneof("key") == "id":
        check_id(f"{field}.id", key.id)
        return RecordKey(type=key.type, id=key.id)
    if not key.external_id:
        raise FieldInvalid.of(field, "needs an id, or a type and an external_id")
    if not key.type:
        raise FieldInvalid.of(f"{field}.type", "is needed with an external_id")
    external_id = check_text(f"{field}.external_id", key.external_id, _LONGEST_EXTERNAL_ID, minimum=1)
    return RecordKey(type=key.type, external_id=external_id)


def token_of(key: RecordKey) -> str:
    """The token of the key's type, empty if it names none."""
    return RECORD_TYPES[key.type].token if key.type else ""
