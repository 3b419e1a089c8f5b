"""Events of timers pass filters, keep their facets and fit their schemas as events of records do."""

import json

import jsonschema
import pytest

from clockwire.model.errors import FilterInvalid
from clockwire.model.event import LogEntry
from clockwire.model.event_filter import Matcher, compile_filter
from clockwire.model.event_index import index_of
from clockwire.model.facets import facets_of, matches
from clockwire.model.instants import of_timestamp
from clockwire.model.payloads import PayloadFormat, Shape, render
from clockwire.model.record_types import EVENT_TYPES, TIMER
from clockwire.model.samples import sample_event, sample_id
from clockwire.model.schemas import payload_schema
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.events_pb2 import Event, EventFilter
from clockwire.v1.timers_pb2 import Timer

NOW = 1_705_400_000_000_000
OTHER = "41984ad9-9efd-4af2-9212-037a49a736fc"
ID = sample_id(RecordType.RECORD_TYPE_TIME_LOG)
USER, PROJECT, CLIENT = (
    sample_id(type_)
    for type_ in (RecordType.RECORD_TYPE_USER, RecordType.RECORD_TYPE_PROJECT, RecordType.RECORD_TYPE_CLIENT)
)


def entry_of(event: Event, before: Timer | None) -> LogEntry:
    """The event as the log keeps it."""
    return LogEntry(
        sequence=1,
        id=event.id,
        type=event.type,
        record_id=event.record_id,
        commit_time=of_timestamp(event.commit_time),
        origin=event.origin,
        api_key_id=event.actor.api_key_id,
        facets=facets_of(index_of(event, before)),
        message=event.SerializeToString(),
        before=None if before is None else before.SerializeToString(),
    )


def wants(matcher: Matcher, event: Event, before: Timer | None = None) -> bool:
    """What the matcher says, of the event while it is fresh and once it is in the log."""
    fresh = matcher.wants(index_of(event, before), lambda: event.timer, lambda: before)
    assert matches(matcher, entry_of(event, before)) is fresh
    return fresh


@pytest.mark.parametrize(
    ("patterns", "passing"),
    [
        (["timer.*"], set(TIMER.event_types)),
        (["timer.started"], {"timer.started"}),
        (["*.stopped", "*.discarded"], {"timer.stopped", "timer.discarded"}),
        (["*.created", "*.deleted"], set()),
        (["*.updated", "project.*"], {"timer.updated"}),
    ],
)
def test_patterns_choose_timers_like_records(patterns, passing):
    matcher = compile_filter(EventFilter(event_types=patterns))

    assert {each for each in TIMER.event_types if wants(matcher, sample_event(each, NOW))} == passing


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ({"user_ids": [USER]}, True),
        ({"project_ids": [PROJECT]}, True),
        ({"client_ids": [CLIENT]}, True),
        ({"record_ids": [ID]}, True),
        ({"user_ids": [OTHER]}, False),
        ({"project_ids": [OTHER]}, False),
        ({"client_ids": [OTHER]}, False),
        ({"record_ids": [OTHER]}, False),
        ({"changed_paths": {"paths": ["description"]}}, True),
        ({"changed_paths": {"paths": ["project_id"]}}, False),
        ({"changed_paths": {"paths": ["time_log.description"]}}, False),
        ({"expression": 'state = "Running" AND project_name = "Mobile*" AND billable = true'}, True),
        ({"expression": 'tags : "authentication" AND start_time < "2030-01-01T00:00:00Z"'}, True),
        ({"expression": "stop_time != null"}, False),
        ({"expression": f'user_id = "{OTHER}"'}, False),
    ],
)
def test_conditions_hold_for_timers(condition, wanted):
    matcher = compile_filter(EventFilter(event_types=["timer.*"], **condition))

    assert wants(matcher, sample_event("timer.updated", NOW)) is wanted


def test_the_state_before_is_enough_to_pass():
    event = sample_event("timer.updated", NOW)
    before = Timer(id=ID, state=Timer.STATE_RUNNING, project_id=OTHER, description="before")

    assert wants(compile_filter(EventFilter(project_ids=[OTHER])), event, before)
    assert wants(
        compile_filter(EventFilter(event_types=["timer.*"], expression='description = "before"')), event, before
    )


def test_what_may_be_asked_of_any_record_may_be_asked_of_a_timer():
    """A filter of all types that was stored before there were timers is still one."""
    for expression, wanted in [
        ('external_id = "x"', False),
        ("custom_fields.cost_center = null AND version >= 1", True),
        ("NOT update_time = null", True),
        (f'id = "{ID}"', True),
    ]:
        matcher = compile_filter(EventFilter(expression=expression))
        assert wants(matcher, sample_event("timer.started", NOW)) is wanted, expression
        assert set(matcher.expressions) == {each.record_type for each in EVENT_TYPES.values()}


@pytest.mark.parametrize(
    ("types", "expression"),
    [(["timer.*"], "invoice_id = null"), (["timer.*", "timelog.*"], "end_time = null"), (["timer.*"], "etag = null")],
)
def test_a_path_that_a_timer_has_not_is_refused(types, expression):
    with pytest.raises(FilterInvalid, match="unknown path"):
        compile_filter(EventFilter(event_types=types, expression=expression))


@pytest.mark.parametrize("event_type", TIMER.event_types)
def test_the_body_of_a_sample_fits_its_schema_in_every_shape(event_type):
    schema = json.loads(payload_schema(event_type))
    event = sample_event(event_type, NOW)
    flat = json.loads(render(event, Shape()))

    jsonschema.validate(flat, schema)
    assert list(flat) == list(schema["properties"])
    assert (flat["event"], flat["id"], flat["TimerID"]) == (event_type, ID, ID)
    for format_ in (PayloadFormat.STANDARD, PayloadFormat.CLOUDEVENTS):
        assert json.loads(render(event, Shape(payload_format=format_)))["data"] == flat
    assert json.loads(render(event, Shape(payload_format=PayloadFormat.THIN))) == {"event": event_type, "id": ID}
