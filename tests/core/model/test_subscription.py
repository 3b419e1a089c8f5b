"""What a subscription becomes, and when its endpoint has failed for too long."""

from clockwire.model.instants import DAY, HOUR
from clockwire.model.outcome import OutcomeKind
from clockwire.model.retry import DEFAULT_SCHEDULE, SINGLE_ATTEMPT
from clockwire.model.subscription import Health, SubscriptionState
from tests.support.delivering import a_subscription, an_outcome


def after(health: Health, status: int, at: int, **outcome: object) -> Health:
    return health.after(an_outcome(status, at=at, duration=0, **outcome))


def test_failures_are_counted_until_a_success():
    health = after(after(Health(), 500, HOUR), 404, 2 * HOUR)

    assert (health.consecutive_failures, health.failing_since) == (2, HOUR)
    assert (health.last_failure_time, health.last_failure) == (2 * HOUR, OutcomeKind.HTTP_ERROR)
    assert after(health, 200, 3 * HOUR) == Health(
        last_success_time=3 * HOUR, last_failure_time=2 * HOUR, last_failure=OutcomeKind.HTTP_ERROR
    )


def test_what_nobody_knows_is_not_held_against_the_endpoint():
    assert after(Health(), 0, HOUR, kind=OutcomeKind.UNKNOWN) == Health()


def test_five_days_of_failures_are_too_long():
    failing = after(Health(), 500, HOUR)

    assert not after(failing, 500, HOUR + 5 * DAY - 1).has_failed_too_long
    assert after(failing, 500, HOUR + 5 * DAY).has_failed_too_long
    assert not after(after(failing, 200, 3 * DAY), 500, 6 * DAY).has_failed_too_long


def test_turned_active_it_has_a_clean_slate():
    failing = a_subscription(state=SubscriptionState.DISABLED, health=after(Health(), 500, HOUR))
    active = failing.turned(SubscriptionState.ACTIVE, DAY)

    assert (active.health.consecutive_failures, active.health.failing_since) == (0, None)
    assert (active.version, active.state_time, active.update_time) == (2, DAY, DAY)


def test_a_secret_that_has_retired_is_forgotten_with_the_next_change():
    rotating = a_subscription(secret=b"new", retiring_secret=b"old", rotation_end_time=HOUR)

    assert rotating.revised(HOUR - 1).retiring_secret == b"old"
    assert rotating.revised(HOUR).retiring_secret is None
    assert rotating.revised(HOUR).secret == b"new"


def test_nothing_secret_stays_of_a_deleted_one():
    deleted = a_subscription(secret=b"new", retiring_secret=b"old", headers=b"sealed", secret_fingerprint="f").deleted(
        1
    )

    assert (deleted.secret, deleted.retiring_secret, deleted.headers) == (None, None, None)
    assert deleted.secret_fingerprint == ""
    assert not deleted.sends


def test_it_has_the_usual_schedule_unless_told_otherwise():
    assert a_subscription(retry_delays=()).retry_schedule is DEFAULT_SCHEDULE
    assert a_subscription(retry_disabled=True).retry_schedule is SINGLE_ATTEMPT
    assert a_subscription(retry_delays=(7,)).retry_schedule.delays == (7,)


def test_secrets_are_not_in_its_repr():
    subscription = a_subscription(secret=b"sealed secret", retiring_secret=b"sealed secret", headers=b"sealed secret")

    assert "sealed secret" not in repr(subscription)
