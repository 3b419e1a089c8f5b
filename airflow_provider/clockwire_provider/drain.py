"""How the events that wait for a consumer are worked off.

A page of events is handed to a function; when that has returned, the consumer's cursor is moved past the page, and the
next page is read. So an event is handed over again only if the function, or the task, did not come to its end, and
then as the same event with the same id; no event is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clockwire_provider.feed import Feed

if TYPE_CHECKING:
    from clockwire.client import Client

Events = list[dict[str, Any]]


@dataclass
class Drained:
    """What has been worked off so far."""

    event_count: int = 0
    page_count: int = 0
    cursor: str = ""
    results: list[Any] = field(default_factory=list)


def drain(client: "Client", feed: Feed, handle: Callable[[Events], Any], *, page_size: int) -> Drained:
    """Hand all waiting events to *handle*, page by page, and move the consumer after each page.

    Raises CursorRewind if another reader has moved the consumer further meanwhile.
    """
    from clockwire.client import event_fields_of

    drained = Drained(cursor=client.open_consumer(feed.consumer, feed.start).cursor)
    while True:
        page = client.pull(drained.cursor, event_types=feed.event_types, filter=feed.filter, max_events=page_size)
        if page.events:
            drained.results.append(handle([event_fields_of(event) for event in page.events]))
            drained.event_count += len(page.events)
            drained.page_count += 1
        if page.cursor != drained.cursor:
            drained.cursor = client.commit(feed.consumer, page.cursor).cursor
        if page.caught_up:
            return drained
