"""What the dispatcher has written down: claims, outcomes, and what it gives back.

One claim or one settlement is under way at a time, by turns; what ends meanwhile is written with the next, so that a
busy dispatcher writes large groups and an idle one writes at once. A claim shares its transaction with nothing else of
the dispatcher: it locks deliveries and not their subscriptions, which others lock first (see `operations/dispatch.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import structlog

from clockwire.model.caller import system
from clockwire.model.delivery import Attempted, ClaimedDelivery
from clockwire.model.errors import ClockwireError
from clockwire.model.instants import SECOND, Clock, Instant
from clockwire.operations.dispatch import Claims, Settled, Settlement, claim_due, release, settle_attempts
from clockwire.operations.subscriptions import announce_disabled
from clockwire.storage.transaction import Transaction
from clockwire.storage.writer import Job, Written
from clockwire.webhooks.posting import Tell

log = structlog.get_logger(__name__)

CLAIM_LIMIT = 500
_LARGEST_SETTLEMENT = 1_000
_BACK_OFF = SECOND


class Books(Protocol):
    """Where it is written down: the writer, here or in another process."""

    def submit(self, job: Job[Any]) -> None:
        """The job waits its turn. Raises QuotaExceeded if too many wait."""


Operation = Callable[[Transaction], Any]


class Ledger:
    """Hands the dispatcher's operations to the writer. Its methods belong to the dispatcher's thread."""

    def __init__(
        self,
        writer: Books,
        *,
        lease: str,
        clock: Clock,
        tell: Tell,
        ended: Callable[[Sequence[str]], None],
        settled: Callable[[Sequence[Settled]], None],
    ) -> None:
        """*tell* has something done on the dispatcher's thread; *ended* hears the ids of deliveries that ended.

        *settled* hears before it of attempts that were written down, and what became of them. *ended* is told of
        everything that was written down, also if nothing ended by it.
        """
        self._writer = writer
        self._lease = lease
        self._clock = clock
        self._tell = tell
        self._ended = ended
        self._told_settled = settled
        self._attempted: list[Attempted] = []
        self._writing = 0
        self._claiming = False
        self._held: list[Job[Any]] = []
        self._settling = False
        self._retry_time: Instant = 0

    @property
    def idle(self) -> bool:
        """Whether all is written down."""
        return not (self._attempted or self._writing)

    @property
    def may_claim(self) -> bool:
        """Whether nothing is under way."""
        return not self._writing

    def note(self, attempted: Attempted) -> None:
        """The attempt will be written down."""
        self._attempted.append(attempted.without_body())

    def settle(self) -> None:
        """What was noted is on its way to the table, if nothing else is."""
        if not self._attempted or self._settling or self._claiming or self._clock() < self._retry_time:
            return
        batch, self._attempted = self._attempted[:_LARGEST_SETTLEMENT], self._attempted[_LARGEST_SETTLEMENT:]
        self._settling = True
        self._submit(partial(settle_attempts, attempted=batch), partial(self._settled, batch))

    def claim(
        self,
        wants: Mapping[str, int],
        claimed: Callable[[Claims | None], None],
    ) -> None:
        """Due deliveries are claimed, and *claimed* is told; None: it failed."""
        operation = partial(claim_due, wants=wants, lease=self._lease, limit=CLAIM_LIMIT)

        def answered(answer: Written[Claims] | Exception) -> None:
            self._claiming = False
            for job in self._held:
                self._hand_in(job)
            self._held.clear()
            self.settle()
            claims = self._result("claim", answer)
            claimed(claims)
            self._ended(claims.ended if claims else ())

        self._submit(operation, answered)
        self._claiming = True

    def give_back(self, claimed: Sequence[ClaimedDelivery]) -> None:
        """Deliveries that will not be sent now are free for others, or for later."""
        if claimed:
            self._submit(partial(release, claimed=claimed), self._released)

    def _released(self, answer: Written[None] | Exception) -> None:
        self._result("release", answer)
        self._ended(())

    def _settled(self, batch: Sequence[Attempted], answer: Written[Settlement] | Exception) -> None:
        self._settling = False
        settlement = self._result("settle", answer)
        if settlement is None:
            self._attempted = [*batch, *self._attempted]
            self._retry_time = self._clock() + _BACK_OFF
            return
        self._told_settled(settlement.attempts)
        self._ended(settlement.ended)
        for subscription in settlement.disabled:
            log.warning("subscription disabled", subscription_id=subscription.id, reason=subscription.state_reason.name)
            self._submit(announce_disabled, lambda answer: self._result("announce", answer), subscription.workspace_id)

    def _submit(self, operation: Operation, answered: Callable[[Any], None], workspace_id: str = "") -> None:
        def done(answer: Any) -> None:  # noqa: ANN401 - whatever the operation answers
            self._tell(partial(self._answered, answered, answer))

        self._writing += 1
        job = Job(operation=operation, caller=system(workspace_id), done=done)
        if self._claiming:
            self._held.append(job)
        else:
            self._hand_in(job)

    def _hand_in(self, job: Job[Any]) -> None:
        try:
            self._writer.submit(job)
        except ClockwireError as error:
            job.done(error)

    def _answered(self, answered: Callable[[Any], None], answer: Any) -> None:  # noqa: ANN401
        self._writing -= 1
        answered(answer)

    def _result(self, what: str, answer: Written[Any] | Exception) -> Any:  # noqa: ANN401
        """What was written; None, and a line in the log, if it was not."""
        if isinstance(answer, Exception):
            log.error("dispatch not written", what=what, error=str(answer))
            return None
        return answer.result if answer.result is not None else ()
