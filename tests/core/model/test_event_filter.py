"""Which events reach whom."""

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.model.errors import FieldInvalid, FilterInvalid
from clockwire.model.event_filter import Matcher, compile_filter
from clockwire.model.event_index import index_of
from clockwire.model.record_types import EVENT_TYPES
from clockwire.model.samples import sample_event, sample_id
from clockwire.v1.common_pb2 import Origin, RecordType
from clockwire.v1.events_pb2 import Event, EventFilter
from clockwire.v1.records_pb2 import Record

NOW = 1_705_400_000_000_000
OTHER = "41984ad9-9efd-4af2-9212-037a49a736fc"
PROJECT = sample_id(RecordType.RECORD_TYPE_PROJECT)
CLIENT = sample_id(RecordType.RECORD_TYPE_CLIENT)
USER = sample_id(RecordType.RECORD_TYPE_USER)


def matcher_of(**conditions: Any) -> Matcher:
    return compile_filter(EventFilter(**conditions))


def passes(event: Event, before: Record | None = None, **conditions: Any) -> bool:
    after = event.record if event.HasField("record") else None
    return matcher_of(**conditions).wants(index_of(event, before), lambda: after, lambda: before)


def sample(event_type: str) -> Event:
    return sample_event(event_type, NOW)


def never() -> Record | None:
    raise AssertionError("no state is needed here")


@pytest.mark.parametrize(
    ("patterns", "passing"),
    [
        ([], set(EVENT_TYPES)),
        (["*"], set(EVENT_TYPES)),
        (["project.closed"], {"project.closed"}),
        (["category.*"], {"category.created", "category.updated", "category.deleted"}),
        (["*.reopened"], {"project.reopened", "task.reopened"}),
        (["*.closed", "user.deleted"], {"project.closed", "task.closed", "user.deleted"}),
    ],
)
def test_patterns_choose_types(patterns, passing):
    assert {each for each in EVENT_TYPES if passes(sample(each), event_types=patterns)} == passing


@pytest.mark.parametrize(
    "pattern", ["project", "projects.*", "project.archived", "*.*", "", ".", "subproject.closed", "Project.*"]
)
def test_an_unknown_type_is_refused_with_what_is_allowed(pattern):
    with pytest.raises(FieldInvalid) as refused:
        compile_filter(EventFilter(event_types=["*", pattern]), subject="subscription.filter")

    (violation,) = refused.value.violations
    assert violation.field == "subscription.filter.event_types[1]"
    assert "allowed are '*', '<type>.*', '*.<verb>' and '<type>.<verb>'" in violation.description


def test_a_slip_of_the_pen_is_pointed_out():
    with pytest.raises(FieldInvalid, match=r"perhaps 'timelog\.created' was meant"):
        matcher_of(event_types=["time_log.created"])


@pytest.mark.parametrize(
    ("name", "most"), [("record_ids", 1000), ("project_ids", 100), ("client_ids", 100), ("user_ids", 100)]
)
def test_lists_have_a_longest_length(name, most):
    matcher_of(**{name: [OTHER] * most})
    with pytest.raises(FieldInvalid, match=f"{name}: has {most + 1} entries; at most"):
        matcher_of(**{name: [OTHER] * (most + 1)})


def test_there_are_at_most_fifty_patterns():
    matcher_of(event_types=["*"] * 50)
    with pytest.raises(FieldInvalid, match="event_types: has 51 entries"):
        matcher_of(event_types=["*"] * 51)


@pytest.mark.parametrize("name", ["record_ids", "project_ids", "client_ids", "user_ids", "exclude_api_key_ids"])
@pytest.mark.parametrize("id_", ["", "7", OTHER.upper(), OTHER + "\n"])
def test_ids_are_uuids(name, id_):
    with pytest.raises(FieldInvalid, match="is no id: a UUID in lower case is needed"):
        matcher_of(**{name: [OTHER, id_]})


def test_all_that_is_wrong_is_told_at_once_but_no_more_than_fits():
    with pytest.raises(FieldInvalid) as refused:
        matcher_of(event_types=["x"], record_ids=["x"], exclude_origins=[0, 77])
    assert [each.field for each in refused.value.violations] == [
        "filter.event_types[0]",
        "filter.record_ids[0]",
        "filter.exclude_origins[0]",
        "filter.exclude_origins[1]",
    ]

    with pytest.raises(FieldInvalid) as refused:
        matcher_of(record_ids=["x"] * 500)
    assert len(refused.value.violations) == 20


@pytest.mark.parametrize(
    ("conditions", "wanted"),
    [
        ({"record_ids": [sample("timelog.created").record_id]}, True),
        ({"record_ids": [OTHER]}, False),
        ({"project_ids": [OTHER, PROJECT]}, True),
        ({"project_ids": [OTHER]}, False),
        ({"client_ids": [CLIENT]}, True),
        ({"user_ids": [USER]}, True),
        ({"user_ids": [OTHER]}, False),
        ({"project_ids": [PROJECT], "client_ids": [OTHER]}, False),
        ({"event_types": ["project.*"], "project_ids": [PROJECT]}, False),
        ({"exclude_origins": [Origin.ORIGIN_SYSTEM]}, True),
        ({"exclude_origins": [Origin.ORIGIN_API]}, False),
        ({"exclude_api_key_ids": [sample("timelog.created").actor.api_key_id]}, False),
        ({"exclude_api_key_ids": [OTHER]}, True),
    ],
)
def test_all_conditions_must_hold_and_one_entry_of_each_list(conditions, wanted):
    assert passes(sample("timelog.created"), **conditions) is wanted


@pytest.mark.parametrize(
    ("event_type", "conditions"),
    [
        ("project.created", {"project_ids": [PROJECT]}),
        ("client.deleted", {"client_ids": [CLIENT]}),
        ("user.updated", {"user_ids": [USER]}),
        ("task.created", {"user_ids": [USER]}),
        ("project.created", {"user_ids": [USER]}),
        ("invoice.created", {"client_ids": [CLIENT]}),
    ],
)
def test_a_record_is_itself_or_refers_to_it(event_type, conditions):
    assert passes(sample(event_type), **conditions)


def test_a_deletion_reaches_those_who_watched_the_record():
    before = sample("timelog.created").record

    assert passes(sample("timelog.deleted"), before, project_ids=[PROJECT])
    assert not passes(sample("timelog.deleted"), before, project_ids=[OTHER])
    assert passes(sample("timelog.deleted"), before, event_types=["timelog.*"], expression="client_rate > 90")
    assert not passes(sample("timelog.deleted"), before, event_types=["timelog.*"], expression="client_rate > 99")


def test_a_move_out_of_the_filter_is_still_seen():
    moved = sample("timelog.updated")
    before = Record.FromString(moved.record.SerializeToString())
    moved.record.time_log.project_id = OTHER

    assert passes(moved, before, project_ids=[PROJECT])
    assert passes(moved, before, project_ids=[OTHER])
    assert passes(moved, before, event_types=["timelog.*"], expression=f'project_id = "{PROJECT}"')
    assert passes(moved, before, event_types=["timelog.*"], expression=f'project_id = "{OTHER}"')


@pytest.mark.parametrize(
    ("changed", "paths", "wanted"),
    [
        (["project.status"], ["project.status"], True),
        (["project.status"], ["status"], True),
        (["project.status"], ["project"], True),
        (["project.status"], ["task.status"], False),
        (["project.status", "external_id"], ["external_id"], True),
        (["project.start_date"], ["project.status", "due_date"], False),
        (["custom_fields.cost_center"], ["custom_fields"], True),
        (["custom_fields.cost_center"], ["custom_fields.cost_center"], True),
        (["custom_fields.cost_center"], ["custom_fields.cost"], False),
        (["custom_fields"], ["custom_fields.cost_center"], True),
        ([], ["status"], False),
    ],
)
def test_an_update_passes_if_a_wanted_path_changed(changed, paths, wanted):
    event = sample("project.updated")
    event.changed_paths.paths[:] = changed

    assert passes(event, changed_paths=FieldMask(paths=paths)) is wanted


@pytest.mark.parametrize("event_type", ["project.created", "project.deleted", "project.closed"])
def test_changed_paths_do_not_concern_other_events(event_type):
    assert passes(sample(event_type), changed_paths=FieldMask(paths=["project.folder"]))


@pytest.mark.parametrize(
    "path", ["", "projct.status", "project.stat", "project.status.x", "custom_fields.", "event", "*"]
)
def test_an_unknown_path_is_refused(path):
    with pytest.raises(FieldInvalid, match=r"filter\.changed_paths\[0\]: .* is no path of a record"):
        matcher_of(changed_paths=FieldMask(paths=[path]))


def test_an_expression_may_name_the_fields_of_the_one_type_left():
    assert passes(sample("timelog.created"), event_types=["timelog.*"], expression="duration > 5400s")
    assert not passes(sample("timelog.created"), event_types=["timelog.*"], expression="duration > 90000s")


def test_an_expression_may_name_fields_that_all_types_left_have():
    conditions: dict[str, Any] = {
        "event_types": ["project.*", "task.*"],
        "expression": f'client_id = "{CLIENT}" AND status = Closed',
    }

    assert passes(sample("project.created"), **conditions)
    assert passes(sample("task.created"), **conditions)
    assert not passes(sample("task.reopened"), **conditions)


def test_an_expression_on_all_types_may_name_the_envelope():
    assert passes(sample("user.created"), expression='external_id = "PM-*"')
    assert not passes(sample("user.created"), expression="version > 1")


def test_an_expression_that_one_type_left_cannot_answer_is_refused():
    with pytest.raises(FilterInvalid, match="duration"):
        matcher_of(event_types=["timelog.*", "user.*"], expression="duration > 5400s")


def test_states_are_asked_for_only_by_an_expression():
    event = sample("timelog.created")
    index = index_of(event, None)

    assert matcher_of(project_ids=[PROJECT]).wants(index, never, never)
    with pytest.raises(AssertionError, match="no state is needed"):
        matcher_of(expression="version > 0").wants(index, never, never)


def test_a_filter_knows_when_the_type_alone_decides():
    assert matcher_of().needs_only_the_type
    assert matcher_of(event_types=["*"]).event_types is None
    assert matcher_of(event_types=["*.closed"]).event_types == frozenset({"project.closed", "task.closed"})
    assert not matcher_of(user_ids=[USER]).needs_only_the_type
    assert not matcher_of(expression="version > 1").needs_only_the_type


def test_the_index_holds_both_states_without_empty_ids():
    event = sample("timelog.updated")
    before = Record.FromString(event.record.SerializeToString())
    before.time_log.project_id, before.time_log.client_id = OTHER, ""

    index = index_of(event, before)

    assert index.project_ids == {PROJECT, OTHER}
    assert index.client_ids == {CLIENT}
    assert index.changed_paths == ("custom_fields.cost_center",)
    assert (index.type, index.record_id, index.origin) == ("timelog.updated", event.record_id, Origin.ORIGIN_API)
    assert index.api_key_id == event.actor.api_key_id
