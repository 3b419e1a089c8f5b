"""When the bell is rung."""

import pytest

from clockwire_provider.triggers.bell import Bell, Level


@pytest.fixture
def bell():
    """A bell whose ring is repeated after 20, 40, 80 and then each 100 seconds."""
    return Bell(first=20, longest=100)


def test_nothing_waits_and_nothing_rings(bell):
    assert bell.look(Level("a", None), newest=0, now=0) is None


def test_news_ring_at_once(bell):
    assert bell.look(Level("a", 5), newest=5, now=0) == "new"


def test_more_news_wait_while_a_ring_is_not_answered(bell):
    """With one run for each ring, as Airflow 3.4 makes, runs would pile up otherwise."""
    bell.look(Level("a", 5), newest=5, now=0)

    assert bell.look(Level("a", 5), newest=9, now=1) is None


def test_what_came_after_an_answered_ring_rings_again(bell):
    bell.look(Level("a", 5), newest=5, now=0)

    assert bell.look(Level("b", 6), newest=6, now=1) == "new"


def test_a_ring_is_repeated_ever_more_seldom_while_nobody_answers(bell):
    bell.look(Level("a", 5), newest=5, now=0)

    rung = [now for now in range(1, 400) if bell.look(Level("a", 5), newest=5, now=now) == "behind"]

    assert rung == [20, 60, 140, 240, 340]


def test_a_drain_that_gets_on_is_not_disturbed(bell):
    bell.look(Level("a", 1), newest=100, now=0)

    assert [bell.look(Level(f"at {now}", now), newest=100, now=now) for now in range(10, 100, 10)] == [None] * 9


def test_a_drain_that_stops_on_the_way_is_rung_for_again(bell):
    bell.look(Level("a", 1), newest=100, now=0)
    bell.look(Level("b", 50), newest=100, now=10)

    assert bell.look(Level("b", 50), newest=100, now=29) is None
    assert bell.look(Level("b", 50), newest=100, now=30) == "behind"


def test_a_consumer_that_was_set_back_is_rung_for(bell):
    bell.look(Level("a", 5), newest=5, now=0)
    bell.look(Level("b", None), newest=5, now=1)

    assert bell.look(Level("a", 5), newest=5, now=51) == "new"


def test_looking_is_frequent_only_while_an_answer_is_expected(bell):
    assert bell.seconds_to_next_look(0) == 50
    bell.look(Level("a", 5), newest=5, now=0)
    assert bell.seconds_to_next_look(0) == 2
    assert bell.seconds_to_next_look(19.5) == 0.5
    for now in (20, 60, 140):
        bell.look(Level("a", 5), newest=5, now=now)
    assert bell.seconds_to_next_look(140) == 10
