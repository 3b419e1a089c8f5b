"""What one subscription may take of the dispatcher: its places, its pace, and its rest.

Each subscription has a lane of its own, so that a slow, dead or flooded endpoint holds up nobody else. A lane takes no
more than it can send before its leases end: how much that is, it learns from how long attempts take.
"""

from collections import deque
from dataclasses import dataclass, field

from clockwire.model.delivery import LEASE, ClaimedDelivery
from clockwire.model.instants import MINUTE, SECOND, Instant
from clockwire.model.outcome import Outcome
from clockwire.model.subscription import Subscription

_LARGEST = 256
_FIRST_GUESS = SECOND // 4  # what an attempt takes, as long as nobody knows
_QUEUE_FOR = LEASE // 4
_REST = 5 * SECOND
_LONGEST_REST = 10 * MINUTE


@dataclass(slots=True, eq=False)
class Lane:
    """The deliveries of one subscription that this dispatcher holds."""

    subscription: Subscription
    queue: deque[ClaimedDelivery] = field(default_factory=deque)
    in_flight: int = 0
    #: Places kept for deliveries that are just being committed.
    reserved: int = 0
    #: Number of the last change since which what is known of the subscription is old, and nothing is begun; 0: none.
    #: After a 410 it is that of the next change, which says that the subscription was disabled.
    stale: int = 0
    rest_until: Instant = 0
    _usual_duration: float = _FIRST_GUESS
    _rests: int = 0
    _starts: deque[Instant] = field(default_factory=deque)

    @property
    def free(self) -> int:
        """How many more deliveries it may hold."""
        ahead = int(self.subscription.places * _QUEUE_FOR / max(self._usual_duration, 1))
        largest = min(_LARGEST, max(self.subscription.places, ahead))
        return max(0, largest - len(self.queue) - self.in_flight - self.reserved)

    @property
    def empty(self) -> bool:
        """Whether it holds nothing and expects nothing."""
        return not (self.queue or self.in_flight or self.reserved or self.stale)

    def ready_time(self, now: Instant) -> Instant | None:
        """When it may begin its next attempt; None: not before something else happens."""
        if not self.queue or self.stale or self.in_flight >= self.subscription.places:
            return None
        return max(now, self.rest_until, self._paced(now))

    def begin(self, now: Instant) -> ClaimedDelivery:
        """Takes the next delivery off the queue: its attempt begins."""
        self.in_flight += 1
        if self.subscription.max_per_minute:
            self._starts.append(now)
        return self.queue.popleft()

    def end(self, outcome: Outcome, now: Instant) -> None:
        """Hears how an attempt went."""
        self.in_flight -= 1
        self._usual_duration += (outcome.duration - self._usual_duration) / 8
        if not outcome.slows_endpoint:
            self._rests = 0
            return
        self._rests += 1
        length = outcome.retry_after or _REST << min(self._rests - 1, 10)
        self.rest_until = max(self.rest_until, now + min(length, _LONGEST_REST))

    def _paced(self, now: Instant) -> Instant:
        """When the attempts of the last minute leave room for another one."""
        limit = self.subscription.max_per_minute
        while self._starts and self._starts[0] <= now - MINUTE:
            self._starts.popleft()
        if not limit or len(self._starts) < limit:
            return now
        return self._starts[-limit] + MINUTE
