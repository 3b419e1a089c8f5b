"""Whatever a receiver does, the attempt ends in time, with the right outcome, and costs little."""

import resource
import socket
import time

import pytest

from clockwire.model.outcome import OutcomeKind
from tests.support import rudeness
from tests.support.receivers import Answer, Authority, Receiver
from tests.support.sending import outcome_of, outcomes_of, request_to

LIMIT_MS = 400


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.mark.parametrize(
    ("behaviour", "expected", "said"),
    [
        (rudeness.silence, (OutcomeKind.TIMEOUT, 0), "waiting for the response"),
        (rudeness.drip, (OutcomeKind.TIMEOUT, 200), "reading the response"),
        (rudeness.reset_after_head, (OutcomeKind.CONNECTION_ERROR, 200), "reading the response"),
        (rudeness.close_unanswered, (OutcomeKind.CONNECTION_ERROR, 0), "waiting for the response"),
        (rudeness.early_hints_without_end, (OutcomeKind.CONNECTION_ERROR, 0), "headers exceed 65536"),
        (rudeness.headers_without_end, (OutcomeKind.CONNECTION_ERROR, 200), "headers exceed 65536"),
        (rudeness.nonsense, (OutcomeKind.CONNECTION_ERROR, 0), "HTTP/0.9"),
        (rudeness.REDIRECT_TO_ITSELF, (OutcomeKind.REDIRECT_REFUSED, 302), "redirect"),
    ],
)
def test_every_rudeness_ends_within_the_time_limit(sender, receiver, behaviour, expected, said):
    receiver.always(behaviour)
    begin = time.monotonic()
    outcome = outcome_of(sender, request_to(receiver.url(), timeout_ms=LIMIT_MS))
    assert time.monotonic() - begin < LIMIT_MS / 1000 + 2
    assert (outcome.kind, outcome.http_status) == expected
    assert said in outcome.error
    assert len(receiver.received) == 1


def test_a_time_limit_is_kept_to_the_tenth_of_a_second(sender, receiver):
    receiver.always(rudeness.drip)
    outcome = outcome_of(sender, request_to(receiver.url(), timeout_ms=LIMIT_MS))
    assert LIMIT_MS * 1000 <= outcome.duration < LIMIT_MS * 1000 + 500_000


def test_a_body_without_end_is_a_success_that_is_cut(sender, receiver):
    receiver.always(rudeness.huge_body)
    outcome = outcome_of(sender, request_to(receiver.url()))
    assert (outcome.kind, outcome.http_status, outcome.error) == (OutcomeKind.SUCCEEDED, 200, "")
    assert (outcome.response_body, outcome.truncated) == (b"x" * 16384, True)


def test_a_gzip_bomb_is_unpacked_no_further_than_it_is_kept(sender, receiver):
    receiver.always(rudeness.gzip_bomb)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = outcome_of(sender, request_to(receiver.url()))
    assert (outcome.kind, outcome.response_body, outcome.truncated) == (OutcomeKind.SUCCEEDED, bytes(16384), True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # the bomb itself is made here too


def test_a_stalled_handshake_is_a_timeout_in_tls(sender):
    with Receiver(stall_handshake=True) as receiver:
        outcome = outcome_of(sender, request_to(receiver.url(), timeout_ms=LIMIT_MS))
    assert (outcome.kind, outcome.remote_ip) == (OutcomeKind.TIMEOUT, "127.0.0.1")
    assert "making the TLS connection" in outcome.error


def test_a_full_backlog_is_a_timeout_while_connecting(sender):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        outcome = outcome_of(sender, request_to(f"http://127.0.0.1:{address[1]}/", timeout_ms=LIMIT_MS))
        for filler in fillers:
            filler.close()
    assert outcome.kind is OutcomeKind.TIMEOUT
    assert "connecting" in outcome.error


def test_a_closed_port_is_a_connection_error_that_names_it(sender):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outcome = outcome_of(sender, request_to(f"http://127.0.0.1:{port}/"))
    assert (outcome.kind, outcome.http_status) == (OutcomeKind.CONNECTION_ERROR, 0)
    assert f"connecting: Failed to connect to 127.0.0.1:{port}" in outcome.error


def test_plain_text_where_tls_was_expected_is_a_tls_error(sender, receiver):
    url = receiver.url().replace("http:", "https:")
    assert outcome_of(sender, request_to(url)).kind is OutcomeKind.TLS_ERROR


def test_an_authority_nobody_trusts_is_a_tls_error(sender):
    with Receiver(tls=Authority().server_context("127.0.0.1")) as receiver:
        outcome = outcome_of(sender, request_to(receiver.url()))
    assert outcome.kind is OutcomeKind.TLS_ERROR
    assert "certificate" in outcome.error


def test_a_rude_receiver_takes_no_time_from_a_good_one(sender, receiver):
    with Receiver() as rude:
        rude.always(rudeness.silence)
        outcomes = outcomes_of(
            sender,
            [request_to(rude.url(), timeout_ms=LIMIT_MS) for _ in range(20)]
            + [request_to(receiver.url()) for _ in range(20)],
        )
    assert [each.kind for each in outcomes[:20]] == [OutcomeKind.SUCCEEDED] * 20
    assert [each.kind for each in outcomes[20:]] == [OutcomeKind.TIMEOUT] * 20
    assert max(each.duration for each in outcomes[:20]) < LIMIT_MS * 1000


def test_a_sender_goes_on_after_all_of_it(sender, receiver):
    receiver.plan(
        rudeness.headers_without_end,
        rudeness.reset_after_head,
        rudeness.huge_body,
        rudeness.close_unanswered,
        rudeness.nonsense,
        rudeness.gzip_bomb,
        Answer(204),
    )
    statuses = [outcome_of(sender, request_to(receiver.url())).http_status for _ in range(7)]
    assert statuses == [200, 200, 200, 0, 0, 200, 204]
