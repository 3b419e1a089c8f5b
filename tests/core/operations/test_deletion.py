"""What is promised of deletions: nobody loses what they refer to unless it is meant, and then everyone is told."""

from datetime import date

import pytest

from clockwire.model.errors import EtagMismatch, RecordInUse
from clockwire.model.mutations import Deletion
from clockwire.operations.deletion import MOST_DELETED
from clockwire.operations.records import delete_record
from clockwire.v1.records_pb2 import RecordKey
from tests.support.bookkeeping import creation

DAY = date(2025, 1, 15)


@pytest.fixture
async def shop(books):
    client = await books.create("client", client_name="Acme")
    return await books.create("project", project_name="Shop", client_id=client.id)


@pytest.fixture
async def ann(books):
    return await books.create("user", user_name="Ann")


async def test_what_is_in_use_is_not_deleted(books, shop, ann):
    task = await books.create("task", task_name="Paint", project_id=shop.id, assigned_user_ids=[ann.id])

    with pytest.raises(RecordInUse) as refused:
        await books.delete(ann)
    assert refused.value.users == [f"task {task.id}"]
    with pytest.raises(RecordInUse):
        await books.delete(shop)
    assert (await books.read(shop)) == shop


async def test_by_force_goes_what_can_not_be_without_it(books, shop, ann):
    task = await books.create("task", task_name="Paint", project_id=shop.id)
    phase = await books.create("subproject", subproject_name="One", project_id=shop.id)
    log = await books.create("timelog", user_id=ann.id, task_id=task.id, subproject_id=phase.id, date=DAY, duration=1)
    taxi = await books.create("expense", user_id=ann.id, project_id=shop.id, date=DAY, amount="1")
    rate = await books.create("billingrate", project_id=shop.id, client_rate="1")
    seen = len(await books.events())

    assert await books.delete(shop, force=True) == 6

    events = (await books.events())[seen:]
    deleted = [event.record_id for event in events if event.type.endswith(".deleted")]
    assert sorted(deleted) == sorted(each.id for each in (shop, task, phase, log, taxi, rate))
    assert deleted[-1] == shop.id
    assert len({event.transaction_id for event in events}) == 1


async def test_other_references_are_cleared_and_told(books, shop, ann):
    task = await books.create("task", task_name="Paint", project_id=shop.id, assigned_user_ids=[ann.id])
    client = shop.project.client_id
    log = await books.create("timelog", user_id=ann.id, task_id=task.id, date=DAY, duration=1)
    await books.run(lambda it: delete_record(it, Deletion(key=RecordKey(id=client), force=True)))
    await books.delete(task, force=True)

    left = await books.read(log)
    assert (left.time_log.task_id, left.time_log.project_id, left.time_log.client_id) == ("", shop.id, "")
    assert left.version == 3
    assert (await books.read(shop)).project.client_id == ""
    told = (await books.types())[-5:]
    assert sorted(told[:2]) == ["project.updated", "timelog.updated"]
    assert told[2:] == ["client.deleted", "timelog.updated", "task.deleted"]


async def test_deleting_a_user_leaves_tasks_without_him(books, shop, ann):
    bo = await books.create("user", user_name="Bo")
    task = await books.create("task", task_name="Paint", project_id=shop.id, assigned_user_ids=[ann.id, bo.id])
    log = {"task_id": task.id, "date": DAY, "duration": 1, "client_rate": "10"}
    await books.create("timelog", user_id=ann.id, **log)
    await books.create("timelog", user_id=bo.id, **log)

    assert await books.delete(ann, force=True) == 2

    left = (await books.read(task)).task
    assert list(left.assigned_user_ids) == [bo.id]
    assert left.actual_cost.value == "10.00"


async def test_a_deletion_may_insist_on_a_version(books, shop):
    with pytest.raises(EtagMismatch):
        await books.delete(shop, etag='"9"')
    assert await books.delete(shop, etag='"1"') == 1


async def test_what_was_made_and_deleted_in_one_batch_leaves_two_events(books, shop):
    made = creation("task", id="0190a0a0-0000-7000-8000-000000000001", task_name="Paint", project_id=shop.id)
    gone = Deletion(key=RecordKey(id=made.record.id))
    await books.batch(made, gone)
    seen = await books.types(2)

    assert seen == ["task.created", "task.deleted"]
    assert await books.delete(shop) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # it takes long, and asks nothing of the database
@pytest.mark.timeout(180)
async def test_too_many_are_not_deleted_at_once(books, shop):
    for start in range(0, MOST_DELETED, 500):
        tasks = [creation("task", task_name=f"{each}", project_id=shop.id) for each in range(start, start + 500)]
        await books.batch(*tasks)

    with pytest.raises(RecordInUse):
        await books.delete(shop, force=True)
    assert (await books.read(shop)) == shop
