"""Subscriptions are made, changed, stopped and deleted, and never by another workspace."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from clockwire.model.delivery import DeliveryState
from clockwire.model.errors import EtagMismatch, FieldInvalid, FilterInvalid, ResourceNotFound, ValueTaken
from clockwire.model.instants import DAY, HOUR, SECOND
from clockwire.model.outcome import OutcomeKind
from clockwire.model.payloads import PayloadFormat
from clockwire.model.sealed import open_headers, open_secrets
from clockwire.model.signing import Secret, fingerprint
from clockwire.model.subscription import StateReason, Subscription, SubscriptionState
from clockwire.model.subscription_settings import SubscriptionSettings, checked
from clockwire.operations.subscription_views import SubscriptionQuery, get_subscription, list_subscriptions
from clockwire.operations.subscriptions import (
    announce_disabled,
    delete_subscription,
    finish_secret_rotation,
    pause_subscription,
    resume_subscription,
    rotate_secret,
    update_subscription,
)
from clockwire.storage.database import Database
from clockwire.storage.subscriptions import select_planned
from clockwire.storage.tables import subscription
from clockwire.v1.common_pb2 import Origin
from clockwire.v1.events_pb2 import EventFilter
from tests.support.clock import MovableClock
from tests.support.delivering import SECRET, Desk
from tests.support.writing import VAULT, make_workspace

NEW = Secret("the new secret, which is long")


@pytest.fixture
def desk(database: Database, clock: MovableClock) -> Desk:
    """A workspace."""
    return Desk(database, clock, make_workspace(database, clock))


@pytest.fixture
def stranger(database: Database, clock: MovableClock) -> Desk:
    """Another workspace of the same database."""
    return Desk(database, clock, make_workspace(database, clock, "Stranger"))


def update(desk: Desk, stored: Subscription, *, etag: str = "", **changes: Any) -> Subscription:
    settings = checked(SubscriptionSettings(**changes), tuple(changes))
    return desk.run(update_subscription, stored.id, settings, names=tuple(changes), etag=etag, vault=VAULT)


def listed(desk: Desk, **query: Any) -> list[str]:
    with desk.database.reading() as connection:
        found = list_subscriptions(
            connection, desk.caller.workspace_id, SubscriptionQuery(**query), after_id="", limit=10, stats_at=None
        )
    return [each.subscription.name for each in found]


def test_it_is_stored_as_it_was_made(desk: Desk):
    made = desk.subscribe(
        name="billing",
        description="for the ERP",
        filter=EventFilter(event_types=["invoice.*"], exclude_origins=[Origin.ORIGIN_SYSTEM]),
        payload_format=PayloadFormat.CLOUDEVENTS,
        decimals_as_strings=True,
        headers={"X-Key": "hidden"},
        retry_delays=(SECOND, HOUR),
        request_timeout=20 * SECOND,
        max_in_flight=7,
        max_per_minute=60,
    )

    assert desk.subscription(made.id) == made
    assert open_headers(VAULT, made) == {"X-Key": "hidden"}
    assert (made.state, made.version) == (SubscriptionState.ACTIVE, 1)


def test_without_a_name_it_is_called_by_its_id(desk: Desk):
    made = desk.subscribe()

    assert made.name == made.id


def test_names_are_unique_in_a_workspace(desk: Desk, stranger: Desk):
    first = desk.subscribe(name="billing")
    stranger.subscribe(name="billing")

    with pytest.raises(ValueTaken) as refused:
        desk.subscribe(name="billing")
    assert refused.value.metadata == {"field": "name", "value": "billing", "id": first.id}


def test_the_name_of_a_deleted_one_is_free(desk: Desk):
    desk.run(delete_subscription, desk.subscribe(name="billing").id, etag="")

    assert desk.subscribe(name="billing").name == "billing"


def test_secrets_and_headers_are_not_readable_in_the_table(desk: Desk):
    desk.subscribe(secret=SECRET, headers={"Authorization": "hidden value"})
    with desk.database.reading() as connection:
        row = repr(connection.execute(select(subscription)).one())

    assert SECRET.text not in row
    assert "hidden value" not in row


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("subscription.name", {"name": "x" * 101}),
        ("subscription.name", {"name": "bell \x07"}),
        ("subscription.description", {"description": "x" * 501}),
        ("subscription.filter.event_types", {"filter": EventFilter()}),
        ("subscription.filter.event_types[0]", {"filter": EventFilter(event_types=["projekt.created"])}),
        ("subscription.payload_format", {"payload_format": 9}),
        ("subscription.headers['Host']", {"headers": {"Host": "inner"}}),
        ("subscription.retry_policy.delays[0]", {"retry_delays": (1,)}),
        ("subscription.request_timeout", {"request_timeout": 31 * SECOND}),
        ("subscription.max_in_flight", {"max_in_flight": 65}),
        ("subscription.max_in_flight", {"max_in_flight": -1}),
        ("subscription.max_per_minute", {"max_per_minute": -1}),
        ("subscription.ca_certificate_pem", {"ca_certificate_pem": "no certificate"}),
        ("subscription.headers['X-New']", {"headers": {"X-New": "***"}}),
    ],
)
def test_what_may_not_be_chosen_is_named(desk: Desk, field: str, changes: dict[str, Any]):
    with pytest.raises(FieldInvalid) as refused:
        desk.subscribe(**changes)
    assert [each.field for each in refused.value.violations] == [field]


def test_all_that_is_wrong_is_said_at_once(desk: Desk):
    with pytest.raises(FieldInvalid) as refused:
        desk.subscribe(name="x" * 101, max_in_flight=65)
    assert len(refused.value.violations) == 2


def test_an_expression_that_does_not_parse_is_refused(desk: Desk):
    with pytest.raises(FilterInvalid):
        desk.subscribe(filter=EventFilter(event_types=["project.*"], expression="name ="))


def test_only_named_fields_are_changed(desk: Desk, clock: MovableClock):
    made = desk.subscribe(name="billing", max_in_flight=7)
    clock.forward(timedelta(seconds=1))
    updated = update(desk, made, description="new")

    assert (updated.description, updated.max_in_flight, updated.name) == ("new", 7, "billing")
    assert (updated.version, updated.update_time) == (2, clock())
    assert desk.subscription(made.id) == updated


def test_a_change_that_changes_nothing_makes_no_version(desk: Desk):
    made = desk.subscribe(name="billing", headers={"X-Key": "hidden"})

    assert update(desk, made, name="billing", headers={"X-Key": "hidden"}) == made
    assert update(desk, made, headers={"X-Key": "***"}) == made


def test_a_masked_header_keeps_its_value(desk: Desk):
    made = desk.subscribe(headers={"X-Key": "hidden", "X-Old": "gone"})
    updated = update(desk, made, headers={"X-Key": "***", "X-New": "new"})

    assert open_headers(VAULT, updated) == {"X-Key": "hidden", "X-New": "new"}


def test_an_old_etag_is_refused(desk: Desk):
    made = desk.subscribe()
    update(desk, made, description="new", etag='"1"')

    with pytest.raises(EtagMismatch):
        update(desk, made, description="newer", etag='"1"')
    with pytest.raises(EtagMismatch):
        desk.run(delete_subscription, made.id, etag='"1"')


def test_a_change_of_format_is_for_later_events(desk: Desk):
    hook = desk.subscribe(payload_format=PayloadFormat.THIN)
    desk.owe(hook)
    update(desk, hook, payload_format=PayloadFormat.STANDARD, target_url="https://example.net/")
    claimed = desk.claim_one()

    assert claimed.shape.payload_format is PayloadFormat.THIN
    assert claimed.subscription.target_url == "https://example.net/"


def test_deleting_cancels_what_waits_and_is_ok_again(desk: Desk):
    hook = desk.subscribe(secret=SECRET)
    waiting, arrived = desk.owe(hook), desk.owe(hook)
    desk.settle(desk.claim(wants={hook.id: 1}).deliveries[0], 200)

    assert desk.run(delete_subscription, hook.id, etag="") == 1
    assert {desk.delivery(each.id).state for each in (waiting, arrived)} == {
        DeliveryState.CANCELLED,
        DeliveryState.SUCCEEDED,
    }
    assert desk.run(delete_subscription, hook.id, etag='"1"') == 0
    assert listed(desk) == []
    with desk.database.reading() as connection:
        row = connection.execute(select(subscription)).one()
    assert (row.secret, row.retiring_secret, row.headers) == (None, None, None)


@pytest.mark.parametrize(
    "operation",
    [
        lambda desk, id_: desk.run(delete_subscription, id_, etag=""),
        lambda desk, id_: desk.run(pause_subscription, id_),
        lambda desk, id_: desk.run(resume_subscription, id_, cancel_held=False),
        lambda desk, id_: desk.run(rotate_secret, id_, NEW, overlap=0, vault=VAULT),
        lambda desk, id_: desk.run(finish_secret_rotation, id_),
        lambda desk, id_: desk.run(update_subscription, id_, SubscriptionSettings(), names=(), etag="", vault=VAULT),
    ],
)
def test_another_workspace_does_not_find_it(desk: Desk, stranger: Desk, operation):
    made = desk.subscribe(name="billing")

    with pytest.raises(ResourceNotFound):
        operation(stranger, made.id)
    with pytest.raises(ResourceNotFound), stranger.database.reading() as connection:
        get_subscription(connection, stranger.caller.workspace_id, subscription_id=made.id, now=0)
    with pytest.raises(ResourceNotFound), stranger.database.reading() as connection:
        get_subscription(connection, stranger.caller.workspace_id, name="billing", now=0)
    assert listed(stranger) == []
    assert desk.subscription(made.id) == made


def test_paused_it_holds_what_waits_and_what_comes(desk: Desk):
    hook = desk.subscribe(retry_delays=(HOUR,))
    retrying = desk.owe(hook)
    desk.settle(desk.claim_one(), 500)
    pending = desk.owe(hook)
    paused = desk.run(pause_subscription, hook.id)
    coming = desk.owe(hook)

    assert (paused.state, paused.state_reason) == (SubscriptionState.PAUSED, StateReason.NONE)
    assert {desk.delivery(each.id).state for each in (retrying, pending, coming)} == {DeliveryState.HELD}
    assert desk.run(pause_subscription, hook.id) == paused


def test_resumed_it_sends_what_it_held(desk: Desk):
    hook = desk.subscribe(paused=True)
    owed = {desk.owe(hook).id for _ in range(3)}
    resumed = desk.run(resume_subscription, hook.id, cancel_held=False)

    assert (resumed.held_count, resumed.subscription.state) == (3, SubscriptionState.ACTIVE)
    assert {each.delivery.id for each in desk.claim().deliveries} == owed
    assert desk.run(resume_subscription, hook.id, cancel_held=False).held_count == 0


def test_resumed_without_what_it_held_it_cancels_that(desk: Desk):
    hook = desk.subscribe(paused=True)
    owed = desk.owe(hook)
    resumed = desk.run(resume_subscription, hook.id, cancel_held=True)

    assert resumed.held_count == 1
    assert desk.delivery(owed.id).state is DeliveryState.CANCELLED
    assert desk.claim().deliveries == []


def test_a_disabled_one_is_resumed_without_its_reason(desk: Desk):
    hook = desk.subscribe()
    desk.owe(hook)
    desk.settle(desk.claim_one(), 410)
    assert desk.subscription(hook.id).state_reason is StateReason.GONE
    resumed = desk.run(resume_subscription, hook.id, cancel_held=False).subscription

    assert (resumed.state, resumed.state_reason) == (SubscriptionState.ACTIVE, StateReason.NONE)


def test_an_announcement_holds_what_was_planned_too_late(desk: Desk):
    hook = desk.subscribe()
    owed = desk.owe(hook)
    late = desk.owe(hook)
    desk.settle(desk.claim(wants={hook.id: 1}).deliveries[0], 410)
    with desk.database.writing() as connection:
        connection.exec_driver_sql(
            f"UPDATE delivery SET state = 1, due_time = 1 WHERE state = {int(DeliveryState.HELD)}"
        )

    assert desk.changed_subscriptions(announce_disabled)
    assert {desk.delivery(each.id).state for each in (owed, late)} == {DeliveryState.EXHAUSTED, DeliveryState.HELD}


def test_every_change_says_that_subscriptions_changed(desk: Desk):
    hook = desk.subscribe(secret=SECRET)
    changes = [
        desk.changed_subscriptions(pause_subscription, hook.id),
        desk.changed_subscriptions(resume_subscription, hook.id, cancel_held=False),
        desk.changed_subscriptions(rotate_secret, hook.id, NEW, overlap=HOUR, vault=VAULT),
        desk.changed_subscriptions(finish_secret_rotation, hook.id),
        desk.changed_subscriptions(delete_subscription, hook.id, etag=""),
    ]

    assert changes == [True] * 5
    assert not desk.changed_subscriptions(delete_subscription, hook.id, etag="")


def test_both_secrets_sign_during_an_overlap(desk: Desk, clock: MovableClock):
    hook = desk.subscribe(secret=SECRET)
    rotated = desk.run(rotate_secret, hook.id, NEW, overlap=DAY, vault=VAULT)
    secrets = open_secrets(VAULT, rotated, clock())

    assert (secrets.current, secrets.retiring) == (NEW, SECRET)
    assert rotated.secret_fingerprint == fingerprint(NEW)
    assert rotated.rotation_end_time == clock() + DAY
    assert open_secrets(VAULT, desk.run(finish_secret_rotation, hook.id), clock()).retiring is None


def test_rotating_again_drops_the_older_secret(desk: Desk, clock: MovableClock):
    hook = desk.subscribe(secret=SECRET)
    desk.run(rotate_secret, hook.id, NEW, overlap=DAY, vault=VAULT)
    rotated = desk.run(rotate_secret, hook.id, Secret("the newest secret of all"), overlap=DAY, vault=VAULT)

    assert open_secrets(VAULT, rotated, clock()).retiring == NEW


def test_without_an_overlap_the_old_secret_stops_at_once(desk: Desk, clock: MovableClock):
    hook = desk.subscribe(secret=SECRET)
    rotated = desk.run(rotate_secret, hook.id, NEW, overlap=0, vault=VAULT)

    assert open_secrets(VAULT, rotated, clock()).retiring is None
    assert rotated.retiring_secret is None


def test_planned_for_are_all_but_the_deleted(desk: Desk, stranger: Desk):
    stranger.subscribe()
    active, paused, deleted = desk.subscribe(), desk.subscribe(paused=True), desk.subscribe()
    desk.run(delete_subscription, deleted.id, etag="")
    with desk.database.reading() as connection:
        planned = select_planned(connection, desk.caller.workspace_id)

    assert {each.id for each in planned} == {active.id, paused.id}


def test_they_are_listed_by_state_url_and_event_type(desk: Desk, clock: MovableClock):
    desk.subscribe(name="all")
    clock.forward(timedelta(seconds=1))
    desk.subscribe(name="paused", paused=True, filter=EventFilter(event_types=["project.*"]))
    clock.forward(timedelta(seconds=1))
    desk.subscribe(name="tasks", target_url="https://example.net/", filter=EventFilter(event_types=["task.created"]))

    assert listed(desk) == ["all", "paused", "tasks"]
    assert listed(desk, states=[SubscriptionState.PAUSED]) == ["paused"]
    assert listed(desk, target_url="https://example.net/") == ["tasks"]
    assert listed(desk, event_type="project.closed") == ["all", "paused"]
    assert listed(desk, event_type="task.created", states=[SubscriptionState.ACTIVE]) == ["all", "tasks"]
    with pytest.raises(FieldInvalid):
        listed(desk, event_type="project.*")


def test_stats_count_what_waits_and_what_ended_lately(desk: Desk, clock: MovableClock):
    hook = desk.subscribe(retry_disabled=True, max_in_flight=2)
    for _ in range(2):
        desk.owe(hook)
    for claimed, status in zip(desk.claim().deliveries, (200, 500), strict=True):
        desk.settle(claimed, status)
    clock.forward(timedelta(hours=1))
    oldest = clock()
    desk.owe(hook)
    with desk.database.reading() as connection:
        view = get_subscription(connection, desk.caller.workspace_id, subscription_id=hook.id, now=clock())
        later = get_subscription(connection, desk.caller.workspace_id, subscription_id=hook.id, now=clock() + DAY)

    assert view.stats is not None
    assert (view.stats.pending_count, view.stats.oldest_pending_time) == (1, oldest)
    assert (view.stats.succeeded_count_24h, view.stats.exhausted_count_24h) == (1, 1)
    assert view.subscription.health.consecutive_failures == 1
    assert view.subscription.health.last_failure == OutcomeKind.HTTP_ERROR
    assert later.stats is not None
    assert (later.stats.succeeded_count_24h, later.stats.exhausted_count_24h) == (0, 0)
