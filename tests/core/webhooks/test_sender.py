"""What a sender sends, and what it says of it."""

import ssl
import threading
import time
from dataclasses import replace

import pytest

from clockwire.model.outcome import Outcome, OutcomeKind
from clockwire.webhooks.exchange import LARGEST_READ
from clockwire.webhooks.sender import Sender
from tests.support.receivers import Answer, Authority, Receiver
from tests.support.sending import drain, outcome_of, outcomes_of, request_to


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def authority():
    return Authority()


def test_a_request_arrives_as_it_was_made(sender, receiver):
    headers = [
        ("Content-Type", "application/json"),
        ("User-Agent", "clockwire/9"),
        ("X-Empty", ""),
        ("webhook-id", "e1"),
    ]
    outcome = outcome_of(sender, request_to(receiver.url("/a/../b?c=%20d"), headers=headers, body="ü✓".encode()))
    [received] = receiver.received
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert (received.method, received.path, received.body) == ("POST", "/a/../b?c=%20d", "ü✓".encode())
    assert received.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": "clockwire/9",
        "x-empty": "",
        "webhook-id": "e1",
        "content-length": "5",
    }


def test_the_outcome_says_what_came_back(sender, receiver):
    receiver.plan(Answer(201, (("X-A", "1"), ("x-a", "2"), ("Retry-After", "7")), b"thanks"))
    before = time.time_ns() // 1000
    outcome = outcome_of(sender, request_to(receiver.url()))
    after = time.time_ns() // 1000
    assert (outcome.kind, outcome.http_status, outcome.error) == (OutcomeKind.SUCCEEDED, 201, "")
    assert (outcome.response_body, outcome.truncated) == (b"thanks", False)
    assert outcome.response_headers == {"content-length": "6", "x-a": "1, 2", "retry-after": "7"}
    assert outcome.remote_ip == "127.0.0.1"
    assert before <= outcome.start_time < outcome.start_time + outcome.duration <= after
    assert outcome.retry_after is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, OutcomeKind.SUCCEEDED),
        (304, OutcomeKind.REDIRECT_REFUSED),
        (400, OutcomeKind.HTTP_ERROR),
        (401, OutcomeKind.HTTP_ERROR),
        (407, OutcomeKind.HTTP_ERROR),
        (410, OutcomeKind.GONE),
        (429, OutcomeKind.HTTP_ERROR),
        (503, OutcomeKind.HTTP_ERROR),
        (999, OutcomeKind.HTTP_ERROR),
    ],
)
def test_a_status_decides_the_kind(sender, receiver, status, kind):
    receiver.plan(Answer(status, (("Retry-After", "120"), ("WWW-Authenticate", "Basic"))))
    outcome = outcome_of(sender, request_to(receiver.url()))
    assert (outcome.kind, outcome.http_status) == (kind, status)
    assert bool(outcome.error) is (kind is not OutcomeKind.SUCCEEDED)
    assert outcome.retry_after == (None if kind is OutcomeKind.SUCCEEDED else 120_000_000)
    assert len(receiver.received) == 1


def test_connections_are_used_again(sender, receiver):
    for _ in range(5):
        outcome_of(sender, request_to(receiver.url()))
    assert [each.connection for each in receiver.received] == [0] * 5


def test_nothing_is_left_over_from_the_request_before(sender, receiver):
    receiver.plan(Answer(500, (("X-Old", "1"),), b"old"), Answer(204))
    outcome_of(sender, request_to(receiver.url("/one"), headers=[("X-One", "1")]))
    outcome = outcome_of(sender, request_to(receiver.url("/two"), headers=[("X-Two", "2")], body=b""))
    received = receiver.received[1]
    assert (received.path, received.body, received.headers["content-length"]) == ("/two", b"", "0")
    assert ("x-one" in received.headers, received.headers["x-two"]) == (False, "2")
    assert (outcome.response_body, outcome.response_headers) == (b"", {"content-length": "0"})


def test_many_requests_are_made_at_once(sender, receiver):
    release = threading.Event()
    receiver.always(Answer(held=release))
    requests = [request_to(receiver.url(f"/{number}")) for number in range(40)]
    threading.Thread(target=release_at, args=(receiver, 40, release), daemon=True).start()
    outcomes = outcomes_of(sender, requests)
    assert {each.kind for each in outcomes} == {OutcomeKind.SUCCEEDED}
    assert receiver.connection_count == 40


def release_at(receiver, count, release):
    receiver.wait_for(count)
    release.set()


def test_done_may_send_again(sender, receiver):
    outcomes = []

    def again(outcome):
        outcomes.append(outcome)
        if len(outcomes) < 3:
            sender.send(request_to(receiver.url()), again)

    sender.send(request_to(receiver.url()), again)
    drain(sender)
    assert len(outcomes) == len(receiver.received) == 3


def test_what_ended_is_reported_even_if_one_report_fails(sender, receiver):
    reported: list[Outcome] = []

    def fail(outcome):
        raise RuntimeError("boom")

    sender.send(request_to(receiver.url()), fail)
    sender.send(request_to(receiver.url()), reported.append)
    with pytest.raises(RuntimeError, match="boom"):
        drain(sender)
    drain(sender)
    assert len(reported) == 1


def test_wake_ends_the_waiting_from_another_thread(sender):
    threading.Timer(0.05, sender.wake).start()
    begin = time.monotonic()
    sender.poll(30)
    assert time.monotonic() - begin < 10


def test_a_wake_before_the_waiting_is_not_lost(sender):
    sender.wake()
    sender.wake()
    begin = time.monotonic()
    sender.poll(30)
    assert time.monotonic() - begin < 10
    sender.poll(0)


def test_closing_ends_what_is_in_flight_as_unknown(receiver):
    sender, outcomes = Sender(), list[Outcome]()
    receiver.always(Answer(held=threading.Event()))
    sender.send(request_to(receiver.url()), outcomes.append)
    while not receiver.received:
        sender.poll(0.05)
    sender.close()
    sender.wake()
    assert [each.kind for each in outcomes] == [OutcomeKind.UNKNOWN]
    assert outcomes[0].error


def test_a_header_with_a_line_break_is_never_sent(sender, receiver):
    with pytest.raises(ValueError, match="line break"):
        sender.send(request_to(receiver.url(), headers=[("X-A", "1\r\nX-B: 2")]), print)
    assert sender.in_flight == 0


def test_a_proxy_in_the_environment_is_not_used(sender, receiver, monkeypatch):
    with Receiver() as proxy:
        for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert outcome_of(sender, request_to(receiver.url())).kind is OutcomeKind.SUCCEEDED
        assert proxy.received == []


def test_cookies_are_not_kept(sender, receiver):
    receiver.plan(Answer(headers=(("Set-Cookie", "a=b; Path=/"),)))
    for _ in range(2):
        outcome_of(sender, request_to(receiver.url()))
    assert "cookie" not in receiver.received[1].headers


def test_a_body_within_the_limit_of_reading_keeps_its_connection(sender, receiver):
    receiver.plan(Answer(body=b"x" * LARGEST_READ))
    first = outcome_of(sender, request_to(receiver.url()))
    outcome_of(sender, request_to(receiver.url()))
    assert (first.response_body, first.truncated) == (b"x" * 16384, True)
    assert receiver.connection_count == 1


def test_a_broken_idle_connection_is_replaced(sender, receiver):
    receiver.plan(Answer(headers=(("Connection", "close"),)))
    outcomes = [outcome_of(sender, request_to(receiver.url())) for _ in range(2)]
    assert {each.kind for each in outcomes} == {OutcomeKind.SUCCEEDED}


def test_tls_is_verified_against_the_subscriptions_own_authority(sender, authority):
    with Receiver(tls=authority.server_context("hooks.example.com")) as receiver:
        request = request_to(receiver.url(host="hooks.example.com"), ca_certificate_pem=authority.pem)
        outcome = outcome_of(sender, request)
        [received] = receiver.received
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert received.headers["host"] == f"hooks.example.com:{receiver.port}"


def test_only_that_authority_is_trusted_and_only_for_that_request(sender, authority):
    with Receiver(tls=authority.server_context("hooks.example.com")) as receiver:
        request = request_to(receiver.url(host="hooks.example.com"), ca_certificate_pem=authority.pem)
        other = replace(request, ca_certificate_pem=Authority().pem)
        public = replace(request, ca_certificate_pem="")
        kinds = [outcome_of(sender, each).kind for each in (request, other, request, public, request)]
    expected = [OutcomeKind.SUCCEEDED, OutcomeKind.TLS_ERROR, OutcomeKind.SUCCEEDED, OutcomeKind.TLS_ERROR]
    assert kinds == [*expected, OutcomeKind.SUCCEEDED]


def test_a_certificate_of_another_host_is_refused_in_words(sender, authority):
    with Receiver(tls=authority.server_context("other.example.com")) as receiver:
        request = request_to(receiver.url(host="hooks.example.com"), ca_certificate_pem=authority.pem)
        outcome = outcome_of(sender, request)
        assert receiver.received == []
    assert outcome.kind is OutcomeKind.TLS_ERROR
    assert outcome.http_status == 0
    assert "hooks.example.com" in outcome.error


def test_tls_below_1_2_is_refused(sender, authority):
    context = authority.server_context("hooks.example.com")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with Receiver(tls=context) as receiver:
        request = request_to(receiver.url(host="hooks.example.com"), ca_certificate_pem=authority.pem)
        assert outcome_of(sender, request).kind is OutcomeKind.TLS_ERROR


def test_an_address_as_host_is_checked_in_the_certificate(sender, authority):
    with Receiver(tls=authority.server_context("127.0.0.1")) as receiver:
        outcome = outcome_of(sender, request_to(receiver.url(), ca_certificate_pem=authority.pem))
    assert outcome.kind is OutcomeKind.SUCCEEDED
