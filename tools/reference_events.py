"""Which events and columns there are, and what a body looks like: parts of the reference and of docs/webhooks.md."""

import json
import re
from collections.abc import Callable, Mapping
from functools import partial

from reference_tables import code, table

from clockwire.model.columns import Column
from clockwire.model.instants import Instant
from clockwire.model.payloads import PayloadFormat, Shape, content_type, render
from clockwire.model.record_types import EVENT_TYPES, RECORD_TYPES, TIMER, RecordTypeInfo
from clockwire.model.samples import sample_event
from clockwire.model.surroundings import Nothing

#: 2024-01-15T10:00:00Z; the samples are of that moment, so that they are the same each time.
MOMENT: Instant = 1_705_312_800_000_000
WORKSPACE = "018d0c5b-3a00-7000-8000-00000000c001"


def event_types() -> str:
    """Every event type."""
    return table(("type", "meaning"), ((code(each.name), each.description) for each in EVENT_TYPES.values()))


def record_types() -> str:
    """Every column of every record type, in the order of bodies."""
    return "\n".join(_record_type(info) for info in RECORD_TYPES.values())


def sample(event_type: str, shape: Shape) -> str:
    """A sample body with its content type, laid out for people: as sent it has no blanks between its parts."""
    event = sample_event(event_type, MOMENT, WORKSPACE)
    event.sequence = 42
    body = json.loads(render(event, shape, _Team()), parse_float=lambda digits: f"<{digits}>")
    laid_out = re.sub('"<([0-9.]+)>"', r"\1", json.dumps(body, indent=2, ensure_ascii=False))
    return f"`Content-Type: {content_type(shape)}`\n\n```json\n{laid_out}\n```\n"


class _Team(Nothing):
    """What is around the samples."""

    workspace_name = "Development Team"


def _record_type(info: RecordTypeInfo) -> str:
    head = f"## {info.token}\n\nField of `Record`: `{info.body_field}`. Events: {code(*info.event_types)}.\n\n"
    own = [column for column in info.payload_columns if not _is_shared(column)]
    return head + table(("column", "path", "kind", "rules", "meaning"), map(_row, own))


def timer() -> str:
    """Every column of a timer."""
    return table(("column", "path", "kind", "rules", "meaning"), map(_row, TIMER.payload_columns))


def envelope() -> str:
    """The columns that every type has."""
    [info, *_] = RECORD_TYPES.values()
    return table(
        ("column", "path", "kind", "rules", "meaning"),
        (_row(column) for column in info.payload_columns if _is_shared(column)),
    )


def _is_shared(column: Column) -> bool:
    others = list(RECORD_TYPES.values())[1:]
    return all(column in info.payload_columns for info in others)


def _row(column: Column) -> tuple[str, str, str, str, str]:
    meaning = column.description
    if column.enum_values:
        meaning += f" One of {code(*column.enum_values)}."
    return code(column.name), code(column.path), column.kind, _rules(column), meaning


def _rules(column: Column) -> str:
    rules = {
        "required": column.required,
        "read-only": column.output_only,
        "fixed once written": column.immutable,
        "in filters": column.filterable,
    }
    refers = [f"refers to {RECORD_TYPES[column.reference_type].token}"] if column.reference_type else []
    return ", ".join([*(name for name, holds in rules.items() if holds), *refers])


PARTS: Mapping[str, Callable[[], str]] = {
    "event types": event_types,
    "envelope": envelope,
    "record types": record_types,
    "timer": timer,
    "sample timer started": partial(sample, "timer.started", Shape(payload_format=PayloadFormat.FLAT)),
    "sample flat": partial(sample, "timelog.created", Shape(payload_format=PayloadFormat.FLAT)),
    "sample deleted": partial(sample, "timelog.deleted", Shape(payload_format=PayloadFormat.FLAT)),
    "sample standard": partial(sample, "category.created", Shape(payload_format=PayloadFormat.STANDARD)),
    "sample cloudevents": partial(sample, "category.created", Shape(payload_format=PayloadFormat.CLOUDEVENTS)),
    "sample power automate": partial(sample, "project.created", Shape()),
    "sample zapier": partial(sample, "expense.created", Shape()),
    "sample make": partial(sample, "task.updated", Shape()),
    "sample n8n": partial(sample, "timelog.updated", Shape()),
    "sample jira": partial(sample, "project.closed", Shape()),
    "sample slack": partial(sample, "project.created", Shape(decimals_as_strings=True)),
    "sample timetracker": partial(sample, "timer.stopped", Shape(payload_format=PayloadFormat.TIMETRACKER)),
    "sample trackingtime": partial(sample, "timer.stopped", Shape(payload_format=PayloadFormat.TRACKINGTIME)),
    "sample thin": partial(sample, "category.created", Shape(payload_format=PayloadFormat.THIN)),
}
