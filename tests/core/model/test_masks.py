"""Masks: what is read, what an update writes, and what a change changed."""

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.decimal_pb2 import Decimal
from hypothesis import given
from hypothesis import strategies as st

from clockwire.model.errors import FieldInvalid, MaskInvalid
from clockwire.model.masks import changed_paths, read_mask, revise, writable_paths
from clockwire.v1.common_pb2 import RecordType
from clockwire.v1.record_service_pb2 import UpdateRecordRequest
from clockwire.v1.records_pb2 import Project, ProjectStatus, Record, Subproject, Task, TimeLog
from tests.support import any_records

ACTIVE, CLOSED = ProjectStatus.PROJECT_STATUS_ACTIVE, ProjectStatus.PROJECT_STATUS_CLOSED


def mask(*paths):
    return FieldMask(paths=paths)


def stored() -> Record:
    record = Record(id="p", type=RecordType.RECORD_TYPE_PROJECT, external_id="X", etag='"3"', version=3)
    record.project.CopyFrom(
        Project(
            project_id="p",
            project_name="Roof",
            client_name="Acme",
            status=ACTIVE,
            client_rate=Decimal(value="100"),
            billable=False,
            close_time=Timestamp(seconds=5),
        )
    )
    record.custom_fields.update({"a": 1, "b.c": "x"})
    return record


class TestReading:
    """What a reader sees."""

    def test_an_empty_mask_and_a_star_show_everything(self):
        assert read_mask(mask()).apply(stored()) == stored()
        assert read_mask(mask("*")).apply(stored()) == stored()

    def test_only_what_is_named_is_shown(self):
        seen = read_mask(mask("id", "project.status", "project.client_rate", "custom_fields.b.c")).apply(stored())
        shown = Record(id="p", project=Project(status=ACTIVE, client_rate=Decimal(value="100")))
        shown.custom_fields.update({"b.c": "x"})
        assert seen == shown

    def test_a_body_is_shown_whole_or_by_column(self):
        assert read_mask(mask("project")).apply(stored()) == Record(project=stored().project)
        assert read_mask(mask("project", "project.status")).apply(stored()) == Record(project=stored().project)
        unset = read_mask(mask("project.folder", "custom_fields.none")).apply(stored())
        assert unset == Record(project=Project())
        assert unset.WhichOneof("body") == "project"

    def test_paths_of_other_types_show_nothing(self):
        assert read_mask(mask("task.status", "time_log", "etag")).apply(stored()) == Record(etag='"3"')

    @pytest.mark.parametrize(
        "path",
        [
            "",
            ".",
            "status",
            "project.",
            "project.foo",
            "project.status.x",
            "create_time.seconds",
            "ProjectID",
            "externalId",
        ],
    )
    def test_unknown_paths_are_refused_by_name(self, path):
        with pytest.raises(MaskInvalid) as refused:
            read_mask(mask("id", path))
        assert refused.value.metadata == {"path": path}

    def test_a_star_stands_alone(self):
        with pytest.raises(MaskInvalid, match="alone"):
            read_mask(mask("*", "id"))

    @given(st.data())
    def test_reading_never_changes_the_record_and_never_adds_to_it(self, data):
        type_ = data.draw(st.sampled_from(any_records.TYPES))
        record = data.draw(any_records.records(type_, own_id="r"))
        before = record.SerializeToString(deterministic=True)
        body = record.WhichOneof("body")
        names = ["id", "custom_fields", *(f"{body}.{field.name}" for field in getattr(record, body).DESCRIPTOR.fields)]
        seen = read_mask(mask(*data.draw(st.lists(st.sampled_from(names), min_size=1)))).apply(record)
        assert record.SerializeToString(deterministic=True) == before
        merged = Record()
        merged.CopyFrom(record)
        for name in {field.name for field, _ in getattr(seen, body).ListFields()}:
            getattr(merged, body).ClearField(name)
        merged.MergeFrom(seen)
        assert merged == record


class TestUpdating:
    """What an update writes."""

    def test_an_empty_mask_writes_every_field_that_is_set(self):
        sent = Record(id="p", project=Project(project_name="Wall", billable=True), etag='"3"')
        revised = revise(stored(), sent, mask())
        expected = stored()
        expected.project.project_name, expected.project.billable = "Wall", True
        assert revised == expected

    def test_an_empty_mask_replaces_the_custom_fields_as_one_field(self):
        sent = Record(external_id="Y")
        sent.custom_fields.update({"new": True})
        revised = revise(stored(), sent, mask())
        assert revised.external_id == "Y"
        assert dict(revised.custom_fields) == {"new": True}

    def test_a_star_clears_what_was_not_sent_but_nothing_read_only(self):
        revised = revise(stored(), Record(project=Project(project_name="Wall")), mask("*"))
        expected = stored()
        expected.ClearField("external_id")
        expected.ClearField("custom_fields")
        expected.project.project_name = "Wall"
        for name in ("status", "client_rate", "billable"):
            expected.project.ClearField(name)
        assert revised == expected

    def test_a_named_field_that_is_unset_is_cleared(self):
        revised = revise(stored(), Record(), mask("project.billable", "project.client_rate", "external_id"))
        assert not revised.project.HasField("billable")
        assert not revised.project.HasField("client_rate")
        assert revised.external_id == ""
        assert revised.project.project_name == "Roof"

    def test_one_key_of_the_custom_fields_can_be_written_and_removed(self):
        sent = Record()
        sent.custom_fields.update({"new": "y", "ignored": 1})
        revised = revise(stored(), sent, mask("custom_fields.new", "custom_fields.b.c", "custom_fields.none"))
        assert dict(revised.custom_fields) == {"a": 1, "new": "y"}
        assert dict(revise(stored(), sent, mask("custom_fields")).custom_fields) == {"new": "y", "ignored": 1}

    def test_a_body_named_whole_is_written_whole(self):
        revised = revise(stored(), Record(project=Project(project_name="Wall")), mask("project"))
        assert (revised.project.project_name, revised.project.status, revised.external_id) == ("Wall", 0, "X")
        assert revised.project.client_name == "Acme"

    def test_lists_are_replaced(self):
        old = Record(task=Task(task_name="T", assigned_user_ids=["a", "b"]))
        revised = revise(old, Record(task=Task(assigned_user_ids=["c"])), mask("task.assigned_user_ids"))
        assert list(revised.task.assigned_user_ids) == ["c"]

    def test_read_only_fields_that_were_sent_are_ignored(self):
        sent = Record(version=9, project=Project(client_name="Other", close_time=Timestamp(seconds=9)))
        assert revise(stored(), sent, mask()) == stored()
        sent.project.project_name = "Roof"
        assert revise(stored(), sent, mask("*")).project.client_name == "Acme"

    @pytest.mark.parametrize(
        ("path", "problem"),
        [
            ("id", "read-only"),
            ("version", "read-only"),
            ("etag", "read-only"),
            ("create_actor", "read-only"),
            ("project.project_id", "read-only"),
            ("project.client_name", "read-only"),
            ("task.status", "the record is a project"),
            ("task", "the record is a project"),
            ("project.stauts", "no such field"),
            ("status", "no such field"),
            ("external_id.x", "no such field"),
            ("custom_fields.", "names no key"),
        ],
    )
    def test_what_may_not_be_written_is_refused_by_name(self, path, problem):
        with pytest.raises(MaskInvalid, match=problem) as refused:
            revise(stored(), Record(project=Project(status=CLOSED)), mask("project.status", path))
        assert refused.value.metadata == {"path": path}

    def test_another_body_is_refused(self):
        with pytest.raises(FieldInvalid, match="is a task; the record that is stored is a project"):
            revise(stored(), Record(task=Task(task_name="x")), mask())

    def test_an_immutable_field_may_be_sent_again_but_not_changed(self):
        old = Record(subproject=Subproject(subproject_name="S", project_id="p"))
        same = Record(subproject=Subproject(subproject_name="T", project_id="p"))
        assert revise(old, same, mask()).subproject.subproject_name == "T"
        assert revise(old, same, mask("*")).subproject.project_id == "p"
        for paths in ([], ["*"], ["subproject.subproject_name"]):
            with pytest.raises(FieldInvalid, match=r"record\.subproject\.project_id"):
                revise(old, Record(subproject=Subproject(project_id="q")), mask(*paths))
        with pytest.raises(MaskInvalid, match="may not be changed"):
            revise(old, same, mask("subproject.project_id"))

    @given(st.data())
    def test_a_star_makes_two_records_differ_in_nothing_that_can_be_written(self, data):
        type_ = data.draw(st.sampled_from(any_records.TYPES))
        old, new = (data.draw(any_records.records(type_, own_id="r")) for _ in range(2))
        before = old.SerializeToString(deterministic=True)
        if type_ == 4:
            new.subproject.project_id = old.subproject.project_id
        revised = revise(old, new, mask("*"))
        assert old.SerializeToString(deterministic=True) == before
        left = changed_paths(new, revised)
        assert not any(path in ("external_id", "custom_fields") for path in left)
        for path in left:
            with pytest.raises(MaskInvalid):
                revise(old, new, mask(path))
        assert changed_paths(revised, revise(revised, new, mask("*"))) == []


class TestChanges:
    """What differs between two states."""

    def test_changes_are_named_in_the_order_of_fields(self):
        after = stored()
        after.version, after.external_id = 4, "Y"
        after.project.status = CLOSED
        after.project.close_time.CopyFrom(Timestamp(seconds=6))
        after.project.project_name = "Wall"
        after.project.client_name = "Renamed"
        after.project.estimated_time.CopyFrom(Duration(seconds=1))
        after.custom_fields.update({"a": 2})
        assert changed_paths(stored(), after) == [
            *("external_id", "custom_fields", "project.project_name", "project.status"),
            *("project.close_time", "project.estimated_time"),
        ]

    def test_false_and_unset_differ_and_equal_records_do_not(self):
        after = stored()
        after.project.ClearField("billable")
        assert changed_paths(stored(), after) == ["project.billable"]
        assert changed_paths(stored(), stored()) == []


class TestOtherResources:
    """What an update of anything else writes."""

    def test_the_fields_to_write_are_found_in_the_order_of_the_message(self):
        sent = UpdateRecordRequest(request_id="r", allow_missing=True)
        find = lambda *paths: writable_paths(  # noqa: E731
            UpdateRecordRequest.DESCRIPTOR, mask(*paths), sent=sent, allowed={"allow_missing", "validate_only"}
        )
        assert find() == ["allow_missing"]
        assert find("*") == ["allow_missing", "validate_only"]
        assert find("validate_only", "allow_missing") == ["allow_missing", "validate_only"]
        for path in ("request_id", "foo", "record.id"):
            with pytest.raises(MaskInvalid):
                find(path)
        with pytest.raises(MaskInvalid):
            find("*", "allow_missing")


def test_an_empty_time_log_is_a_body():
    assert revise(Record(time_log=TimeLog()), Record(), mask()).WhichOneof("body") == "time_log"
