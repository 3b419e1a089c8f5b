"""Who may want an event: the subscriptions of a workspace, found by what their filters are about.

Most filters name the projects, clients, users or records that they are about. So an event is matched against those
subscriptions that name one of its ids, and those that name none, however many others there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from clockwire.model.event_filter import Matcher, compile_filter
from clockwire.model.event_index import EventIndex
from clockwire.model.subscription import Subscription


@dataclass(frozen=True, slots=True)
class Listener:
    """A subscription and what it wants, ready to be asked."""

    place: int
    subscription: Subscription
    matcher: Matcher


class Audience:
    """The subscriptions of a workspace, in their order."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        """Their filters are compiled."""
        self._anything: list[Listener] = []
        self._about: dict[str, list[Listener]] = {}
        for place, subscription in enumerate(subscriptions):
            listener = Listener(place, subscription, compile_filter(subscription.filter))
            if listener.matcher.about is None:
                self._anything.append(listener)
            for id_ in listener.matcher.about or ():
                self._about.setdefault(id_, []).append(listener)

    def near(self, index: EventIndex) -> Sequence[Listener]:
        """Those that an event may matter to, in their order: all others do not want it."""
        groups = [self._about[id_] for id_ in index.about if id_ in self._about]
        if not groups:
            return self._anything
        if len(groups) == 1 and not self._anything:
            return groups[0]
        found = chain.from_iterable(groups)
        together = {listener.place: listener for listener in (*self._anything, *found)}
        return [together[place] for place in sorted(together)]
