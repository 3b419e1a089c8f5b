"""What is promised of projects, tasks and subprojects: their life, and how they hang together."""

from datetime import date

import pytest

from clockwire.model.errors import EtagMismatch, FieldInvalid, HierarchyInvalid, ReferenceMissing
from clockwire.operations import records
from clockwire.v1.records_pb2 import (
    PROJECT_STATUS_ACTIVE,
    PROJECT_STATUS_CLOSED,
    TASK_STATUS_CLOSED,
    TASK_STATUS_IN_PROGRESS,
    TASK_STATUS_TODO,
    RecordKey,
)


@pytest.fixture
async def shop(books):
    return await books.create("project", project_name="Shop")


async def close(books, stored, **how):
    return await books.run(lambda it: records.close_record(it, RecordKey(id=stored.id), **how))


async def reopen(books, stored, **how):
    return await books.run(lambda it: records.reopen_record(it, RecordKey(id=stored.id), **how))


async def test_what_is_left_open_is_filled(books):
    client = await books.create("client", client_name="Acme", currency="EUR")
    project = (await books.create("project", project_name="Shop", client_id=client.id)).project
    task = (await books.create("task", task_name="Paint", project_id=project.project_id)).task
    phase = (await books.create("subproject", subproject_name="One", project_id=project.project_id)).subproject

    assert (project.status, project.currency, project.billable) == (PROJECT_STATUS_ACTIVE, "EUR", True)
    assert (task.status, task.currency, task.HasField("billable")) == (TASK_STATUS_TODO, "EUR", False)
    assert (phase.status, phase.currency) == (PROJECT_STATUS_ACTIVE, "EUR")
    assert (await books.create("project", project_name="Own")).project.currency == "USD"


async def test_a_period_does_not_end_before_it_begins(books, shop):
    with pytest.raises(FieldInvalid, match=r"record\.project\.finish_date"):
        await books.update(shop, start_date=date(2025, 1, 2), finish_date=date(2025, 1, 1))


async def test_closing_is_told_after_the_update_whichever_call_did_it(books, shop):
    closed = await books.update(shop, status=PROJECT_STATUS_CLOSED)
    opened = await books.update(shop, status=PROJECT_STATUS_ACTIVE)
    born_closed = await books.create("project", project_name="Old", status=PROJECT_STATUS_CLOSED)
    events = await books.events()

    assert [event.type for event in events] == [
        *("project.created", "project.updated", "project.closed", "project.updated", "project.reopened"),
        *("project.created", "project.closed"),
    ]
    assert (events[1].version, events[2].version, events[2].record) == (2, 2, closed)
    assert closed.project.HasField("close_time")
    assert not opened.project.HasField("close_time")
    assert born_closed.project.HasField("close_time")


async def test_closing_twice_is_one_closing(books, shop):
    task = await books.create("task", task_name="Paint", project_id=shop.id)
    first, second = await close(books, task), await close(books, task)
    opened, again = await reopen(books, task), await reopen(books, task)

    assert first.record.task.status == TASK_STATUS_CLOSED
    assert opened.record.task.status == TASK_STATUS_IN_PROGRESS
    assert [each.unchanged for each in (first, second, opened, again)] == [False, True, False, True]
    assert await books.types(2) == ["task.updated", "task.closed", "task.updated", "task.reopened"]


async def test_a_project_can_be_closed_with_all_its_parts(books, shop):
    task = await books.create("task", task_name="Paint", project_id=shop.id)
    phase = await books.create("subproject", subproject_name="One", project_id=shop.id)
    rate = await books.create("billingrate", project_id=shop.id, client_rate="1")
    await close(books, shop, close_children=True)

    assert (await books.read(task)).task.status == TASK_STATUS_CLOSED
    assert (await books.read(phase)).subproject.status == PROJECT_STATUS_CLOSED
    assert (await books.read(rate)).version == 1
    assert sorted(await books.types(4)) == [
        *("project.closed", "project.updated", "subproject.updated", "task.closed", "task.updated")
    ]


async def test_only_projects_and_tasks_are_closed(books, shop):
    client = await books.create("client", client_name="Acme")

    with pytest.raises(FieldInvalid, match="client"):
        await close(books, client)
    with pytest.raises(EtagMismatch):
        await close(books, shop, etag='"9"')
    with pytest.raises(EtagMismatch):
        await reopen(books, shop, etag='"9"')


async def test_a_subproject_belongs_to_the_project_of_its_task_and_parent(books, shop):
    other = await books.create("project", project_name="Other")
    phase = await books.create("subproject", subproject_name="One", project_id=other.id)

    with pytest.raises(HierarchyInvalid, match=r"task\.subproject_id"):
        await books.create("task", task_name="Paint", project_id=shop.id, subproject_id=phase.id)
    with pytest.raises(HierarchyInvalid, match="parent_id"):
        await books.create("subproject", subproject_name="Two", project_id=shop.id, parent_id=phase.id)
    with pytest.raises(FieldInvalid, match="may not be changed"):
        await books.change(phase, project_id=shop.id, paths=[])


async def test_subprojects_stand_at_most_ten_deep(books, shop):
    chain = [await books.create("subproject", subproject_name="0", project_id=shop.id)]
    for level in range(1, 10):
        above = chain[-1].id
        chain.append(await books.create("subproject", subproject_name=f"{level}", project_id=shop.id, parent_id=above))
    top = await books.create("subproject", subproject_name="top", project_id=shop.id)

    with pytest.raises(HierarchyInvalid, match="10 levels"):
        await books.create("subproject", subproject_name="11", project_id=shop.id, parent_id=chain[-1].id)
    with pytest.raises(HierarchyInvalid, match="10 levels"):
        await books.update(chain[0], parent_id=top.id)
    assert (await books.update(chain[1], parent_id=top.id)).version == 2


async def test_subprojects_do_not_stand_below_themselves(books, shop):
    one = await books.create("subproject", subproject_name="One", project_id=shop.id)
    two = await books.create("subproject", subproject_name="Two", project_id=shop.id, parent_id=one.id)

    for below in (one, two):
        with pytest.raises(HierarchyInvalid):
            await books.update(one, parent_id=below.id)


async def test_a_task_with_time_logs_stays_in_its_project(books, shop):
    other = await books.create("project", project_name="Other")
    user = await books.create("user", user_name="Ann")
    task = await books.create("task", task_name="Paint", project_id=shop.id)
    assert (await books.update(task, project_id=other.id)).task.project_id == other.id

    await books.create("timelog", user_id=user.id, task_id=task.id, date=date(2025, 1, 15), duration=1)

    with pytest.raises(HierarchyInvalid, match="project_id"):
        await books.update(task, project_id=shop.id)


async def test_a_task_counts_costs_in_its_own_currency_only(books, shop):
    user = await books.create("user", user_name="Ann")
    task = await books.create("task", task_name="Paint", project_id=shop.id)
    times = {"user_id": user.id, "task_id": task.id, "date": date(2025, 1, 15), "duration": 1}
    await books.create("timelog", **times, client_rate="10")
    await books.create("timelog", **times, client_rate="7", currency="EUR")

    assert (await books.read(task)).task.actual_cost.value == "10.00"
    assert (await books.update(task, currency="EUR")).task.actual_cost.value == "7.00"


async def test_assigned_users_exist(books, shop):
    with pytest.raises(ReferenceMissing, match="assigned_user_ids"):
        await books.create("task", task_name="Paint", project_id=shop.id, assigned_user_ids=[shop.id])
