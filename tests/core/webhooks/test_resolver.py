"""Which addresses a host has, and whether they may be used."""

import socket
import threading
import time
from ipaddress import ip_address, ip_network

import pytest

from clockwire.model.errors import TargetUrlRefused
from clockwire.model.outcome import OutcomeKind
from clockwire.model.target import check_target_url
from clockwire.webhooks.addresses import AddressPolicy
from clockwire.webhooks.resolver import Resolver, Unresolved, require_sendable

HTTPS = check_target_url("https://hooks.example.com/")
HTTP = check_target_url("http://hooks.example.com/", http_allowed=True)


class Names:
    """A name service that a test writes; it counts what it is asked."""

    def __init__(self, *answers: list[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self, host, port, **options):
        self.asked.append(host)
        assert self.may_answer.wait(10)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in answer]


class Watch:
    """A clock for the answers that are kept."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def resolving():
    """Makes resolvers and closes them."""
    made = []

    def make(names, *allowed, clock=time.monotonic):
        policy = AddressPolicy([ip_network(each) for each in allowed])
        made.append(Resolver(policy, lookup=names, thread_count=2, clock=clock))
        return lambda target=HTTPS, seconds=10.0: made[-1].resolve(target, timeout_seconds=seconds).result(20)

    yield make
    for each in made:
        each.close()


def test_all_addresses_come_back_once_and_in_order(resolving):
    resolve = resolving(Names(["2606:4700::1", "1.1.1.1", "1.1.1.1", "::ffff:8.8.8.8"]))
    assert resolve() == tuple(map(ip_address, ("2606:4700::1", "1.1.1.1", "8.8.8.8")))


def test_one_refused_address_refuses_the_host(resolving):
    answer = resolving(Names(["1.1.1.1", "169.254.169.254"]))()
    assert answer.kind is OutcomeKind.ADDRESS_REFUSED
    assert (answer.host, answer.refused_range) == ("hooks.example.com", "link-local (169.254.0.0/16)")
    with pytest.raises(TargetUrlRefused, match=r"169\.254\.169\.254") as caught:
        require_sendable(answer)
    assert caught.value.metadata == {"host": "hooks.example.com", "range": "link-local (169.254.0.0/16)"}


def test_a_name_that_is_rebound_is_refused_once_its_answer_has_aged(resolving):
    names, clock = Names(["1.1.1.1"], ["127.0.0.1"]), Watch()
    resolve = resolving(names, clock=clock)
    assert resolve() == (ip_address("1.1.1.1"),)
    clock.now = 29.9
    assert resolve() == (ip_address("1.1.1.1"),)
    clock.now = 30.0
    assert resolve().kind is OutcomeKind.ADDRESS_REFUSED
    assert len(names.asked) == 2


def test_a_failure_is_kept_for_a_shorter_time(resolving):
    names, clock = Names(socket.gaierror(socket.EAI_AGAIN, "later"), ["1.1.1.1"]), Watch()
    resolve = resolving(names, clock=clock)
    assert isinstance(resolve(), Unresolved)
    clock.now = 5.0
    assert resolve() == (ip_address("1.1.1.1"),)


def test_many_who_ask_at_once_cause_one_look_up():
    names = Names(["1.1.1.1"])
    names.may_answer.clear()
    resolver = Resolver(AddressPolicy(), lookup=names)
    futures = [resolver.resolve(HTTPS, timeout_seconds=10) for _ in range(50)]
    names.may_answer.set()
    assert {future.result(10) for future in futures} == {(ip_address("1.1.1.1"),)}
    assert names.asked == ["hooks.example.com"]
    resolver.close()


def test_no_such_host_is_the_urls_fault(resolving):
    answer = resolving(Names(socket.gaierror(socket.EAI_NONAME, "unknown")))()
    assert (answer.kind, answer.problem) == (OutcomeKind.DNS_ERROR, "there is no host hooks.example.com")
    with pytest.raises(TargetUrlRefused):
        require_sendable(answer)


@pytest.mark.parametrize("error", [socket.gaierror(socket.EAI_AGAIN, "try again"), OSError("no descriptors"), []])
def test_a_failing_name_server_is_not_the_urls_fault(resolving, error):
    answer = resolving(Names(error))()
    assert answer.kind is OutcomeKind.DNS_ERROR
    require_sendable(answer)


def test_an_answer_that_does_not_come_is_a_timeout_in_time(resolving):
    names = Names(["1.1.1.1"])
    names.may_answer.clear()
    begin = time.monotonic()
    answer = resolving(names)(seconds=0.1)
    assert 0.1 <= time.monotonic() - begin < 5
    assert answer.kind is OutcomeKind.TIMEOUT
    require_sendable(answer)
    names.may_answer.set()


def test_a_late_answer_serves_who_asks_next(resolving):
    names = Names(["1.1.1.1"])
    names.may_answer.clear()
    resolve = resolving(names)
    assert resolve(seconds=0.01).kind is OutcomeKind.TIMEOUT
    names.may_answer.set()
    assert resolve() == (ip_address("1.1.1.1"),)
    assert len(names.asked) == 1


def test_an_address_as_host_is_never_looked_up(resolving):
    names = Names(["1.1.1.1"])
    resolve = resolving(names, "127.0.0.0/8")
    assert resolve(check_target_url("https://127.0.0.1/")) == (ip_address("127.0.0.1"),)
    assert resolve(check_target_url("https://[::1]/")).refused_range == "loopback (::1/128)"
    assert names.asked == []


def test_http_needs_every_address_to_be_allowed(resolving):
    resolve = resolving(Names(["10.0.0.1"], ["10.0.0.1"]), "10.0.0.0/8")
    assert resolve(HTTP) == resolve(HTTPS) == (ip_address("10.0.0.1"),)
    answer = resolving(Names(["10.0.0.1", "1.1.1.1"]), "10.0.0.0/8")(HTTP)
    assert (answer.kind, answer.refused_range) == (OutcomeKind.ADDRESS_REFUSED, "http")


def test_closing_answers_who_still_waits():
    names = Names(["1.1.1.1"])
    names.may_answer.clear()
    resolver = Resolver(AddressPolicy(), lookup=names)
    future = resolver.resolve(HTTPS, timeout_seconds=60)
    resolver.close()
    assert future.result(10).kind is OutcomeKind.TIMEOUT
    names.may_answer.set()


def test_the_system_resolves_localhost(resolving):
    resolve = resolving(socket.getaddrinfo, "127.0.0.0/8", "::1/128")
    assert ip_address("127.0.0.1") in resolve(check_target_url("https://localhost/"))
