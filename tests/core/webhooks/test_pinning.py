"""Connections lead to the addresses that were checked, and to nothing else."""

import socket
from ipaddress import ip_address

import pycurl
import pytest

from clockwire.model.outcome import OutcomeKind
from clockwire.webhooks.exchange import Exchange, _pins
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


def test_ipv6_addresses_are_pinned_in_brackets():
    assert _pins((ip_address("2606:4700::1"),), 8443) == (["::[2606:4700::1]:8443"], [])
    [name], [addresses] = _pins((ip_address("2606:4700::1"), ip_address("1.1.1.1")), 443)
    assert addresses == f"+{name[2:]}:[2606:4700::1],1.1.1.1"


def test_no_address_at_all_leads_nowhere(sender, receiver):
    outcome = outcome_of(sender, request_to(receiver.url(host="localhost"), addresses=()))
    assert outcome.kind is not OutcomeKind.SUCCEEDED
    assert receiver.connection_count == 0


def test_a_connection_to_any_other_address_is_not_made_whatever_leads_there(receiver):
    exchange = Exchange()
    exchange.begin(request_to(receiver.url(), "127.0.0.2"), print, now=0)
    exchange.curl.unsetopt(pycurl.CONNECT_TO)
    with pytest.raises(pycurl.error) as caught:
        exchange.curl.perform()
    outcome = exchange.outcome(*caught.value.args)
    exchange.close()
    assert (outcome.kind, receiver.connection_count) == (OutcomeKind.ADDRESS_REFUSED, 0)
    assert "127.0.0.1 is not an address that was checked" in outcome.error
