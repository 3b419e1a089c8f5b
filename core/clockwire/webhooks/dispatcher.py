"""How deliveries get sent: claim, send, settle, until told to stop.

One thread runs the loop. Fresh deliveries of this process come straight from the commit that made them, leased from
the beginning; all others are claimed from the table. No transaction is open while a request is out: a claim is a lease,
and what came of the attempts is written down in groups. If this process dies the leases end, and others claim again.
"""

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue

import structlog

from clockwire.model.delivery import Attempted, ClaimedDelivery
from clockwire.model.errors import ServerDraining
from clockwire.model.identifiers import new_id
from clockwire.model.instants import SECOND, Clock, Instant
from clockwire.model.outcome import OutcomeKind
from clockwire.model.subscription import Subscription
from clockwire.model.vault import Vault
from clockwire.operations.dispatch import Claims, Settled
from clockwire.webhooks.answers import answer_to
from clockwire.webhooks.backlog import Backlog
from clockwire.webhooks.lanes import Lane
from clockwire.webhooks.ledger import CLAIM_LIMIT, Books, Ledger
from clockwire.webhooks.posting import Posting
from clockwire.webhooks.resolver import Resolver
from clockwire.webhooks.sender import Sender

log = structlog.get_logger(__name__)

Taken = Callable[[Sequence[ClaimedDelivery]], None]
_MOST_IN_FLIGHT = 1_000
_PAUSE_SECONDS = 0.1
_NEVER: Instant = 1 << 62
_POLL = SECOND // 2  # how often to look for deliveries that nobody told us of


class Dispatcher:
    """Sends what is due. The writer's thread asks it what `operations/planning.py: Intake` says."""

    def __init__(
        self,
        writer: Books,
        vault: Vault,
        resolver: Resolver,
        *,
        clock: Clock,
        ended: Callable[[Sequence[str]], None] = lambda _: None,
        settled: Callable[[Sequence[Settled]], None] = lambda _: None,
        claims: bool = True,
        lease: str = "",
    ) -> None:
        """*ended* hears the ids of deliveries that have ended, *settled* what came of attempts: on its own thread.

        *ended* is called whenever something was written down, also if nothing ended by it.
        One that does not claim makes tests only: the deliveries of this database are sent by other processes.
        """
        self.lease = lease or new_id(clock())
        self._clock = clock
        self._sender = Sender(clock=clock)
        self._posting = Posting(self._sender, vault, resolver, clock, self.tell)
        self._ledger = Ledger(writer, lease=self.lease, clock=clock, tell=self.tell, ended=ended, settled=settled)
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        # The lock is for what the writer's thread asks too: the lanes, and whether one may begin.
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}
        self._backlog = Backlog()
        # Workspaces whose subscriptions were changed since the last claim began: it may have seen them as they were.
        self._changed: set[str] = set()
        self._change = 0
        self._all_changed = False
        self._runnable: deque[Lane] = deque()
        self._later: list[tuple[Instant, int, Lane]] = []
        self._order = count()
        self._in_flight = 0
        self._hungry = claims
        self._claim_time: Instant = 0 if claims else _NEVER
        self._claims = claims
        self._progress_time = time.monotonic()
        self._stop_time: Instant | None = None
        self._failed = threading.Event()  # never set: what failed is tried again after a pause
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Deliveries are sent from now on."""
        self._thread.start()

    def stop(self, grace_seconds: float) -> None:
        """Nothing is sent any more. What was under way may end within the time given; what came of all is written."""
        self.tell(partial(self._begin_stop, grace_seconds))
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the loop runs."""
        return self._thread.is_alive()

    @property
    def stalled_seconds(self) -> float:
        """How long ago it last found out what is due; for one that does not claim, how long ago its loop went round."""
        return time.monotonic() - self._progress_time

    def reserve(self, subscription: Subscription) -> bool:
        """Whether a place was found, and is kept, for one more delivery of this subscription."""
        with self._lock:
            lane = self._lane(subscription)
            if not self._room(lane):
                self._backlog.add(subscription.id)
                return False
            lane.reserved += 1
            return True

    def release(self, subscription_ids: Sequence[str]) -> None:
        """Gives back places that were reserved for deliveries which were not committed."""
        with self._lock:
            for subscription_id in subscription_ids:
                self._lanes[subscription_id].reserved -= 1

    def accept(self, claimed: Sequence[ClaimedDelivery]) -> None:
        """Takes deliveries into the places that were reserved for them."""
        self.tell(partial(self._accepted, claimed))

    def take(self, claimed: Sequence[ClaimedDelivery], taken: Taken) -> None:
        """Takes deliveries whether or not there are places for them: another process thought so.

        *taken* is called with them on the dispatcher's thread. Their lanes are there at once, so that a change of
        their subscriptions that is heard of next finds them.
        """
        with self._lock:
            for each in claimed:
                self._lane(each.subscription).reserved += 1
        self.tell(partial(self._accepted, claimed, taken))

    def rooms(self, subscription_ids: Iterable[str]) -> dict[str, int | None]:
        """How many more fresh deliveries of each it would take; None if it knows of nothing of it."""
        with self._lock:
            lanes = {id_: self._lanes.get(id_) for id_ in subscription_ids}
            return {
                id_: self._room(lane) if lane else 0 if id_ in self._backlog else None for id_, lane in lanes.items()
            }

    def subscriptions_changed(self, workspace_ids: Collection[str] | None) -> None:
        """Begins no attempt any more for subscriptions of these workspaces (None: of any) as they were before."""
        with self._lock:
            self._changed.update(workspace_ids or ())
            self._all_changed = self._all_changed or workspace_ids is None
            self._change += 1
            for lane in self._lanes.values():
                if workspace_ids is None or lane.subscription.workspace_id in workspace_ids:
                    lane.stale = self._change
            renew = partial(self._renew, self._change)
        self.tell(renew)

    def wake(self, subscription_ids: Iterable[str] = ()) -> None:
        """Hears that there are deliveries to claim, and of which subscriptions that is known."""
        with self._lock:
            for id_ in subscription_ids:
                self._backlog.add(id_)
        self._hungry = True
        self._sender.wake()

    async def send_test(self, claimed: ClaimedDelivery) -> Attempted:
        """Makes one attempt now, whatever the subscription's state, and says what came of it."""
        if self._stopping:
            raise ServerDraining
        return await answer_to(partial(self.begin_test, claimed))

    def begin_test(self, claimed: ClaimedDelivery, tested: Callable[[Attempted], None]) -> None:
        """As `send_test`; *tested* is called on the dispatcher's thread."""

        def done(attempted: Attempted) -> None:
            self._in_flight -= 1
            tested(attempted)

        def begin() -> None:
            self._in_flight += 1
            self._posting.begin(claimed, done)

        self.tell(begin)

    def attend(self, descriptor: int, ready: Callable[[], None]) -> None:
        """Has *ready* called on the dispatcher's thread whenever there is something to be read. Before the start."""
        self._sender.attend(descriptor, ready)

    def leave(self, descriptor: int) -> None:
        """Has nothing called for it any more; on the dispatcher's thread."""
        self._sender.leave(descriptor)

    def tell(self, call: Callable[[], None]) -> None:
        """Has something done on the dispatcher's thread."""
        self._inbox.put(call)
        self._sender.wake()

    def _run(self) -> None:
        while not self._stopped():
            try:
                self._turn()
            except Exception:
                log.exception("dispatcher turn failed")
                self._failed.wait(_PAUSE_SECONDS)
        self._posting.close()
        while not self._ledger.idle:
            self._ledger.settle()
            with suppress(Empty):
                self._inbox.get(timeout=_PAUSE_SECONDS)()

    def _turn(self) -> None:
        if not self._claims:
            self._progress_time = time.monotonic()
        self._hear()
        self._begin_ready()
        self._claim_more()
        self._ledger.settle()
        self._sender.poll(self._wait_seconds())

    def _hear(self) -> None:
        with suppress(Empty):
            while True:
                self._inbox.get_nowait()()

    def _begin_ready(self) -> None:
        """One attempt a lane and round, as long as there are lanes that may begin one."""
        now = self._clock()
        while self._later and self._later[0][0] <= now:
            self._runnable.append(heapq.heappop(self._later)[2])
        while self._runnable and self._in_flight < _MOST_IN_FLIGHT:
            lane = self._runnable.popleft()
            if (claimed := self._next_of(lane, now)) is not None:
                self._runnable.append(lane)
                self._begin(lane, claimed, now)

    def _begin(self, lane: Lane, claimed: ClaimedDelivery, now: Instant) -> None:
        """The attempt is under way, unless its lease might end before it."""
        if (claimed.delivery.due_time or 0) - now < claimed.subscription.timeout:
            lane.in_flight -= 1
            with self._lock:
                self._backlog.add(lane.subscription.id)
            self._ledger.give_back([claimed])
            return
        self._in_flight += 1
        try:
            self._posting.begin(claimed, partial(self._attempt_ended, lane))
        except Exception:  # what one subscription makes go wrong costs it this attempt, and the others nothing
            log.exception("attempt not made", delivery_id=claimed.delivery.id, subscription_id=lane.subscription.id)
            self._in_flight -= 1
            lane.in_flight -= 1

    def _next_of(self, lane: Lane, now: Instant) -> ClaimedDelivery | None:
        """The lane's next delivery if it may be begun now. A lane that may later is put by until then."""
        with self._lock:
            ready_time = lane.ready_time(now)
            if ready_time is None:
                return None
            if ready_time > now:
                heapq.heappush(self._later, (ready_time, next(self._order), lane))
                return None
            return lane.begin(now)

    def _attempt_ended(self, lane: Lane, attempted: Attempted) -> None:
        now = self._clock()
        self._in_flight -= 1
        lane.end(attempted.outcome, now)
        if attempted.outcome.kind is OutcomeKind.GONE:
            lane.stale = self._change + 1  # nothing is begun any more, until it is known that it was disabled
        self._ledger.note(attempted)
        if lane.rest_until > now:
            self._put_by(lane)
        self._runnable.append(lane)
        if lane.subscription.id in self._backlog and len(lane.queue) <= lane.subscription.places:
            self._hungry = True

    def _put_by(self, lane: Lane) -> None:
        """A lane that rests holds nothing: its leases would end before it goes on."""
        self._ledger.give_back(list(lane.queue))
        lane.queue.clear()
        with self._lock:
            self._backlog.add(lane.subscription.id)

    def _accepted(self, claimed: Sequence[ClaimedDelivery], taken: Taken = lambda _: None) -> None:
        with self._lock:
            for each in claimed:
                self._lanes[each.subscription.id].reserved -= 1
        self._enqueue(claimed)
        taken(claimed)

    def _enqueue(self, claimed: Sequence[ClaimedDelivery]) -> None:
        if self._stopping:
            self._ledger.give_back(claimed)
            return
        for each in claimed:
            with self._lock:
                lane = self._lane(each.subscription)
            if not lane.queue:
                self._runnable.append(lane)
            lane.queue.append(each)

    def _lane(self, subscription: Subscription) -> Lane:
        """The subscription's lane, which knows its newest version. The lock is held."""
        lane = self._lanes.setdefault(subscription.id, Lane(subscription))
        if subscription.version > lane.subscription.version:
            lane.subscription = subscription
        return lane

    def _renew(self, change: int) -> None:
        """What is queued for subscriptions that changed is given back, and claimed again if it is still to be sent."""
        given_back: list[ClaimedDelivery] = []
        with self._lock:
            for lane in self._lanes.values():
                if 0 < lane.stale <= change:  # what changed once more is seen to later
                    given_back += lane.queue
                    lane.queue.clear()
                    lane.stale = 0
                    self._backlog.add(lane.subscription.id)
        self._ledger.give_back(given_back)
        self._hungry = True

    def _claim_more(self) -> None:
        now = self._clock()
        if self._stopping or not self._ledger.may_claim or not (self._hungry or now >= self._claim_time):
            return
        self._hungry = False
        self._claim_time = now + _POLL
        with self._lock:
            self._forget_empty()
            wants = {id_: 0 if lane.rest_until > now else lane.free for id_, lane in self._lanes.items()}
            mark = self._backlog.mark
            self._changed.clear()
            self._all_changed = False
        self._ledger.claim(wants, partial(self._claimed, wants, mark))

    def _claimed(self, wants: dict[str, int], mark: int, claims: Claims | None) -> None:
        if claims is None:
            return
        whole = len(claims.deliveries) < CLAIM_LIMIT
        with self._lock:
            for each in claims.deliveries:
                self._lane(each.subscription)
            self._backlog.claimed(claims.deliveries, wants=wants, mark=mark, whole=whole)
        self._progress_time = time.monotonic()
        self._enqueue_unchanged(claims.deliveries)
        if claims.next_due_time is not None:
            self._claim_time = min(self._claim_time, claims.next_due_time)
        self._hungry = self._hungry or not whole

    def _room(self, lane: Lane) -> int:
        """How many more fresh deliveries the lane takes. The lock is held."""
        closed = lane.subscription.id in self._backlog or lane.stale or lane.rest_until > self._clock()
        return 0 if closed or self._stopping else lane.free

    def _enqueue_unchanged(self, claimed: Sequence[ClaimedDelivery]) -> None:
        """Takes what was claimed, and gives back what may have been claimed for a subscription as it was before."""
        sure: list[ClaimedDelivery] = []
        doubtful: list[ClaimedDelivery] = []
        with self._lock:
            for each in claimed:
                changed = self._all_changed or each.subscription.workspace_id in self._changed
                (doubtful if changed else sure).append(each)
        self._ledger.give_back(doubtful)
        self._hungry = self._hungry or bool(doubtful)
        self._enqueue(sure)

    def _forget_empty(self) -> None:
        """Lanes that hold nothing are not kept. The lock is held."""
        now = self._clock()
        self._lanes = {id_: lane for id_, lane in self._lanes.items() if not lane.empty or lane.rest_until > now}

    def _wait_seconds(self) -> float:
        """How long there is nothing to do but to wait for the network."""
        if (self._runnable and self._in_flight < _MOST_IN_FLIGHT) or self._stopped():
            return 0.0
        now = self._clock()
        until = now + _POLL
        if self._later:
            until = min(until, self._later[0][0])
        if self._ledger.may_claim:
            until = now if self._hungry else min(until, self._claim_time)
        return max(0, until - now) / SECOND

    @property
    def _stopping(self) -> bool:
        return self._stop_time is not None

    def _begin_stop(self, grace_seconds: float) -> None:
        self._stop_time = self._clock() + int(grace_seconds * SECOND)
        for lane in self._lanes.values():
            self._ledger.give_back(list(lane.queue))
            lane.queue.clear()

    def _stopped(self) -> bool:
        return self._stop_time is not None and (self._in_flight == 0 or self._clock() >= self._stop_time)
