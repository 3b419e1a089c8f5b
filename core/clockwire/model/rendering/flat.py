"""How an event becomes its documented body: one function per event type, made from the descriptors.

A body has some forty columns, and rendering stands between a commit and its POST. So the columns of a type are not
walked for each event: they are written out once as one Python expression, a dict display, and compiled (as dataclasses
does with `__init__`). Its text holds nothing but names and paths of the descriptors.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, cast

from google.protobuf.message import Message
from orjson import dumps

from clockwire.model.columns import ENVELOPE, Column
from clockwire.model.record_types import EVENT_TYPES, SUBJECTS, RecordTypeInfo
from clockwire.model.rendering import values
from clockwire.model.states import State
from clockwire.v1.events_pb2 import Event

Renderer = Callable[[Event], bytes]
Has = Callable[[Any], bool]  # the name of a field
Columns = Callable[[str, State, Has, Message, Has], dict[str, object]]

_IF_SET = " if {of}_has('{path}') else None"
_EXPRESSIONS = {
    "string": "{of}.{path} or None",
    "uuid": "{of}.{path} or None",
    "actor": "{of}.{path}.display_name or None",
    "enum": "{path}_word({of}.{path})",
    "bool": "{of}.{path}" + _IF_SET,
    "int": "{of}.{path}",
    "optional int": "{of}.{path}" + _IF_SET,
    "decimal": "number({of}.{path}.value)",
    "date": "date({of}.{path})",
    "timestamp": "timestamp({of}.{path})" + _IF_SET,
    "duration": "hours({path}) if ({path} := {of}_has('{path}') and {of}.{path}) else None",
    "seconds": "{path}.seconds if {path} else None",
    "tags": "tags({of}.{path}) if {of}.{path} else []",
    "list": "list({of}.{path}) if {of}.{path} else []",
    "object": "struct({of}.{path}) if {of}_has('{path}') else {{}}",
}


@cache
def flat_renderer(event_type: str, *, decimals_as_strings: bool) -> Renderer:
    """The function that makes the FLAT body of events of this type."""
    event = EVENT_TYPES[event_type]
    if event.verb == "deleted":
        return thin_body
    info = SUBJECTS[event.record_type]
    columns = _compiled(info, decimals_as_strings=decimals_as_strings)

    def render(event: Event) -> bytes:
        record = event.record
        body = getattr(record, info.body_field)
        return dumps(columns(event_type, record, record.HasField, body, body.HasField))

    def render_timer(event: Event) -> bytes:
        timer = event.timer
        return dumps(columns(event_type, timer, timer.HasField, timer, timer.HasField))

    return render if event.record_type else render_timer


def thin_body(event: Event) -> bytes:
    """Exactly ``{"event","id"}``: the THIN body of every event, and the only one of a deletion."""
    return dumps({"event": event.type, "id": event.record_id})


def _compiled(info: RecordTypeInfo, *, decimals_as_strings: bool) -> Columns:
    entries = ", ".join(f"{name!r}: {expression}" for name, expression in _entries(info))
    given = "event_type, record, record_has, body, body_has"
    source = f"lambda {given}: {{'event': event_type, 'id': record.id, {entries}}}"
    names = {
        "date": values.date,
        "hours": values.hours,
        "number": values.number_text if decimals_as_strings else values.number,
        "struct": values.struct,
        "tags": values.tags,
        "timestamp": values.timestamp,
        **{f"{column.path}_word": column.enum_words.get for column in info.columns if column.kind == "enum"},
    }
    display = eval(source, names)  # noqa: S307 -- the text is made from our own descriptors, never from input
    return cast("Columns", display)


def _entries(info: RecordTypeInfo) -> Iterator[tuple[str, str]]:
    """Each name of the body, in its order, with the expression of its value."""
    envelope = info.columns[-len(ENVELOPE) :]
    for column in info.columns:
        of = "record" if column in envelope else "body"
        yield column.name, _EXPRESSIONS[_form(column)].format(of=of, path=column.path)
        if column.seconds_name:
            yield column.seconds_name, _EXPRESSIONS["seconds"].format(of=of, path=column.path)


def _form(column: Column) -> str:
    if column.is_actor:
        return "actor"
    return "optional int" if column.kind == "int" and column.has_presence else column.kind
