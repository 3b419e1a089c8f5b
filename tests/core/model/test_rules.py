"""What the steps of a type's rules can rely on."""

from typing import cast

from clockwire.model.rules import Change
from clockwire.model.rules.change import Around
from clockwire.model.rules.places import project_of
from clockwire.v1.records_pb2 import Project, Record, TimeLog


class Surroundings:
    """As much of what stands around a change as these steps ask for."""

    def find(self, id_):
        """A project that is called like its id."""
        return Record(project=Project(project_name=id_)) if id_ else None


def change_of(log, before=None, sent=()):
    return Change(
        id="log", body=log, before=before, sent=frozenset(sent), around=cast("Around", Surroundings()), name="time_log"
    )


def test_a_reference_that_is_derived_anew_leads_elsewhere():
    change = change_of(TimeLog(project_id="old"))
    assert project_of(change).project_name == "old"

    change.assign("project_id", "new")
    assert project_of(change).project_name == "new"

    change.assign("project_id", None)
    assert project_of(change) == Project()


def test_a_field_is_open_as_long_as_it_has_no_value():
    change = change_of(TimeLog(billable=False, currency="EUR"))

    assert not change.is_open("billable")
    assert not change.is_open("currency")
    assert change.is_open("client_rate")
    assert change.is_open("time_zone")


def test_a_field_that_follows_another_is_open_when_that_changes_unless_it_was_written():
    before, after = TimeLog(project_id="old", currency="EUR"), TimeLog(project_id="new", currency="EUR")

    assert change_of(after, before).is_open("currency", after=["project_id"])
    assert not change_of(after, before, sent=["currency"]).is_open("currency", after=["project_id"])
    assert not change_of(after, before).is_open("currency", after=["user_id"])
    assert not change_of(after).is_open("currency", after=["project_id"])
