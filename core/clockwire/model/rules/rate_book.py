"""Which billing rates may hold for a time log? Those whose keys are all the log's."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product

from clockwire.v1.records_pb2 import BillingRate, TimeLog


class RateBook:
    """The billing rates of a workspace, by the user, project and category they are for; an empty key is any."""

    def __init__(self, rates: Iterable[BillingRate]) -> None:
        self._by_keys: dict[tuple[str, str, str], list[BillingRate]] = defaultdict(list)
        for rate in rates:
            self._by_keys[rate.user_id, rate.project_id, rate.category_id].append(rate)

    def rates_for(self, log: TimeLog) -> Sequence[BillingRate]:
        """The rates for the log's user, project and category, or for any."""
        if not self._by_keys:
            return ()
        keys = product({"", log.user_id}, {"", log.project_id}, {"", log.category_id})
        return [rate for each in keys for rate in self._by_keys.get(each, ())]
