"""The drain, as an operator and as a decorated function, against a real server."""

import uuid

import pytest
from airflow.sdk import DAG, Asset, task
from airflow.sdk.exceptions import AirflowSkipException

from clockwire.client.errors import InvalidInput
from clockwire_provider.assets import clockwire_asset
from clockwire_provider.drain import Events
from clockwire_provider.operators.events import ClockwireDrainOperator
from tests.support.tasks import OneTaskInstance, context_of

pytestmark = pytest.mark.usefixtures("connection")


@pytest.fixture
def consumer():
    """A name that no other test has."""
    return f"drain-{uuid.uuid4()}"


@pytest.fixture
def start(client):
    """The head of the log when the test begins."""
    return client.pull("latest").cursor


def create_projects(client, count):
    return [client.create("project", project_name=f"Project {number}").record.id for number in range(count)]


def drain(handle, **feed):
    operator = ClockwireDrainOperator(task_id="drain", python_callable=handle, **feed)
    return operator.execute(context_of(OneTaskInstance()))


def test_waiting_events_are_handed_over_page_by_page(client, consumer, start):
    ids = create_projects(client, 5)
    pages: list[Events] = []

    summary = drain(pages.append, consumer=consumer, start=start, page_size=2)

    assert [[event["record_id"] for event in page] for page in pages] == [ids[:2], ids[2:4], ids[4:]]
    assert (summary["event_count"], summary["page_count"]) == (5, 3)


def test_what_was_worked_off_does_not_come_again(client, consumer, start):
    create_projects(client, 1)
    drain(list, consumer=consumer, start=start)
    (later,) = create_projects(client, 1)
    pages: list[Events] = []

    drain(pages.append, consumer=consumer, start=start)

    assert [event["record_id"] for page in pages for event in page] == [later]


def test_nothing_to_do_is_a_skip(consumer, start):
    with pytest.raises(AirflowSkipException):
        drain(list, consumer=consumer, start=start)


def test_a_page_that_failed_comes_again_and_those_before_it_do_not(client, consumer, start):
    ids = create_projects(client, 3)

    def fail_at_the_second(page):
        if page[0]["record_id"] == ids[1]:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        drain(fail_at_the_second, consumer=consumer, start=start, page_size=1)
    pages: list[Events] = []
    drain(pages.append, consumer=consumer, start=start, page_size=1)

    assert [event["record_id"] for page in pages for event in page] == ids[1:]


def test_only_what_the_filter_lets_through_is_handed_over(client, consumer, start):
    (wanted, _) = create_projects(client, 2)
    pages: list[Events] = []

    drain(pages.append, consumer=consumer, start=start, event_types=["project.*"], filter={"record_ids": [wanted]})

    assert [event["record_id"] for page in pages for event in page] == [wanted]


def test_a_consumer_moves_on_past_what_its_filter_leaves_out(client, consumer, start):
    create_projects(client, 2)

    with pytest.raises(AirflowSkipException):
        drain(list, consumer=consumer, start=start, event_types=["invoice.*"])

    assert client.pull(f"consumer:{consumer}").events == ()


def test_timers_are_handed_over_like_records(client, consumer, start):
    user = client.create("user", user_name="Ada").record.id
    timer = client.start_timer(user, description="Draft").timer
    client.stop_timer(timer.id)
    pages: list[Events] = []

    drain(pages.append, consumer=consumer, start=start, event_types=["timer.*", "timelog.created"])

    events = [event for page in pages for event in page]
    assert [event["type"] for event in events] == ["timer.started", "timer.stopped", "timelog.created"]
    assert {event["record_id"] for event in events} == {timer.id}
    assert (events[0]["timer"]["state"], events[0]["timer"]["description"]) == ("Running", "Draft")
    assert (events[1]["record"], events[2]["timer"]) == (None, None)


def test_what_the_function_returns_is_kept_for_each_page(client, consumer, start):
    create_projects(client, 3)

    summary = drain(len, consumer=consumer, start=start, page_size=2)

    assert summary["results"] == [2, 1]


def test_a_decorated_function_gets_its_arguments_besides(client, consumer, start):
    create_projects(client, 1)
    seen = []

    @task.clockwire_events(consumer=consumer, start=start)
    def book(events, ledger, *, currency, ti):
        seen.append((len(events), ledger, currency, ti.task_id))

    with DAG("d", schedule=None) as dag:
        book("main", currency="EUR")  # type: ignore[call-arg] # the rest is handed in when it runs
    dag.get_task("book").execute(context_of(OneTaskInstance()))

    assert seen == [(1, "main", "EUR", "write")]


def test_a_call_that_lacks_an_argument_is_refused_while_the_dag_is_read(consumer):
    @task.clockwire_events(consumer=consumer, start="latest")
    def book(events, ledger): ...

    with DAG("d", schedule=None), pytest.raises(TypeError, match="ledger"):
        book()  # type: ignore[call-arg] # that is the mistake


def test_an_asset_says_what_to_drain_and_becomes_an_inlet(consumer):
    asset = clockwire_asset(consumer, start="latest", event_types=["timelog.*"], filter={"project_ids": ["p"]})

    drain = ClockwireDrainOperator(task_id="drain", python_callable=list, asset=asset)

    assert (drain.consumer, drain.event_types, drain.filter) == (consumer, ["timelog.*"], {"project_ids": ["p"]})
    assert drain.inlets == [asset]


async def _later(events): ...


def _bit_by_bit(events):
    yield events


@pytest.mark.parametrize("function", [_later, _bit_by_bit])
def test_a_function_that_would_not_run_when_called_is_refused(function):
    """Its pages would count as worked off, and be lost."""
    with pytest.raises(ValueError, match="may not be async or yield"):
        ClockwireDrainOperator(task_id="drain", python_callable=function, consumer="c", start="latest")


@pytest.mark.parametrize("kind", [ValueError, InvalidInput])
def test_what_the_function_raises_reaches_airflow_as_it_is(client, consumer, start, kind):
    """So that Airflow retries: only what no retry can cure fails for good."""
    create_projects(client, 1)

    def fail(page):
        raise kind("no")

    with pytest.raises(kind):
        drain(fail, consumer=consumer, start=start)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "consumer is empty"),
        ({"consumer": "c"}, "start is empty"),
        ({"consumer": "c", "start": "consumer:other"}, "not at another consumer"),
        ({"consumer": "c", "start": "latest", "event_types": "timelog.*"}, "is a list"),
        ({"consumer": "c", "start": "latest", "page_size": 0}, "page_size is 1 to 1000"),
        ({"asset": Asset("other")}, "was not made by clockwire_asset"),
        ({"asset": clockwire_asset("c", start="latest"), "consumer": "c"}, "leave out consumer"),
    ],
)
def test_a_drain_that_cannot_work_is_refused_while_the_dag_is_read(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        ClockwireDrainOperator(task_id="drain", python_callable=list, **given)
