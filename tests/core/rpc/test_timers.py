"""TimerService over a real socket."""

from datetime import timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.client.errors import (
    FieldInvalid,
    IdTaken,
    PageTokenInvalid,
    RecordClosed,
    RequestIdReused,
    ResourceNotFound,
    ScopeMissing,
    TimerNotRunning,
    TimerRunning,
)
from clockwire.model.identifiers import new_id
from clockwire.v1 import subscription_service_pb2
from clockwire.v1 import timer_service_pb2 as messages
from clockwire.v1.events_pb2 import EventView
from clockwire.v1.timers_pb2 import Timer
from tests.support.server import ON_SQLITE

STOP = messages.StartTimerRequest.ON_RUNNING_STOP
AN_HOUR = timedelta(hours=1)


@pytest.fixture
async def client(server):
    """A caller who may do everything."""
    async with server.client() as client:
        yield client


@pytest.fixture
async def ann(client):
    return (await client.create("user", user_name="Ann")).record


def beginning(user, **options):
    return messages.StartTimerRequest(timer=Timer(user_id=user.id, description="Walls"), **options)


async def test_a_timer_goes_through_its_whole_life(server, client, ann):
    started = await client.timers.StartTimer(beginning(ann))
    sent = Timer(id=started.timer.id, description="Ceiling", etag=started.timer.etag)
    server.clock.forward(AN_HOUR)
    changed = await client.timers.UpdateTimer(
        messages.UpdateTimerRequest(timer=sent, update_mask=FieldMask(paths=["description"]))
    )
    read = await client.timers.GetTimer(messages.GetTimerRequest(timer_id=started.timer.id))
    stopped = await client.timers.StopTimer(messages.StopTimerRequest(user_id=ann.id))

    assert read.timer == changed.timer
    assert stopped.time_log == await client.get("timelog", started.timer.id)
    assert stopped.time_log.time_log.description == "Ceiling"
    assert [len(each.mutation.event_ids) for each in (started, changed, stopped)] == [1, 1, 2]
    events = [each async for each in client.watch(started.mutation.cursor, follow=False)]
    assert [each.type for each in events] == ["timer.updated", "timer.stopped", "timelog.created"]
    assert events[-1].cursor == stopped.mutation.cursor
    again = await client.timers.StopTimer(messages.StopTimerRequest(timer_id=started.timer.id))
    assert (again.timer, again.time_log, [*again.mutation.event_ids]) == (stopped.timer, stopped.time_log, [])
    assert again.mutation.cursor == stopped.mutation.cursor


async def test_a_start_that_stops_answers_with_the_time_log(server, client, ann):
    first = (await client.timers.StartTimer(beginning(ann))).timer
    server.clock.forward(AN_HOUR)
    second = await client.timers.StartTimer(beginning(ann, on_running=STOP))

    assert second.stopped_time_log == await client.get("timelog", first.id)
    assert len(second.mutation.event_ids) == 3
    with pytest.raises(TimerRunning) as refused:
        await client.timers.StartTimer(beginning(ann))
    assert refused.value.metadata == {"timer_id": second.timer.id, "user_id": ann.id}


async def test_a_repeated_request_is_one_write(client, ann):
    request = beginning(ann, request_id=new_id(0))
    first, second = await client.timers.StartTimer(request), await client.timers.StartTimer(request)
    request.timer.description = "Other"

    assert second.timer == first.timer
    assert (first.mutation.replayed, second.mutation.replayed) == (False, True)
    with pytest.raises(RequestIdReused):
        await client.timers.StartTimer(request)


async def test_a_validation_stores_nothing(server, client, ann):
    checked = await client.timers.StartTimer(beginning(ann, validate_only=True))
    assert (checked.timer.version, checked.HasField("mutation")) == (1, False)
    with pytest.raises(ResourceNotFound):
        await client.timers.GetTimer(messages.GetTimerRequest(timer_id=checked.timer.id))
    await client.timers.StartTimer(beginning(ann))
    server.clock.forward(AN_HOUR)

    for asked in (
        client.timers.StopTimer(messages.StopTimerRequest(user_id=ann.id, validate_only=True)),
        client.timers.DiscardTimer(messages.DiscardTimerRequest(user_id=ann.id, validate_only=True)),
    ):
        assert (await asked).timer.version == 2
    assert (await client.running_timer(ann.id)).version == 1


async def test_lists_go_on_where_they_ended(server, client):
    started = []
    for name in "abc":
        user = (await client.create("user", user_name=name)).record
        server.clock.forward(AN_HOUR)
        started.append((await client.timers.StartTimer(beginning(user))).timer)
    request = messages.ListTimersRequest(page_size=2)
    first = await client.timers.ListTimers(request)
    await client.timers.DiscardTimer(messages.DiscardTimerRequest(timer_id=started[0].id))
    request.page_token = first.next_page_token
    second = await client.timers.ListTimers(request)

    assert [*first.timers, *second.timers] == started
    assert (second.next_page_token, second.cursor) == ("", first.cursor)
    request.include_ended = True
    with pytest.raises(PageTokenInvalid):
        await client.timers.ListTimers(request)


@ON_SQLITE
@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("StartTimer", messages.StartTimerRequest()),
        ("StartTimer", messages.StartTimerRequest(timer=Timer(user_id=new_id(0)), on_running=7)),  # type: ignore[arg-type]
        ("StartTimer", messages.StartTimerRequest(timer=Timer(user_id=new_id(0), etag='"1"'))),
        ("StopTimer", messages.StopTimerRequest()),
        ("StopTimer", messages.StopTimerRequest(timer_id="x")),
        ("StopTimer", messages.StopTimerRequest(user_id="x")),
        ("DiscardTimer", messages.DiscardTimerRequest()),
        ("UpdateTimer", messages.UpdateTimerRequest(timer=Timer(description="x"))),
        ("GetTimer", messages.GetTimerRequest(timer_id="x")),
        ("ListTimers", messages.ListTimersRequest(user_ids=["x"])),
        ("ListTimers", messages.ListTimersRequest(project_ids=[new_id(0)] * 101)),
        ("ListTimers", messages.ListTimersRequest(page_size=-1)),
    ],
)
async def test_what_cannot_be_meant_is_refused(client, method, request_):
    with pytest.raises(FieldInvalid) as refused:
        await getattr(client.timers, method)(request_)
    assert refused.value.violations


@ON_SQLITE
async def test_what_is_refused_has_its_reason(client, ann):
    project = (await client.create("project", project_name="Shop", status="Closed")).record
    with pytest.raises(RecordClosed):
        await client.start_timer(ann.id, project_id=project.id)
    with pytest.raises(TimerNotRunning):
        await client.stop_timer(user_id=ann.id)
    with pytest.raises(ResourceNotFound):
        await client.stop_timer(new_id(0))
    with pytest.raises(IdTaken):
        await client.start_timer(ann.id, id=project.id)


@ON_SQLITE
async def test_a_basic_view_leaves_out_the_timer(client, ann):
    timer = (await client.start_timer(ann.id)).timer
    batch = await client.pull("earliest", event_types=["timer.*"], view=EventView.EVENT_VIEW_BASIC)

    [event] = batch.events
    assert (event.record_id, event.HasField("timer")) == (timer.id, False)


@ON_SQLITE
async def test_a_key_needs_the_right_scope(server, client, ann):
    async with server.client(server.new_key("timers.read", "records.write")) as reader:
        assert (await reader.running_timer(ann.id)) is None
        with pytest.raises(ScopeMissing) as refused:
            await reader.start_timer(ann.id)
    assert refused.value.metadata["scope"] == "timers.write"


@ON_SQLITE
async def test_a_preview_shows_a_made_up_timer_or_one_that_there_is(client, ann):
    timer = (await client.start_timer(ann.id, description="Walls")).timer
    for id_, description in (("", b"Working on"), (timer.id, b"Walls")):
        asked = subscription_service_pb2.PreviewPayloadRequest(event_type="timer.started", record_id=id_)
        answer = await client.subscriptions.PreviewPayload(asked)
        assert description in answer.body
        assert b'"event":"timer.started"' in answer.body
        assert answer.headers["clockwire-event"] == "timer.started"
    asked = subscription_service_pb2.PreviewPayloadRequest(event_type="timer.started", record_id=ann.id)
    with pytest.raises(ResourceNotFound):
        await client.subscriptions.PreviewPayload(asked)
