"""What the dispatcher has written down: claims, outcomes, and what it gives back.

One claim and one settlement are under way at a time; what ends meanwhile is written with the next, so that a busy
dispatcher writes large groups and an idle one writes at once.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from clockwire.model.caller import system
from clockwire.model.delivery import Attempted, ClaimedDelivery
from clockwire.model.errors import ClockwireError
from clockwire.model.instants import SECOND, Clock, Instant
from clockwire.operations.dispatch import Claims, Settlement, claim_due, release, settle_attempts
from clockwire.operations.subscriptions import announce_disabled
from clockwire.storage.transaction import Transaction
from clockwire.storage.writer import Job, Writer, Written
from clockwire.webhooks.posting import Tell

log = structlog.get_logger(__name__)

CLAIM_LIMIT = 500
_LARGEST_SETTLEMENT = 1_000
_BACK_OFF = SECOND

Operation = Callable[[Transaction], Any]


class Ledger:
    """Hands the dispatcher's operations to the writer. Its methods belong to the dispatcher's thread."""

    def __init__(
        self,
        writer: Writer[Any],
        *,
        lease: str,
        clock: Clock,
        tell: Tell,
        ended: Callable[[Sequence[str]], None],
        settled: Callable[[Sequence[Attempted], Settlement], None],
    ) -> None:
        """*tell* has something done on the dispatcher's thread; *ended* hears the ids of deliveries that ended.

        *settled* hears of attempts that were written down, and what became of them.
        """
        self._writer = writer
        self._lease = lease
        self._clock = clock
        self._tell = tell
        self._ended = ended
        self._told_settled = settled
        self._attempted: list[Attempted] = []
        self._writing = 0
        #: Whether a claim is under way.
        self.claiming = False
        self._settling = False
        self._retry_time: Instant = 0

    @property
    def idle(self) -> bool:
        """Whether all is written down."""
        return not (self._attempted or self._writing)

    def note(self, attempted: Attempted) -> None:
        """The attempt will be written down."""
        self._attempted.append(attempted)

    def settle(self) -> None:
        """What was noted is on its way to the table, if nothing else is."""
        if not self._attempted or self._settling or self._clock() < self._retry_time:
            return
        batch, self._attempted = self._attempted[:_LARGEST_SETTLEMENT], self._attempted[_LARGEST_SETTLEMENT:]
        self._settling = True
        self._submit(partial(settle_attempts, attempted=batch), partial(self._settled, batch))

    def claim(
        self,
        wants: Mapping[str, int],
        seen: Callable[[Claims], None],
        claimed: Callable[[Claims | None], None],
    ) -> None:
        """Due deliveries are claimed. *seen* is told inside the transaction, *claimed* after it; None: it failed."""
        self.claiming = True

        def operation(transaction: Transaction) -> Claims:
            claims = claim_due(transaction, wants, lease=self._lease, limit=CLAIM_LIMIT)
            seen(claims)
            return claims

        def answered(answer: Written[Claims] | Exception) -> None:
            self.claiming = False
            claims = self._result("claim", answer)
            claimed(claims)
            if claims is not None and claims.ended:
                self._ended(claims.ended)

        self._submit(operation, answered)

    def give_back(self, claimed: Sequence[ClaimedDelivery]) -> None:
        """Deliveries that will not be sent now are free for others, or for later."""
        if claimed:
            self._submit(partial(release, claimed=claimed), lambda answer: self._result("release", answer))

    def _settled(self, batch: Sequence[Attempted], answer: Written[Settlement] | Exception) -> None:
        self._settling = False
        settlement = self._result("settle", answer)
        if settlement is None:
            self._attempted = [*batch, *self._attempted]
            self._retry_time = self._clock() + _BACK_OFF
            return
        self._ended(settlement.ended)
        self._told_settled(batch, settlement)
        for subscription in settlement.disabled:
            log.warning("subscription disabled", subscription_id=subscription.id, reason=subscription.state_reason.name)
            self._submit(announce_disabled, lambda answer: self._result("announce", answer), subscription.workspace_id)

    def _submit(self, operation: Operation, answered: Callable[[Any], None], workspace_id: str = "") -> None:
        def done(answer: Any) -> None:  # noqa: ANN401 - whatever the operation answers
            self._tell(partial(self._answered, answered, answer))

        self._writing += 1
        try:
            self._writer.submit(Job(operation=operation, caller=system(workspace_id), done=done))
        except ClockwireError as error:
            done(error)

    def _answered(self, answered: Callable[[Any], None], answer: Any) -> None:  # noqa: ANN401
        self._writing -= 1
        answered(answer)

    def _result(self, what: str, answer: Written[Any] | Exception) -> Any:  # noqa: ANN401
        """What was written; None, and a line in the log, if it was not."""
        if isinstance(answer, Exception):
            log.error("dispatch not written", what=what, error=str(answer))
            return None
        return answer.result if answer.result is not None else ()
