"""What a receiver may rely on: the JSON Schema (draft 2020-12) of each event type's flat body.

Columns may be added later, so a schema does not forbid others; those it names are in every body, in this order.
"""

from functools import cache

from orjson import dumps

from clockwire.model.columns import Column
from clockwire.model.record_types import EVENT_TYPES, SUBJECTS, EventTypeInfo, RecordTypeInfo

Schema = dict[str, object]

_STRING: Schema = {"type": "string"}
_UUID: Schema = {"type": "string", "format": "uuid"}
_TAG: Schema = {"type": "object", "properties": {"id": _STRING, "name": _STRING}, "required": ["id", "name"]}
_DECIMAL_TEXT: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
_VALUES: dict[str, Schema] = {
    "string": _STRING,
    "uuid": _UUID,
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "decimal": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
    "duration": {"type": "number"},
    "enum": _STRING,
    "tags": {"type": "array", "items": _TAG},
    "object": {"type": "object"},
}
_NEVER_NULL = {"tags", "list", "object"}


@cache
def payload_schema(event_type: str, *, decimals_as_strings: bool = False) -> str:
    """The schema of the FLAT body of this event type, as JSON text."""
    event = EVENT_TYPES[event_type]
    properties: Schema = {
        "event": {"const": event_type, "description": "Type of the event."},
        "id": _UUID | {"description": f"Id of the {SUBJECTS[event.record_type].noun}."},
    }
    if event.verb != "deleted":
        properties |= _columns(SUBJECTS[event.record_type], decimals_as_strings=decimals_as_strings)
    return dumps(_whole(event, properties)).decode()


def _whole(event: EventTypeInfo, properties: Schema) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event.name,
        "description": event.description,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        # A deletion has exactly these two, for ever.
        **({"additionalProperties": False} if event.verb == "deleted" else {}),
    }


def _columns(info: RecordTypeInfo, *, decimals_as_strings: bool) -> Schema:
    schemas = _VALUES | ({"decimal": _DECIMAL_TEXT} if decimals_as_strings else {})
    return {column.name: _column(column, info, schemas) for column in info.payload_columns}


def _column(column: Column, info: RecordTypeInfo, schemas: dict[str, Schema]) -> Schema:
    value = _list(column) if column.kind == "list" else schemas[column.kind]
    if _may_be_null(column, info):
        value = value | {"type": [value["type"], "null"]}
    if column.kind == "enum":
        value = value | {"enum": [*column.enum_values, None]}
    return value | {"description": column.description}


def _list(column: Column) -> Schema:
    return {"type": "array", "items": _UUID if column.reference_type else _STRING}


def _may_be_null(column: Column, info: RecordTypeInfo) -> bool:
    is_version = column.kind == "int" and not column.has_presence
    return not (column.kind in _NEVER_NULL or column.name == info.key_column or is_version)
