"""How many deliveries are handed to another process: as many as it takes, and none past what waits in the table."""

import pytest

from clockwire.webhooks.allowances import Allowances
from clockwire.webhooks.lanes import Lane
from tests.support.delivering import a_subscription


@pytest.fixture
def subscription():
    return a_subscription(id="one")


@pytest.fixture
def allowances():
    return Allowances()


def taken(allowances, subscription, *, wake_up=1, most=1000):
    count = 0
    while count < most and allowances.take(subscription, wake_up):
        count += 1
    return count


def test_a_subscription_nobody_has_told_of_gets_what_a_new_lane_holds(allowances, subscription):
    assert taken(allowances, subscription) == Lane(subscription).free


def test_a_new_limit_counts_from_the_beginning(allowances, subscription):
    first = taken(allowances, subscription)
    allowances.raise_to({subscription.id: first + 5}, heard=1)

    assert taken(allowances, subscription) == 5


def test_a_place_that_was_not_needed_is_free_again(allowances, subscription):
    allowances.raise_to({subscription.id: 1}, heard=0)
    assert allowances.take(subscription, 1)
    allowances.give_back([subscription.id])

    assert allowances.take(subscription, 1)


def test_after_a_refusal_nothing_passes_what_waits_in_the_table(allowances, subscription):
    first = taken(allowances, subscription, wake_up=7)
    allowances.raise_to({subscription.id: first + 100}, heard=6)  # said before it heard of the refusal
    assert not allowances.take(subscription, 8)

    allowances.raise_to({subscription.id: first + 100}, heard=7)  # the later refusal is told with the eighth
    assert not allowances.take(subscription, 8)
    allowances.raise_to({subscription.id: first + 100}, heard=8)
    assert allowances.take(subscription, 9)


def test_a_closed_subscription_says_nothing_of_another(allowances, subscription):
    other = a_subscription(id="two")
    allowances.raise_to({subscription.id: 0}, heard=0)

    assert not allowances.take(subscription, 1)
    assert allowances.take(other, 1)
