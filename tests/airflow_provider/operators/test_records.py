"""Tasks that write and read records, against a real server."""

import json
import uuid
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from clockwire.client.errors import RecordInUse, RecordNotFound
from clockwire_provider.operators.records import (
    ClockwireCreateRecordOperator,
    ClockwireDeleteRecordOperator,
    ClockwireGetRecordOperator,
    ClockwireUpdateRecordOperator,
)
from tests.support.tasks import OneTaskInstance, context_of

pytestmark = pytest.mark.usefixtures("connection")


@pytest.fixture
def ti():
    """A task instance that no other test has."""
    return OneTaskInstance(run_id=str(uuid.uuid4()))


def create(ti, **fields):
    task = ClockwireCreateRecordOperator(
        task_id="create", record_type="project", fields={"project_name": "Website", **fields}
    )
    return task.execute(context_of(ti))


def test_a_record_is_stored_and_returned_as_json(client, ti):
    record = create(ti, ClientRate="125.50", estimated_time="1:30", start_date="2026-01-05")

    assert json.loads(json.dumps(record)) == record
    assert client.get("project", record["id"]).project.client_rate.value == "125.50"
    assert (record["estimated_time"], record["start_date"], record["status"]) == ("5400s", "2026-01-05", "Active")


def test_a_retry_is_the_same_write(ti):
    first = create(ti)
    ti.try_number = 2

    assert create(ti) == first


def test_each_mapped_task_writes_its_own_record(ti):
    first = create(ti)
    ti.map_index = 1

    assert create(ti)["id"] != first["id"]


def test_a_retry_with_other_values_fails_for_good(ti):
    create(ti)

    with pytest.raises(AirflowFailException, match="REQUEST_ID_REUSED"):
        create(ti, folder="Shop")


def test_the_place_after_the_write_is_pushed(client, ti):
    record = create(ti)

    assert client.pull(ti.xcoms["cursor"]).events == ()
    (event_id,) = ti.xcoms["event_ids"]
    events = {event.id: event for event in client.watch("earliest", follow=False)}
    assert events[event_id].record_id == record["id"]


def test_a_write_says_which_dag_caused_it(client, ti):
    create(ti)

    *_, last = client.watch("earliest", follow=False)
    assert last.causation_id == "airflow:payroll"


def test_values_that_cannot_be_meant_fail_for_good_by_name(ti):
    with pytest.raises(AirflowFailException, match="start_date: 'soon' is not a day"):
        create(ti, start_date="soon")
    with pytest.raises(AirflowFailException, match="project has no field 'colour'"):
        create(ti, colour="red")


def test_an_update_writes_only_what_it_names(ti):
    record = create(ti, folder="Shop", purchase_order="PO-1")
    ti.task_id = "update"
    task = ClockwireUpdateRecordOperator(
        task_id="update",
        record_type="project",
        record_id=record["id"],
        fields={"folder": "North", "purchase_order": None},
    )

    updated = task.execute(context_of(ti))

    assert (updated["folder"], updated["purchase_order"], updated["project_name"]) == ("North", None, "Website")
    assert ti.xcoms["created"] is False


def test_an_upsert_creates_once_and_then_updates(ti):
    external_id = str(uuid.uuid4())

    def upsert(name):
        ti.run_id = str(uuid.uuid4())
        task = ClockwireUpdateRecordOperator(
            task_id="upsert",
            record_type="client",
            external_id=external_id,
            allow_missing=True,
            fields={"client_name": name},
        )
        return task.execute(context_of(ti)), ti.xcoms["created"]

    first, created = upsert("Acme")
    second, created_again = upsert("Acme Tools")

    assert (created, created_again) == (True, False)
    assert second["id"] == first["id"]
    assert second["client_name"] == "Acme Tools"


def test_an_update_with_an_old_etag_does_not_overwrite(ti):
    record = create(ti)
    task = ClockwireUpdateRecordOperator(
        task_id="update", record_type="project", record_id=record["id"], etag='"99"', fields={"folder": "North"}
    )

    with pytest.raises(Exception, match="ETAG_MISMATCH"):
        task.execute(context_of(OneTaskInstance(run_id=str(uuid.uuid4()))))


def test_a_record_is_read_by_either_id(ti):
    external_id = str(uuid.uuid4())
    record = create(ti, external_id=external_id)

    by_id = ClockwireGetRecordOperator(task_id="a", record_type="project", record_id=record["id"])
    by_external_id = ClockwireGetRecordOperator(task_id="b", record_type="project", external_id=external_id)

    assert by_id.execute(context_of(ti)) == by_external_id.execute(context_of(ti)) == record


def test_a_missing_record_fails_unless_it_may_be_missing(ti):
    unknown = str(uuid.uuid4())

    with pytest.raises(RecordNotFound):
        ClockwireGetRecordOperator(task_id="a", record_type="project", record_id=unknown).execute(context_of(ti))

    lenient = ClockwireGetRecordOperator(task_id="b", record_type="project", record_id=unknown, allow_missing=True)
    assert lenient.execute(context_of(ti)) is None


def test_what_others_refer_to_is_deleted_only_by_force(client, ti):
    record = create(ti)
    client.create("task", task_name="Design", project_id=record["id"])

    def delete(run_id, **options):
        task = ClockwireDeleteRecordOperator(task_id="d", record_type="project", record_id=record["id"], **options)
        return task.execute(context_of(OneTaskInstance(task_id="d", run_id=run_id)))

    with pytest.raises(RecordInUse):
        delete(f"{ti.run_id}-1")
    assert delete(f"{ti.run_id}-2", force=True) == {"deleted_count": 2}
    assert delete(f"{ti.run_id}-3", allow_missing=True) == {"deleted_count": 0}


@pytest.mark.parametrize(
    "operator", [ClockwireGetRecordOperator, ClockwireDeleteRecordOperator, ClockwireUpdateRecordOperator]
)
def test_a_record_is_named_in_one_way(operator):
    more: dict[str, Any] = {"fields": {}} if operator is ClockwireUpdateRecordOperator else {}
    for key in ({}, {"record_id": "a", "external_id": "b"}):
        with pytest.raises(ValueError, match="exactly one of them"):
            operator(task_id="t", record_type="project", **key, **more)
