"""When failed attempts are repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import DAY, HOUR, MINUTE, SECOND
from clockwire.model.retry import DEFAULT_SCHEDULE, SINGLE_ATTEMPT, RetrySchedule, check_delays, parse_retry_after

MIDDLE = 0.5
NOW = 784_111_777 * SECOND  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("failures", "delay"),
    [
        (1, 5 * SECOND),
        (2, 5 * MINUTE),
        (3, 30 * MINUTE),
        (4, 2 * HOUR),
        (5, 5 * HOUR),
        (6, 10 * HOUR),
        (7, 14 * HOUR),
        (8, 20 * HOUR),
        (9, 24 * HOUR),
        (10, None),
        (11, None),
    ],
)
def test_each_failure_waits_for_the_next_delay(failures, delay):
    assert DEFAULT_SCHEDULE.delay_after(failures, MIDDLE) == delay


def test_the_default_is_ten_attempts_over_75_6_hours():
    assert DEFAULT_SCHEDULE.attempt_count == 10
    assert round(sum(DEFAULT_SCHEDULE.delays) / HOUR, 1) == 75.6


def test_a_single_attempt_is_never_repeated():
    assert SINGLE_ATTEMPT.delay_after(1, MIDDLE) is None
    assert SINGLE_ATTEMPT.attempt_count == 1


@given(random=some.floats(0, 1, exclude_max=True), failures=some.integers(1, 9))
def test_jitter_spreads_a_delay_by_a_fifth(random, failures):
    planned = DEFAULT_SCHEDULE.delays[failures - 1]
    delay = DEFAULT_SCHEDULE.delay_after(failures, random)
    assert delay is not None
    assert planned * 0.8 <= delay <= planned * 1.2


def test_jitter_reaches_both_ends():
    schedule = RetrySchedule((100,))
    assert [schedule.delay_after(1, random) for random in (0.0, 0.5, 0.999999)] == [80, 100, 120]


@given(count=some.integers(1, 40), delays=some.lists(some.integers(SECOND, DAY), max_size=30))
def test_there_are_never_more_attempts_than_the_schedule_has(count, delays):
    schedule = RetrySchedule(tuple(delays))
    assert (schedule.delay_after(count, MIDDLE) is None) == (count >= schedule.attempt_count)


def test_delays_of_a_caller_are_taken_as_they_are():
    assert check_delays([]) == DEFAULT_SCHEDULE
    assert check_delays([SECOND, DAY]).delays == (SECOND, DAY)


@pytest.mark.parametrize(
    ("delays", "fields"), [([0], ["d[0]"]), ([SECOND, DAY + 1, -1], ["d[1]", "d[2]"]), ([SECOND] * 31, ["d"])]
)
def test_delays_out_of_bounds_are_named(delays, fields):
    with pytest.raises(FieldInvalid) as caught:
        check_delays(delays, field="d")
    assert [each.field for each in caught.value.violations] == fields


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", 0),
        ("120", 120 * SECOND),
        (" 7 ", 7 * SECOND),
        ("86400", DAY),
        ("86401", DAY),
        ("9" * 5000, DAY),
        ("Sun, 06 Nov 1994 08:50:37 GMT", MINUTE),
        ("Sunday, 06-Nov-94 08:50:37 GMT", MINUTE),
        ("Sun Nov  6 08:50:37 1994", MINUTE),
        ("Sun, 06 Nov 1994 08:49:36 GMT", 0),
        ("Tue, 08 Nov 1994 08:50:37 GMT", DAY),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("١٢", None),
        ("Sun, 99 Nov 1994 08:50:37 GMT", None),
        ("Sun, 06 Nov 1994 08:50:37 +99999999999999999999", None),
        ("Thu, 01 Jan 1970 00:00:00 +2300", 0),
    ],
)
def test_retry_after_is_understood_in_both_forms(value, wait):
    assert parse_retry_after(value, NOW) == wait


@given(some.text())
def test_no_retry_after_does_harm(value):
    wait = parse_retry_after(value, NOW)
    assert wait is None or 0 <= wait <= DAY
