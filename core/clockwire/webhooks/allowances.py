"""How many deliveries another process takes without having to claim them, as far as it has said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clockwire.model.subscription import Subscription
from clockwire.webhooks.lanes import Lane


@dataclass(slots=True)
class _Allowance:
    """Both are counted from the beginning, so that what crosses on the way is counted once."""

    limit: int
    taken: int = 0
    #: Number of the wake-up that tells of the last delivery that found no place.
    refused: int = 0


class Allowances:
    """Kept for one life of the other process."""

    def __init__(self) -> None:
        self._known: dict[str, _Allowance] = {}

    def take(self, subscription: Subscription, wake_up: int) -> bool:
        """Whether there was a place for one more. If not, that is told with the wake-up of this number."""
        known = self._known.get(subscription.id)
        if known is None:
            known = self._known[subscription.id] = _Allowance(Lane(subscription).free)
        if known.refused or known.taken >= known.limit:
            known.refused = wake_up
            return False
        known.taken += 1
        return True

    def give_back(self, subscription_ids: Sequence[str]) -> None:
        """Places that were taken are not needed."""
        for id_ in subscription_ids:
            if (known := self._known.get(id_)) is not None:
                known.taken -= 1

    def raise_to(self, limits: Mapping[str, int], heard: int) -> None:
        """New limits, as they were when the wake-up of this number was the last one heard.

        They say nothing of a subscription that was refused a place since: what waits in the table goes first.
        """
        for id_, limit in limits.items():
            known = self._known.setdefault(id_, _Allowance(limit))
            if known.refused <= heard:
                known.limit, known.refused = limit, 0
