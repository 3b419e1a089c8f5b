"""Which addresses a host has now, and whether every one of them may be used.

Names are looked up on a few threads, because the system's resolver blocks; an answer comes within the time given even
if the system's does not. One refused address refuses the host: a name that points inside and outside is not a name to
trust. Answers are kept for 30 s, so that a changed name is noticed within that time.
"""

import math
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from clockwire.model.errors import TargetUrlRefused
from clockwire.model.outcome import OutcomeKind
from clockwire.model.target import Address, Target
from clockwire.webhooks.addresses import AddressPolicy, plain_address
from clockwire.webhooks.deadlines import Deadlines, settle

Lookup = Callable[..., Sequence[tuple[Any, ...]]]
"""As socket.getaddrinfo."""

_KEPT_SECONDS = 30.0
_FAILURE_KEPT_SECONDS = 5.0
_MOST_KEPT = 4096
_NO_SUCH_HOST = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """Why a host cannot be sent to."""

    kind: OutcomeKind
    host: str
    problem: str
    refused_range: str = ""
    passing: bool = False
    """Whether the look-up failed rather than the name: the host may well be right."""


Resolution = tuple[Address, ...] | Unresolved
"""Every address of a host, all of them allowed; or why there are none."""


@dataclass(slots=True)
class _Kept:
    """What is known of a host, or being asked."""

    host: str
    answer: Future[Resolution]
    until: float = math.inf


class Resolver:
    """Looks hosts up, and judges what it finds by the policy; for any thread."""

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        lookup: Lookup = socket.getaddrinfo,
        thread_count: int = 8,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._lookup = lookup
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._literals: dict[Target, Resolution] = {}
        self._asked: queue.SimpleQueue[_Kept | None] = queue.SimpleQueue()
        self._deadlines: Deadlines[Resolution] = Deadlines()
        self._threads = [
            threading.Thread(target=self._run, name="clockwire-lookup", daemon=True) for _ in range(thread_count)
        ]
        for thread in self._threads:
            thread.start()

    def known(self, target: Target) -> Resolution | None:
        """The addresses of the target's host, if nothing has to be looked up for them."""
        if target.literal is not None:
            return self._literal(target)
        kept = self._kept.get(target.host)
        if kept is None or kept.until <= self._clock() or not kept.answer.done():
            return None
        return self._judged_for(target, kept.answer.result())

    def resolve(self, target: Target, *, timeout_seconds: float) -> Future[Resolution]:
        """The addresses of the target's host; the future has its result within the time given."""
        answer: Future[Resolution] = Future()
        if (known := self.known(target)) is not None:
            answer.set_result(known)
            return answer
        self._answer_of(target.host).add_done_callback(
            lambda found: settle(answer, self._judged_for(target, found.result()))
        )
        if not answer.done():
            self._deadlines.limit(answer, seconds=timeout_seconds, late=_too_late(target.host))
        return answer

    def close(self) -> None:
        """Ends the threads as their last look-ups return; who still waits is told that it took too long."""
        for _ in self._threads:
            self._asked.put(None)
        self._deadlines.close()

    def _literal(self, target: Target) -> Resolution:
        """What is thought of an address that is the host itself; the policy does not change."""
        found = self._literals.get(target)
        if found is None:
            assert target.literal is not None
            found = self._judged_for(target, self._judged(target.host, [target.literal]))
            if len(self._literals) >= _MOST_KEPT:
                self._literals.clear()
            self._literals[target] = found
        return found

    def _answer_of(self, host: str) -> Future[Resolution]:
        """What is known of a host, or will be: many who ask at once cause one look-up."""
        with self._lock:
            kept = self._kept.get(host)
            if kept is None or kept.until <= self._clock():
                kept = _Kept(host, Future())
                self._kept.pop(host, None)
                if len(self._kept) >= _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[host] = kept
                self._asked.put(kept)
            return kept.answer

    def _run(self) -> None:
        while (kept := self._asked.get()) is not None:
            resolution = self._looked_up(kept.host)
            seconds = _FAILURE_KEPT_SECONDS if isinstance(resolution, Unresolved) else _KEPT_SECONDS
            with self._lock:
                kept.until = self._clock() + seconds
            settle(kept.answer, resolution)

    def _looked_up(self, host: str) -> Resolution:
        try:
            found = self._lookup(host, None, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno in _NO_SUCH_HOST:
                return Unresolved(kind=OutcomeKind.DNS_ERROR, host=host, problem=f"there is no host {host}")
            return _failed(host, error.strerror or str(error))
        except (OSError, UnicodeError) as error:
            return _failed(host, str(error))
        return self._judged(host, [ip_address(each[4][0]) for each in found])

    def _judged(self, host: str, found: Sequence[Address]) -> Resolution:
        addresses = tuple(dict.fromkeys(plain_address(address) for address in found))
        for address in addresses:
            if refused := self._policy.refused_range(address):
                return _refused(host, f"{address} may not be sent to: {refused}", refused)
        return addresses or _failed(host, "the answer was empty")

    def _judged_for(self, target: Target, resolution: Resolution) -> Resolution:
        """The same for https; for http only if the operator allowed every address."""
        if target.scheme == "https" or isinstance(resolution, Unresolved):
            return resolution
        if all(self._policy.allows_http(address) for address in resolution):
            return resolution
        return _refused(target.host, f"{target.host} may only be sent to by https", "http")


def require_sendable(resolution: Resolution) -> None:
    """Raise TargetUrlRefused if a webhook could not be sent there, now or later.

    A failing name server is not held against the host: addresses are judged again at every connection.
    """
    if isinstance(resolution, Unresolved) and not resolution.passing:
        raise TargetUrlRefused(resolution.problem, host=resolution.host, refused_range=resolution.refused_range)


def _refused(host: str, problem: str, refused_range: str) -> Unresolved:
    return Unresolved(kind=OutcomeKind.ADDRESS_REFUSED, host=host, problem=problem, refused_range=refused_range)


def _failed(host: str, why: str) -> Unresolved:
    return Unresolved(
        kind=OutcomeKind.DNS_ERROR, host=host, problem=f"{host} could not be looked up: {why}", passing=True
    )


def _too_late(host: str) -> Unresolved:
    return Unresolved(
        kind=OutcomeKind.TIMEOUT, host=host, problem=f"the time was over while looking up {host}", passing=True
    )
