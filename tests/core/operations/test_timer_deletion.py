"""What becomes of a timer that runs when something it refers to is deleted."""

import pytest

from clockwire.model.errors import RecordInUse
from clockwire.v1.timers_pb2 import Timer


@pytest.fixture
async def ann(books):
    return await books.create("user", user_name="Ann")


@pytest.fixture
async def shop(books):
    return await books.create("project", project_name="Shop")


@pytest.fixture
async def paint(books, shop):
    return await books.create("task", task_name="Paint", project_id=shop.id)


async def test_what_a_running_timer_refers_to_is_in_use(books, timing, ann, shop, paint):
    category = await books.create("category", category_name="Work")
    phase = await books.create("subproject", subproject_name="Phase", project_id=shop.id)
    places = {"task_id": paint.id, "subproject_id": phase.id, "category_id": category.id}
    timer = (await timing.start(ann, **places)).timer
    events = await books.events()

    for each in (ann, paint, phase, category):
        with pytest.raises(RecordInUse) as refused:
            await books.delete(each)
        assert refused.value.users == [f"timer {timer.id}"]
    with pytest.raises(RecordInUse):
        await books.delete(shop)
    assert await books.events() == events


@pytest.mark.parametrize("owner", ["ann", "shop"])
async def test_with_its_user_or_project_a_timer_is_discarded(timing, ann, shop, paint, owner):
    books = timing.books
    timer = (await timing.start(ann, task_id=paint.id)).timer
    start = len(await books.events())
    await books.delete({"ann": ann, "shop": shop}[owner], force=True)

    discarded = await timing.read(timer)
    assert (discarded.state, discarded.user_name, discarded.project_name) == (Timer.STATE_DISCARDED, "Ann", "Shop")
    types = await books.types(start)
    deleted = ["user.deleted"] if owner == "ann" else ["task.deleted", "project.deleted"]
    assert types == ["timer.discarded", *deleted]
    assert len({each.transaction_id for each in (await books.events())[start:]}) == 1
    assert await timing.list() == []


async def test_another_reference_is_cleared(books, timing, ann, paint, shop):
    category = await books.create("category", category_name="Work")
    timer = (await timing.start(ann, task_id=paint.id, category_id=category.id)).timer
    start = len(await books.events())
    await books.delete(paint, force=True)
    await books.delete(category, force=True)

    running = await timing.running(ann)
    assert (running.task_id, running.task_name, running.category_id, running.category_name) == ("", "", "", "")
    assert (running.project_name, running.version) == ("Shop", 3)
    assert await books.types(start) == ["timer.updated", "task.deleted", "timer.updated", "category.deleted"]
    assert (await books.events())[start].changed_paths.paths == ["task_id"]
    assert (await timing.stop(timer)).time_log.time_log.project_id == shop.id


async def test_a_timer_that_has_ended_is_in_nobodys_way(books, timing, ann, shop):
    discarded = await timing.discard((await timing.start(ann, project_id=shop.id)).timer)
    start = len(await books.events())
    await books.delete(shop)
    await books.delete(ann)

    assert await timing.read(discarded) == discarded
    assert await books.types(start) == ["project.deleted", "user.deleted"]


async def test_records_of_other_types_do_not_mind_timers(books, timing, ann, shop):
    client = await books.create("client", client_name="Acme")
    await books.update(shop, client_id=client.id)
    timer = (await timing.start(ann, project_id=shop.id)).timer
    await books.delete(client, force=True)

    assert (await timing.read(timer)).client_id == ""
    assert (await timing.read(timer)).version == 1
