"""What an attempt met, and what follows."""

import pytest

from clockwire.model.outcome import Decision, Outcome, OutcomeKind, kind_of_status
from clockwire.v1.deliveries_pb2 import DeliveryAttempt


def outcome(http_status, **more):
    return Outcome(kind=kind_of_status(http_status), start_time=0, duration=1, http_status=http_status, **more)


def test_kinds_are_numbered_as_in_the_contract():
    contract = {name: number for name, number in DeliveryAttempt.Outcome.items() if number}
    assert {f"OUTCOME_{kind.name}": kind.value for kind in OutcomeKind} == contract


@pytest.mark.parametrize(
    ("status", "decision"),
    [
        (200, Decision.SUCCEEDED),
        (299, Decision.SUCCEEDED),
        (101, Decision.RETRY),
        (300, Decision.RETRY),
        (308, Decision.RETRY),
        (400, Decision.RETRY),
        (404, Decision.RETRY),
        (408, Decision.RETRY),
        (410, Decision.GONE),
        (425, Decision.RETRY),
        (429, Decision.RETRY),
        (500, Decision.RETRY),
        (599, Decision.RETRY),
    ],
)
def test_only_2xx_succeeds_and_only_410_is_gone(status, decision):
    assert outcome(status).decision is decision


@pytest.mark.parametrize(
    "kind", [kind for kind in OutcomeKind if kind not in (OutcomeKind.SUCCEEDED, OutcomeKind.GONE)]
)
def test_every_other_failure_is_repeated(kind):
    assert Outcome(kind=kind, start_time=0, duration=0).decision is Decision.RETRY


@pytest.mark.parametrize(
    ("status", "retry_after", "slows"),
    [
        (429, None, True),
        (502, None, True),
        (503, 1, True),
        (504, None, True),
        (500, None, False),
        (500, 5, True),
        (404, 0, True),
        (408, None, False),
        (200, 5, False),
        (410, 5, False),
    ],
)
def test_an_overloaded_receiver_slows_all_that_goes_to_it(status, retry_after, slows):
    assert outcome(status, retry_after=retry_after).slows_endpoint is slows


def test_an_outcome_without_a_response_slows_nothing():
    assert not Outcome(kind=OutcomeKind.TIMEOUT, start_time=0, duration=0).slows_endpoint
