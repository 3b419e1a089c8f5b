"""What is promised of timers: one that runs for each user, and a time log in the transaction that stops it."""

from datetime import timedelta

import pytest

from clockwire.model.errors import (
    EtagMismatch,
    FieldInvalid,
    TimerNotRunning,
    TimerRunning,
)
from clockwire.model.instants import DAY, HOUR, MINUTE, SECOND, of_timestamp, to_text, to_timestamp
from clockwire.operations.timers import Stopped
from clockwire.v1.records_pb2 import (
    BILLING_TYPE_PROJECT_RATE,
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


async def test_a_timer_starts_now_and_follows_its_task_to_project_client_and_defaults(books, timing, ann, paint, clock):
    timer = (await timing.start(ann, task_id=paint.id, description="Walls", tags=["night"])).timer

    assert (timer.state, timer.version, timer.etag) == (Timer.STATE_RUNNING, 1, '"1"')
    assert of_timestamp(timer.start_time) == clock()
    assert (timer.user_name, timer.task_name, timer.project_name, timer.client_name) == ("Ann", "Paint", "Shop", "Acme")
    assert (timer.time_zone, timer.billable, timer.tags[0].name) == ("Europe/Berlin", True, "night")
    assert not timer.HasField("stop_time")
    assert await timing.read(timer) == timer == await timing.running(ann)
    last = (await books.events())[-1]
    assert (last.type, last.record_type, last.record_id, last.version) == ("timer.started", 0, timer.id, 1)
    assert last.timer == timer
    assert not last.HasField("record")


async def test_stopping_writes_the_time_log_of_the_same_id_in_the_same_transaction(books, timing, ann, paint, clock):
    timer = (await timing.start(ann, task_id=paint.id, description="Walls", tags=["night"])).timer
    clock.forward(1.5 * AN_HOUR)
    stopped = await timing.stop(timer)

    ended, log = stopped.timer, stopped.time_log
    assert (ended.state, ended.version, hours(ended.duration)) == (Timer.STATE_STOPPED, 2, 1.5)
    assert ended.stop_time == to_timestamp(clock())
    assert (log.id, log.time_log.time_log_id, log.version) == (timer.id, timer.id, 1)
    assert (log.time_log.start_time, log.time_log.end_time) == (timer.start_time, ended.stop_time)
    assert (log.time_log.description, log.time_log.tags) == ("Walls", timer.tags)
    assert (log.time_log.manually_entered, log.time_log.billable) == (False, True)
    assert log.time_log.HasField("manually_entered")
    assert (log.time_log.client_rate.value, log.time_log.client_cost.value) == ("100", "150.00")
    assert (log.time_log.project_name, log.time_log.client_name, log.time_log.currency) == ("Shop", "Acme", "EUR")
    assert await books.read(log) == log
    told, born = (await books.events())[-2:]
    assert (told.type, born.type) == ("timer.stopped", "timelog.created")
    assert (told.timer, born.record) == (ended, log)
    assert told.transaction_id == born.transaction_id
    assert (told.transaction_size, told.record_id) == (2, born.record_id)
    assert await timing.running(ann) is None


async def test_the_task_counts_the_time_of_a_timer(books, timing, ann, paint, clock):
    await timing.start(ann, task_id=paint.id)
    clock.forward(2 * AN_HOUR)
    await timing.stop(user=ann)

    task = (await books.read(paint)).task
    assert (hours(task.actual_time), task.actual_cost.value) == (2, "200.00")


async def test_a_log_may_be_changed_and_deleted_like_any_other(books, timing, ann, clock):
    await timing.start(ann)
    clock.forward(AN_HOUR)
    log = (await timing.stop(user=ann)).time_log

    assert (await books.update(log, description="Later")).version == 2
    assert await books.delete(log) == 1


async def test_a_user_has_one_timer_that_runs(books, timing, ann, clock):
    bob = await books.create("user", user_name="Bob")
    first = (await timing.start(ann)).timer
    with pytest.raises(TimerRunning) as refused:
        await timing.start(ann)
    await timing.start(bob)

    assert refused.value.metadata == {"timer_id": first.id, "user_id": ann.id}
    assert await timing.running(ann) == first


async def test_a_start_may_stop_the_running_one_in_one_transaction(books, timing, ann, clock):
    first = (await timing.start(ann, description="One")).timer
    clock.forward(AN_HOUR)
    started = await timing.start(ann, stop_running=True, description="Two")

    assert started.stopped == Stopped(
        timer=await timing.read(first), time_log=await books.read(started.stopped.time_log)
    )
    assert started.timer.start_time == started.stopped.timer.stop_time == to_timestamp(clock())
    assert await timing.running(ann) == started.timer
    events = (await books.events())[-3:]
    assert [each.type for each in events] == ["timer.stopped", "timelog.created", "timer.started"]
    assert {(each.transaction_id, each.transaction_size) for each in events} == {(events[0].transaction_id, 3)}


async def test_a_start_in_the_past_stops_the_running_one_there(timing, ann, clock):
    await timing.start(ann)
    clock.forward(2 * AN_HOUR)
    begin = clock() - 30 * MINUTE
    started = await timing.start(ann, stop_running=True, start_time=to_text(begin))

    assert (of_timestamp(started.timer.start_time), hours(started.stopped.timer.duration)) == (begin, 1.5)


async def test_a_start_before_the_running_one_began_changes_nothing(books, timing, ann, clock):
    first = (await timing.start(ann)).timer
    events = await books.events()
    for start in (clock(), clock() - HOUR):
        with pytest.raises(FieldInvalid, match=r"timer\.start_time: must be after the start"):
            await timing.start(ann, stop_running=True, start_time=to_text(start))

    assert await books.events() == events
    assert await timing.running(ann) == first


async def test_a_timer_that_is_stopped_the_moment_it_started_has_run_for_a_microsecond(timing, ann):
    first = (await timing.start(ann)).timer
    second = (await timing.start(ann, stop_running=True)).timer
    stopped = await timing.stop(second)

    assert of_timestamp(second.start_time) == of_timestamp(first.start_time) + 1
    assert (stopped.time_log.time_log.duration.nanos, stopped.timer.duration.nanos) == (1_000, 1_000)


async def test_nothing_is_started_if_the_running_one_cannot_be_stopped(books, timing, ann, clock):
    await timing.start(ann)
    clock.forward(25 * AN_HOUR)
    events = await books.events()
    with pytest.raises(FieldInvalid, match=r"25\.0 h after the start .* at most 24: say when work ended, or discard"):
        await timing.start(ann, stop_running=True)

    assert await books.events() == events


@pytest.mark.parametrize(("ago", "refused"), [(0, False), (DAY, False), (-1, True), (DAY + 1, True)])
async def test_a_start_lies_in_the_last_24_hours(timing, ann, clock, ago, refused):
    start = to_timestamp(clock() - ago)
    if refused:
        with pytest.raises(FieldInvalid, match=r"timer\.start_time"):
            await timing.start(ann, start_time=start.ToDatetime().isoformat() + "Z")
    else:
        assert (await timing.start(ann, start_time=start.ToDatetime().isoformat() + "Z")).timer.start_time == start


@pytest.mark.parametrize(("after", "refused"), [(SECOND, False), (2 * HOUR, False), (0, True), (2 * HOUR + 1, True)])
async def test_a_stop_lies_after_the_start_and_not_in_the_future(timing, ann, clock, after, refused):
    timer = (await timing.start(ann)).timer
    clock.forward(2 * AN_HOUR)
    stop_time = of_timestamp(timer.start_time) + after
    if refused:
        with pytest.raises(FieldInvalid, match="stop_time"):
            await timing.stop(timer, stop_time=stop_time)
    else:
        assert of_timestamp((await timing.stop(timer, stop_time=stop_time)).time_log.time_log.end_time) == stop_time


async def test_a_forgotten_timer_is_stopped_within_24_hours_or_discarded(timing, ann, clock):
    timer = (await timing.start(ann)).timer
    clock.forward(60 * AN_HOUR)
    with pytest.raises(FieldInvalid, match=r"stop_time: is 60\.0 h after"):
        await timing.stop(timer)
    stopped = await timing.stop(timer, stop_time=of_timestamp(timer.start_time) + DAY)
    again = (await timing.start(ann)).timer
    clock.forward(60 * AN_HOUR)

    assert hours(stopped.time_log.time_log.duration) == 24
    assert (await timing.discard(again)).state == Timer.STATE_DISCARDED


async def test_a_stop_may_say_what_was_done_and_must_name_the_current_version(books, timing, ann, clock):
    timer = (await timing.start(ann, description="Planned")).timer
    clock.forward(AN_HOUR)
    with pytest.raises(EtagMismatch):
        await timing.stop(timer, etag='"7"')
    stopped = await timing.stop(timer, description="Done", etag=timer.etag)

    assert (stopped.timer.description, stopped.time_log.time_log.description) == ("Done", "Done")


async def test_a_second_stop_is_no_change_and_gives_the_log_as_it_is_now(books, timing, ann, clock):
    await timing.start(ann)
    clock.forward(AN_HOUR)
    first = await timing.stop(user=ann)
    changed = await books.update(first.time_log, description="Later")
    events = await books.events()

    assert await timing.stop(first.timer) == Stopped(timer=first.timer, time_log=changed)
    assert await books.events() == events
    await books.delete(changed)
    assert (await timing.stop(first.timer)).time_log is None


async def test_discarding_writes_no_time_log(books, timing, ann, clock):
    timer = (await timing.start(ann)).timer
    clock.forward(AN_HOUR)
    discarded = await timing.discard(user=ann)
    types = await books.types()

    assert (discarded.id, discarded.state, discarded.version) == (timer.id, Timer.STATE_DISCARDED, 2)
    assert (of_timestamp(discarded.stop_time), discarded.HasField("duration")) == (clock(), False)
    assert types[-2:] == ["timer.started", "timer.discarded"]
    assert await timing.discard(timer) == discarded
    assert await books.types() == types


async def test_what_has_ended_cannot_be_ended_in_another_way_or_changed(timing, ann, clock):
    stopped = (await timing.start(ann)).timer
    clock.forward(AN_HOUR)
    await timing.stop(stopped)
    discarded = (await timing.start(ann)).timer
    await timing.discard(discarded)

    for ending in (timing.discard(stopped), timing.stop(discarded), timing.update(stopped, description="x")):
        with pytest.raises(TimerNotRunning):
            await ending
    with pytest.raises(TimerNotRunning) as refused:
        await timing.stop(user=ann)
    assert refused.value.metadata == {"user_id": ann.id, "timer_id": "", "state": ""}
