"""Of which subscriptions more deliveries wait in the table than a dispatcher holds."""

from collections import Counter
from collections.abc import Mapping, Sequence

from clockwire.model.delivery import ClaimedDelivery


class Backlog:
    """Fresh deliveries of these subscriptions must queue up behind what waits. Who uses it holds a lock."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}
        #: Counts what was added: a claim says nothing of what was added after it began.
        self.mark = 0

    def __contains__(self, subscription_id: str) -> bool:
        return subscription_id in self._since

    def add(self, subscription_id: str) -> None:
        """More waits in the table."""
        self.mark += 1
        self._since[subscription_id] = self.mark

    def claimed(self, found: Sequence[ClaimedDelivery], *, wants: Mapping[str, int], mark: int, whole: bool) -> None:
        """What a claim says that began at a mark: a subscription of which it found less than it wanted has no more.

        *wants* as in `operations/dispatch.py: claim_due`; *whole*: the claim found all there was.
        """
        taken = Counter(each.subscription.id for each in found)
        for id_ in taken:
            self._since.setdefault(id_, mark)
        if whole:
            for id_, since in [*self._since.items()]:
                if since <= mark and taken[id_] < wants.get(id_, 1):
                    del self._since[id_]
