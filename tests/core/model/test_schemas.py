"""The schemas say the truth about every body."""

import json

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator, ValidationError

from clockwire.model.payloads import Shape, render
from clockwire.model.record_types import EVENT_TYPES
from clockwire.model.samples import sample_event
from clockwire.model.schemas import payload_schema
from tests.support.random_events import events

NOW = 1_705_400_000_000_000


def validator(event_type: str, *, decimals_as_strings: bool = False) -> Draft202012Validator:
    schema = json.loads(payload_schema(event_type, decimals_as_strings=decimals_as_strings))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_schema_is_valid_and_takes_the_sample(event_type):
    Draft202012Validator.check_schema(json.loads(payload_schema(event_type)))

    validator(event_type).validate(json.loads(render(sample_event(event_type, NOW), Shape())))


@given(events())
def test_a_schema_is_true_of_every_body(event):
    validator(event.type).validate(json.loads(render(event, Shape())))
    validator(event.type, decimals_as_strings=True).validate(
        json.loads(render(event, Shape(decimals_as_strings=True))),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event", "timelog.updated"),
        ("id", "7"),
        ("UserID", "John"),
        ("Date", "15.01.2024"),
        ("Duration", "2:30"),
        ("DurationSeconds", 1.5),
        ("ClientRate", "95.00"),
        ("ApprovalStatus", "approved"),
        ("Tags", None),
        ("CustomFields", None),
        ("Version", None),
    ],
)
def test_a_schema_refuses_what_is_never_sent(name, value):
    body = json.loads(render(sample_event("timelog.created", NOW), Shape()))

    with pytest.raises(ValidationError):
        validator("timelog.created").validate(body | {name: value})


def test_every_column_is_required_and_described():
    schema = json.loads(payload_schema("project.created"))

    assert schema["required"] == list(json.loads(render(sample_event("project.created", NOW), Shape())))
    assert schema["properties"]["DueDate"]["description"] == "Promised day."
    assert schema["title"] == "project.created"


def test_a_deletion_has_nothing_else():
    with pytest.raises(ValidationError, match="Additional properties are not allowed"):
        validator("project.deleted").validate(
            {"event": "project.deleted", "id": sample_event("user.deleted", 0).id, "x": 1}
        )
