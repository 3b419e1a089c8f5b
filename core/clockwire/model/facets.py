"""How what filters ask of an event is kept beside it, so that most events can be passed over unread."""

import orjson

from clockwire.model.event import LogEntry
from clockwire.model.event_filter import Matcher
from clockwire.model.event_index import EventIndex
from clockwire.model.record_types import EVENT_TYPES
from clockwire.model.states import State, read_state, state_of
from clockwire.v1.events_pb2 import Event


def facets_of(index: EventIndex) -> str:
    """The facets that have no column of their own, as JSON."""
    ids = [sorted(index.project_ids), sorted(index.client_ids), sorted(index.user_ids)]
    return orjson.dumps([*ids, index.changed_paths]).decode()


def matches(matcher: Matcher, entry: LogEntry) -> bool:
    """Whether an event in the log is wanted."""
    return matcher.wants(_index(entry), lambda: _after(entry), lambda: _before(entry))


def _index(entry: LogEntry) -> EventIndex:
    project_ids, client_ids, user_ids, changed_paths = orjson.loads(entry.facets)
    return EventIndex(
        type=entry.type,
        record_type=EVENT_TYPES[entry.type].record_type,
        record_id=entry.record_id,
        project_ids=frozenset(project_ids),
        client_ids=frozenset(client_ids),
        user_ids=frozenset(user_ids),
        changed_paths=tuple(changed_paths),
        origin=entry.origin,  # type: ignore[arg-type]  # stored as its number
        api_key_id=entry.api_key_id,
    )


def _after(entry: LogEntry) -> State | None:
    return state_of(Event.FromString(entry.message))


def _before(entry: LogEntry) -> State | None:
    return None if entry.before is None else read_state(entry.before, EVENT_TYPES[entry.type].record_type)
