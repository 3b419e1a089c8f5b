"""What is promised of timers while they run: how they are changed, what they may refer to, how they are found."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from clockwire.model.errors import (
    EtagMismatch,
    FieldInvalid,
    HierarchyInvalid,
    IdTaken,
    MaskInvalid,
    RecordClosed,
    ReferenceMissing,
    ResourceNotFound,
)
from clockwire.model.identifiers import new_id
from clockwire.model.instants import HOUR, MINUTE, to_text
from clockwire.storage.tables import timer as timer_table
from clockwire.v1.records_pb2 import (
    BILLING_TYPE_NON_BILLABLE,
    BILLING_TYPE_PROJECT_RATE,
    PROJECT_STATUS_CLOSED,
    PROJECT_STATUS_ON_HOLD,
    TASK_STATUS_CLOSED,
)
from clockwire.v1.timers_pb2 import Timer
from tests.support.bookkeeping import hours

AN_HOUR = timedelta(hours=1)


@pytest.fixture
async def ann(books):
    return await books.create("user", user_name="Ann", time_zone="Europe/Berlin")


@pytest.fixture
async def shop(books):
    client = await books.create("client", client_name="Acme", currency="EUR")
    priced = {"billing_type": BILLING_TYPE_PROJECT_RATE, "client_rate": "100"}
    return await books.create("project", project_name="Shop", client_id=client.id, billable=True, **priced)


@pytest.fixture
async def paint(books, shop):
    return await books.create("task", task_name="Paint", project_id=shop.id)


async def test_an_update_changes_the_named_fields_and_says_which(timing, ann, shop, paint, clock):
    books = timing.books
    timer = (await timing.start(ann, description="One", tags=["a"])).timer
    changed = await timing.update(timer, task_id=paint.id, description="Two", paths=["task_id", "description", "tags"])
    last = (await books.events())[-1]

    assert (changed.project_id, changed.project_name, changed.billable) == (shop.id, "Shop", True)
    assert (changed.description, len(changed.tags), changed.version) == ("Two", 0, 2)
    assert (last.type, last.timer) == ("timer.updated", changed)
    assert last.changed_paths.paths == ["project_id", "task_id", "description", "billable", "tags"]
    assert (await timing.update(changed, description="Two")) == changed
    assert (await books.events())[-1] == last


async def test_an_update_may_clear_and_keeps_what_is_not_named(timing, ann, paint):
    timer = (await timing.start(ann, task_id=paint.id, description="One")).timer
    cleared = await timing.update(timer, paths=["task_id", "project_id"])

    assert (cleared.task_id, cleared.project_id, cleared.project_name, cleared.client_id) == ("", "", "", "")
    assert cleared.description == "One"


async def test_what_an_update_may_not_do_is_refused(timing, ann, paint, books, clock):
    timer = (await timing.start(ann)).timer
    bob = await books.create("user", user_name="Bob")
    other = await books.create("project", project_name="Other")

    with pytest.raises(MaskInvalid):
        await timing.update(timer, paths=["state"])
    with pytest.raises(FieldInvalid, match="may not be changed"):
        await timing.update(timer, user_id=bob.id)
    with pytest.raises(EtagMismatch):
        await timing.update(timer, etag='"9"', description="x")
    with pytest.raises(HierarchyInvalid):
        await timing.update(timer, task_id=paint.id, project_id=other.id)
    with pytest.raises(FieldInvalid, match=r"timer\.start_time"):
        await timing.update(timer, start_time=to_text(clock() + HOUR))
    with pytest.raises(ResourceNotFound):
        await timing.update(Timer(id=new_id(0)), description="x")
    assert await timing.read(timer) == timer


async def test_a_start_may_be_corrected_while_the_timer_runs(timing, ann, clock):
    timer = (await timing.start(ann)).timer
    clock.forward(AN_HOUR)
    corrected = await timing.update(timer, start_time=to_text(clock() - 15 * MINUTE))

    assert hours((await timing.stop(corrected)).timer.duration) == 0.25


async def test_references_must_exist_and_fit_together(books, timing, ann, paint):
    other = await books.create("project", project_name="Other")
    with pytest.raises(ReferenceMissing, match=r"timer\.project_id"):
        await timing.start(ann, project_id=new_id(0))
    with pytest.raises(ReferenceMissing, match=r"timer\.user_id"):
        await timing.start(paint)
    with pytest.raises(HierarchyInvalid, match=r"timer\.task_id"):
        await timing.start(ann, task_id=paint.id, project_id=other.id)


async def test_an_id_is_reserved_for_the_time_log(books, timing, ann, clock):
    id_ = new_id(0)
    timer = (await timing.start(ann, id=id_)).timer
    with pytest.raises(IdTaken):
        await books.create("client", id=id_, client_name="Acme")
    await timing.discard(timer)
    gone = await books.create("client", client_name="Acme")
    await books.delete(gone)

    assert timer.id == id_
    for taken in (id_, ann.id, gone.id):
        with pytest.raises(IdTaken):
            await timing.start(ann, id=taken)


@pytest.mark.parametrize("status", [PROJECT_STATUS_CLOSED, PROJECT_STATUS_ON_HOLD])
async def test_a_timer_starts_on_and_moves_to_only_what_is_open(timing, ann, shop, paint, status):
    books = timing.books
    timer = (await timing.start(ann)).timer
    bob = await books.create("user", user_name="Bob", active=False)
    await books.update(shop, status=status)

    with pytest.raises(RecordClosed):
        await timing.update(timer, project_id=shop.id)
    with pytest.raises(RecordClosed):
        await timing.start(ann, stop_running=True, task_id=paint.id)
    with pytest.raises(RecordClosed):
        await timing.start(bob)
    assert await timing.running(ann) == timer


async def test_what_is_closed_while_a_timer_runs_costs_no_time(timing, ann, shop, paint, clock):
    books = timing.books
    timer = (await timing.start(ann, task_id=paint.id)).timer
    await books.update(paint, status=TASK_STATUS_CLOSED)
    await books.update(shop, status=PROJECT_STATUS_CLOSED)
    await books.update(ann, active=False)
    clock.forward(AN_HOUR)
    described = await timing.update(timer, description="Nearly done")

    assert (await timing.stop(described)).time_log.time_log.task_id == paint.id


async def test_what_changes_around_a_timer_is_no_reason_to_lose_its_time(timing, ann, shop, paint, clock):
    books = timing.books
    phase = await books.create("subproject", subproject_name="Phase 1", project_id=shop.id)
    other = await books.create("project", project_name="Other", billing_type=BILLING_TYPE_PROJECT_RATE)
    timer = (await timing.start(ann, task_id=paint.id, subproject_id=phase.id)).timer
    await books.update(paint, project_id=other.id)
    await books.update(other, billing_type=BILLING_TYPE_NON_BILLABLE)
    clock.forward(AN_HOUR)
    log = (await timing.stop(timer)).time_log.time_log

    assert (log.project_id, log.subproject_id, log.billable) == (other.id, "", False)


async def test_a_check_only_starts_nothing(books, timing, ann):
    events = await books.events()
    assert (await timing.start(ann, dry=True)).timer.version == 1
    assert await books.events() == events
    assert await timing.running(ann) is None


async def test_the_labels_of_a_running_timer_are_those_of_now(books, timing, ann, shop, clock):
    timer = (await timing.start(ann, project_id=shop.id)).timer
    await books.update(shop, project_name="Store")
    assert (await timing.read(timer)).project_name == "Store"
    stopped = (await timing.stop(timer)).timer
    await books.update(shop, project_name="Market")

    assert (await timing.read(stopped)).project_name == "Store"
    assert (await timing.read(stopped)).client_name == "Acme"


async def test_timers_are_listed_oldest_start_first(books, timing, clock):
    people = [await books.create("user", user_name=name) for name in "abc"]
    shop = await books.create("project", project_name="Shop")
    first = (await timing.start(people[0], project_id=shop.id)).timer
    clock.forward(AN_HOUR)
    second = (await timing.start(people[1], start_time=to_text(clock() - 3 * HOUR))).timer
    third = (await timing.start(people[2])).timer
    ended = await timing.discard(first)

    assert await timing.list() == [second, third]
    assert await timing.list(include_ended=True) == [second, ended, third]
    assert await timing.list(include_ended=True, project_ids=[shop.id]) == [ended]
    assert await timing.list(user_ids=[people[2].id, people[0].id]) == [third]
    assert await timing.list(started_before=clock()) == [second]


async def test_the_database_itself_lets_no_user_have_two(books, timing, ann):
    """The last line of defence, should two writers ever not be one after the other."""
    await timing.start(ann)
    row = select(timer_table).where(timer_table.c.user_id == ann.id)

    def insert_second(transaction):
        stored = transaction.connection.execute(row).mappings().one()
        transaction.connection.execute(timer_table.insert().values({**stored, "id": new_id(0)}))

    with pytest.raises(Exception, match=r"(?i)unique"):
        await books.run(insert_second)
    count = select(func.count()).select_from(timer_table)
    assert await books.work.database.read(lambda connection: connection.execute(count).scalar_one()) == 1
