"""The sensor gives the same answer however it waits."""

import time
import uuid
from datetime import timedelta

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout, AirflowSkipException, TaskDeferred

from clockwire_provider.sensors.events import ClockwireEventSensor
from clockwire_provider.triggers.events import ClockwireEventTrigger
from tests.support.tasks import OneTaskInstance, context_of

pytestmark = pytest.mark.usefixtures("connection")

CONTEXT = context_of(OneTaskInstance())


@pytest.fixture
def start(client):
    """The head of the log when the test begins."""
    return client.pull("latest").cursor


async def by_poke(**given):
    """The answer of a sensor that keeps its worker."""
    return ClockwireEventSensor(task_id="wait", poke_interval=0, timeout=0, **given).execute(CONTEXT)


async def by_reschedule(**given):
    """The answer of a sensor that gives its worker back between looks: each look is a new process's first."""
    return ClockwireEventSensor(task_id="wait", mode="reschedule", **given).poke(CONTEXT).xcom_value


async def by_deferral(**given):
    """The answer of a sensor that waits in the triggerer."""
    sensor = ClockwireEventSensor(task_id="wait", deferrable=True, **given)
    waited_for = {name: value for name, value in given.items() if name in {"start", "event_types", "filter"}}
    trigger = ClockwireEventTrigger(clockwire_conn_id=sensor.clockwire_conn_id, deadline=time.time(), **waited_for)
    [payload] = [event.payload async for event in trigger.run()]
    return sensor.resume_execution("execute_complete", {"event": payload}, CONTEXT)


def deferral_of(sensor):
    """What a sensor asks of the triggerer."""
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(CONTEXT)
    return deferred.value


MODES = pytest.mark.parametrize("answer_of", [by_poke, by_reschedule, by_deferral])


@MODES
async def test_the_first_match_after_the_start_is_the_answer(client, start, answer_of):
    client.create("client", client_name="Acme")
    first = client.create("project", project_name="First").record.id
    client.create("project", project_name="Second")

    event = await answer_of(start=start, event_types=["project.*"])

    assert (event["type"], event["record_id"], event["record"]["project_name"]) == ("project.created", first, "First")


@MODES
async def test_a_timer_is_waited_for_like_a_record(client, start, answer_of):
    user = client.create("user", user_name="Ada").record.id
    timer = client.start_timer(user).timer
    client.stop_timer(timer.id)

    event = await answer_of(start=start, event_types=["timer.stopped"], filter={"user_ids": [user]})

    assert (event["type"], event["record_id"], event["timer"]["state"]) == ("timer.stopped", timer.id, "Stopped")


@MODES
async def test_all_conditions_hold_in_every_mode(client, start, answer_of):
    project = client.create("project", project_name="First").record.id
    other = client.create("project", project_name="Second").record.id
    client.update("project", id=project, folder="Shop")
    client.update("project", id=other, status="Closed")
    client.update("project", id=project, status="Closed")

    event = await answer_of(
        start=start,
        event_types=["project.updated"],
        filter={"record_ids": [project], "changed_paths": ["project.status"]},
    )

    assert (event["record_id"], event["changed_paths"], event["record"]["status"]) == (
        project,
        event["changed_paths"],
        "Closed",
    )


@MODES
async def test_what_cannot_be_read_fails_for_good(answer_of):
    with pytest.raises(AirflowFailException, match="CURSOR_INVALID"):
        await answer_of(start="no-cursor")


@pytest.mark.parametrize("answer_of", [by_poke, by_deferral])
@pytest.mark.parametrize(
    ("given", "end"), [({}, AirflowSensorTimeout), ({"soft_fail": True}, AirflowSkipException)], ids=["hard", "soft"]
)
async def test_a_sensor_that_waited_in_vain_ends_alike_in_every_mode(start, answer_of, given, end):
    with pytest.raises(end):
        await answer_of(start=start, event_types=["invoice.*"], **given)


def test_what_a_first_look_does_not_find_the_triggerer_waits_for(start):
    wanted = {"start": start, "event_types": ["invoice.*"], "filter": {"record_ids": [str(uuid.uuid4())]}}
    before = time.time()

    deferral = deferral_of(ClockwireEventSensor(task_id="wait", deferrable=True, timeout=60, **wanted))

    path, kwargs = deferral.trigger.serialize()
    assert path == "clockwire_provider.triggers.events.ClockwireEventTrigger"
    assert before + 60 <= kwargs.pop("deadline") <= time.time() + 60
    assert kwargs == {"clockwire_conn_id": "clockwire_default", **wanted}
    assert deferral.method_name == "execute_complete"
    # Airflow's own limit, for when no triggerer works, must not come before the trigger has looked.
    assert deferral.timeout > timedelta(minutes=5)


def test_what_a_first_look_finds_needs_no_triggerer(client, start):
    project = client.create("project", project_name="First").record.id

    assert ClockwireEventSensor(task_id="wait", start=start, deferrable=True).execute(CONTEXT)["record_id"] == project


def test_a_server_that_is_away_when_the_event_was_seen_is_a_reason_to_wait_on(monkeypatch, start):
    monkeypatch.setenv("AIRFLOW_CONN_CLOCKWIRE_DEFAULT", "clockwire://:key@127.0.0.1:1/?tls=false&timeout_seconds=1")
    sensor = ClockwireEventSensor(task_id="wait", start=start, deferrable=True)
    deadline = time.time() + 60

    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute_complete(CONTEXT, {"status": "found", "event_id": "e", "cursor": "c", "deadline": deadline})

    assert deferred.value.trigger.deadline == deadline


def test_all_modes_say_the_same_of_one_event(client, start):
    client.create("project", project_name="First")

    poked = ClockwireEventSensor(task_id="wait", start=start).poke(CONTEXT).xcom_value
    assert poked is not None
    fired = {"status": "found", "event_id": poked["id"]}

    assert ClockwireEventSensor(task_id="wait", start=start).execute_complete(CONTEXT, fired) == poked


def test_nothing_yet_is_a_reason_to_wait(start):
    assert not ClockwireEventSensor(task_id="wait", start=start, event_types=["invoice.*"]).poke(CONTEXT)


def test_a_server_that_is_away_is_a_reason_to_wait(monkeypatch, start):
    monkeypatch.setenv("AIRFLOW_CONN_CLOCKWIRE_DEFAULT", "clockwire://:key@127.0.0.1:1/?tls=false&timeout_seconds=1")

    assert not ClockwireEventSensor(task_id="wait", start=start).poke(CONTEXT)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"start": "latest"}, "another place at each look"),
        ({"start": ""}, "is told where reading begins"),
        ({"start": "earliest", "deferrable": True, "silent_fail": True}, "silent_fail has no meaning"),
    ],
)
def test_a_sensor_that_cannot_work_is_refused_while_the_dag_is_read(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        ClockwireEventSensor(task_id=f"wait-{uuid.uuid4()}", **given)


def test_a_start_that_a_template_made_empty_is_refused():
    sensor = ClockwireEventSensor(task_id="wait", start="{{ nothing }}")
    sensor.start = ""

    with pytest.raises(AirflowFailException, match="is told where reading begins"):
        sensor.execute(CONTEXT)
