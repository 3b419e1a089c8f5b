"""Makers of requests for a Sender, and what drives one."""

import time
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

from clockwire.model.outcome import Outcome
from clockwire.model.target import check_target_url
from clockwire.webhooks.exchange import SendRequest
from clockwire.webhooks.sender import Sender

LOOPBACK = ip_address("127.0.0.1")


def request_to(url: str, *addresses: str, **changes: object) -> SendRequest:
    """A small POST to *url*, by way of these addresses, or of 127.0.0.1."""
    request = SendRequest(
        target=check_target_url(url, http_allowed=True),
        addresses=tuple(ip_address(each) for each in addresses) or (LOOPBACK,),
        headers=[("Content-Type", "application/json; charset=utf-8"), ("User-Agent", "clockwire/test")],
        body=b'{"event":"project.deleted","id":"41984ad9-9efd-4af2-9212-037a49a736fc"}',
        timeout_ms=10_000,
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def outcome_of(sender: Sender, request: SendRequest) -> Outcome:
    """What comes of one request."""
    [outcome] = outcomes_of(sender, [request])
    return outcome


def outcomes_of(sender: Sender, requests: Sequence[SendRequest], *, seconds: float = 20.0) -> list[Outcome]:
    """What comes of requests that are made at once, in the order in which they end."""
    outcomes: list[Outcome] = []
    for request in requests:
        sender.send(request, outcomes.append)
    end = time.monotonic() + seconds
    while len(outcomes) < len(requests):
        assert time.monotonic() < end, f"{len(requests) - len(outcomes)} requests did not end"
        sender.poll(end - time.monotonic())
    return outcomes


def drain(sender: Sender, *, seconds: float = 20.0) -> None:
    """Everything that is in flight ends, and is reported."""
    end = time.monotonic() + seconds
    while sender.in_flight:
        assert time.monotonic() < end, f"{sender.in_flight} requests did not end"
        sender.poll(end - time.monotonic())
    sender.poll(0)
