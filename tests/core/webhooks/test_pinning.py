"""Connections lead to the addresses that were checked, and to nothing else."""

import socket

import pytest

from clockwire.model.outcome import OutcomeKind
from tests.support.receivers import Receiver
from tests.support.sending import outcome_of, request_to


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


def test_the_host_is_not_looked_up_again(sender, receiver):
    outcome = outcome_of(sender, request_to(receiver.url(host="never.looked.up.invalid")))
    assert (outcome.kind, outcome.remote_ip) == (OutcomeKind.SUCCEEDED, "127.0.0.1")
    assert receiver.received[0].headers["host"] == f"never.looked.up.invalid:{receiver.port}"


def test_the_name_localhost_leads_to_the_checked_address_too(sender, receiver):
    outcome = outcome_of(sender, request_to(receiver.url(host="localhost"), "127.0.0.3", timeout_ms=2000))
    assert outcome.kind is OutcomeKind.CONNECTION_ERROR
    assert receiver.received == []


def test_the_next_address_is_tried_if_the_first_does_not_answer(sender, receiver):
    outcome = outcome_of(sender, request_to(receiver.url(host="both.example"), "127.0.0.2", "127.0.0.1"))
    assert (outcome.kind, outcome.remote_ip) == (OutcomeKind.SUCCEEDED, "127.0.0.1")


def test_an_open_connection_is_not_used_for_another_host_of_the_same_address(sender, receiver):
    for host in ("one.example", "two.example", "one.example"):
        outcome_of(sender, request_to(receiver.url(host=host)))
    assert [each.connection for each in receiver.received] == [0, 1, 0]


def test_an_open_connection_is_not_used_once_the_host_has_another_address(sender):
    with Receiver() as old, socket.create_server(("127.0.0.2", old.port)) as other:
        request = request_to(old.url(host="moved.example"))
        assert outcome_of(sender, request).kind is OutcomeKind.SUCCEEDED
        other.close()
        moved = request_to(old.url(host="moved.example"), "127.0.0.2")
        assert outcome_of(sender, moved).kind is OutcomeKind.CONNECTION_ERROR
        assert len(old.received) == 1


def test_several_addresses_share_a_connection_only_with_themselves(sender, receiver):
    both = request_to(receiver.url(host="both.example"), "127.0.0.1", "127.0.0.2")
    for request in (both, both, request_to(receiver.url(host="both.example")), both):
        assert outcome_of(sender, request).kind is OutcomeKind.SUCCEEDED
    assert [each.connection for each in receiver.received] == [0, 0, 1, 0]


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_ipv6_addresses_are_reached(sender):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        outcome = outcome_of(sender, request_to(f"http://[::1]:{port}/", "::1", timeout_ms=200))
    assert (outcome.kind, outcome.remote_ip) == (OutcomeKind.TIMEOUT, "::1")
