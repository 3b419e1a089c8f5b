"""Tasks that keep subscriptions, against a real server and a real receiver."""

import uuid

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from clockwire.client.errors import ResourceNotFound
from clockwire.v1.subscription_service_pb2 import GetSubscriptionRequest, PauseSubscriptionRequest
from clockwire_provider.operators.subscriptions import (
    ClockwireSubscribeOperator,
    ClockwireTestSubscriptionOperator,
    ClockwireUnsubscribeOperator,
)
from tests.support.tasks import OneTaskInstance, context_of

pytestmark = pytest.mark.usefixtures("connection")

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"


@pytest.fixture
def name():
    """A name that no other test has."""
    return f"airflow-{uuid.uuid4()}"


def run(operator, **given):
    return operator(task_id="t", **given).execute(context_of(OneTaskInstance()))


def subscribe(name, **given):
    usual = {"target_url": "http://127.0.0.1:9/hook", "event_types": ["project.closed"], "secret": SECRET}
    return run(ClockwireSubscribeOperator, name=name, **{**usual, **given})


def stored(client, name):
    return client.subscriptions.GetSubscription(GetSubscriptionRequest(name=name)).subscription


def test_a_subscription_is_created_as_described(client, name):
    made = subscribe(
        name,
        event_types=["timelog.*"],
        filter={"exclude_origins": ["ORIGIN_SYSTEM"]},
        options={"payload_format": "PAYLOAD_FORMAT_STANDARD", "max_in_flight": 2, "request_timeout": "10s"},
    )

    found = stored(client, name)
    assert made["created"]
    assert made["state"] == "ACTIVE"
    assert list(found.filter.event_types) == ["timelog.*"]
    assert found.payload_format == found.PAYLOAD_FORMAT_STANDARD
    assert (found.max_in_flight, found.request_timeout.seconds) == (2, 10)


def test_running_it_again_changes_nothing(client, name):
    first = subscribe(name)

    again = subscribe(name)

    assert again == {**first, "created": False, "updated": False}
    assert stored(client, name).id == first["id"]


def test_what_differs_is_changed(client, name):
    subscribe(name)

    again = subscribe(name, target_url="http://127.0.0.1:9/other", event_types=["project.*"])

    assert again["updated"]
    assert stored(client, name).target_url == "http://127.0.0.1:9/other"
    assert list(stored(client, name).filter.event_types) == ["project.*"]


def test_a_new_secret_is_rotated_in(client, name):
    first = subscribe(name)

    again = subscribe(name, secret=SECRET + "MQ==")
    last = subscribe(name, secret=SECRET + "MQ==")

    assert again["secret_fingerprint"] != first["secret_fingerprint"]
    assert last == {**again, "updated": False}
    assert stored(client, name).HasField("rotation_end_time")


def test_a_subscription_may_be_unsigned(client, name):
    assert subscribe(name, secret=None, unsigned=True)["secret_fingerprint"] is None
    assert subscribe(name, secret=None, unsigned=True)["updated"] is False
    assert not stored(client, name).signed


def test_a_paused_subscription_is_left_paused(client, name):
    made = subscribe(name)
    client.subscriptions.PauseSubscription(PauseSubscriptionRequest(subscription_id=made["id"]))

    assert subscribe(name)["state"] == "PAUSED"


def test_the_secret_is_not_returned(name):
    assert SECRET not in str(subscribe(name))


@pytest.mark.parametrize(
    "given", [{}, {"secret": SECRET, "unsigned": True}, {"secret": SECRET, "secret_variable": "v"}]
)
def test_where_the_secret_is_must_be_said(name, given):
    with pytest.raises(ValueError, match="exactly one of secret, secret_variable and unsigned"):
        ClockwireSubscribeOperator(task_id="t", name=name, target_url="https://example.com", event_types=["*"], **given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"target_url": "https://10.0.0.1/hook"}, "TARGET_URL_REFUSED"),
        ({"event_types": ["timesheet.*"]}, "timesheet"),
        ({"options": {"colour": "red"}}, "options: "),
        ({"filter": {"colour": "red"}}, "filter cannot be read"),
    ],
)
def test_what_cannot_be_meant_fails_for_good(name, given, sentence):
    with pytest.raises(AirflowFailException, match=sentence):
        subscribe(name, **given)


def test_unsubscribing_is_done_once_and_may_be_repeated(client, name):
    subscribe(name)

    assert run(ClockwireUnsubscribeOperator, name=name) is True
    assert run(ClockwireUnsubscribeOperator, name=name) is False
    with pytest.raises(ResourceNotFound):
        stored(client, name)


def test_an_endpoint_that_accepts_passes_the_test(name, accepting_endpoint):
    subscribe(name, target_url=accepting_endpoint)

    outcome = run(ClockwireTestSubscriptionOperator, name=name)

    assert (outcome["outcome"], outcome["http_status"]) == ("SUCCEEDED", 204)


def test_an_endpoint_that_is_not_there_fails_the_test(name):
    subscribe(name)

    with pytest.raises(AirflowException, match="did not accept the test event: CONNECTION_ERROR"):
        run(ClockwireTestSubscriptionOperator, name=name)


def test_an_unknown_subscription_cannot_be_tested(name):
    with pytest.raises(AirflowException, match="there is no subscription named"):
        run(ClockwireTestSubscriptionOperator, name=name)
