"""Which events a filter lets through: an EventFilter, checked once and then asked for every event."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from clockwire.model.changed_paths import full_paths, touches, why_unknown_path
from clockwire.model.errors import FieldInvalid, Violation
from clockwire.model.event_index import EventIndex
from clockwire.model.event_patterns import types_of, why_unknown
from clockwire.model.filters import Filter, parse_filter
from clockwire.model.identifiers import is_id
from clockwire.model.record_types import EVENT_TYPES
from clockwire.model.states import State
from clockwire.v1.common_pb2 import Origin, RecordType
from clockwire.v1.events_pb2 import EventFilter

Look = Callable[[], State | None]
Condition = Callable[[EventIndex], bool]

_MOST_ENTRIES = {
    "event_types": 50,
    "record_ids": 1000,
    "project_ids": 100,
    "client_ids": 100,
    "user_ids": 100,
    "exclude_api_key_ids": 100,
}
_MOST_PATHS = 100
_MOST_VIOLATIONS = 20  # more do not fit into an answer
_ID_LISTS = ("record_ids", "project_ids", "client_ids", "user_ids", "exclude_api_key_ids")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """A filter that is ready to be asked. `event_types` is None if all types pass."""

    event_types: frozenset[str] | None = None
    conditions: tuple[Condition, ...] = ()
    expressions: Mapping["RecordType.ValueType", Filter] = field(default_factory=dict)
    #: One of the conditions again, as data: the event is about one of these ids. None if it may be about anything.
    about: frozenset[str] | None = None

    def wants(self, index: EventIndex, after: Look, before: Look) -> bool:
        """Whether the event passes. Its states are asked for only if the filter has an expression.

        Each condition on the record's fields may be met by either state.
        """
        if self.event_types is not None and index.type not in self.event_types:
            return False
        for condition in self.conditions:
            if not condition(index):
                return False
        return not self.expressions or self._expression_holds(index.record_type, after, before)

    @property
    def needs_only_the_type(self) -> bool:
        """Whether `event_types` alone decides, so that no index has to be made."""
        return not self.conditions and not self.expressions

    def _expression_holds(self, record_type: "RecordType.ValueType", after: Look, before: Look) -> bool:
        expression = self.expressions[record_type]
        return any((state := look()) is not None and expression.matches(state) for look in (after, before))


def compile_filter(event_filter: EventFilter, subject: str = "filter") -> Matcher:
    """The matcher of a filter. FieldInvalid names wrong fields, under *subject*; FilterInvalid is of the expression."""
    problems = islice(_problems(event_filter), _MOST_VIOLATIONS)
    violations = [Violation(f"{subject}.{path}", problem) for path, problem in problems]
    if violations:
        raise FieldInvalid(*violations)
    chosen = [types_of(pattern) for pattern in event_filter.event_types]
    event_types = frozenset().union(*chosen) if chosen else None
    return Matcher(
        event_types=None if event_types == frozenset(EVENT_TYPES) else event_types,
        conditions=tuple(_conditions(event_filter)),
        expressions=_expressions(event_filter.expression, event_types),
        about=_about(event_filter),
    )


def _problems(event_filter: EventFilter) -> Iterator[tuple[str, str]]:
    """Every field that is wrong, with what is wrong."""
    for name, most in _MOST_ENTRIES.items():
        count = len(getattr(event_filter, name))
        if count > most:
            yield name, f"has {count} entries; at most {most:,} are allowed"
    for number, pattern in enumerate(event_filter.event_types):
        if not types_of(pattern):
            yield f"event_types[{number}]", why_unknown(pattern)
    for name in _ID_LISTS:
        for number, id_ in enumerate(getattr(event_filter, name)):
            if not is_id(id_):
                yield f"{name}[{number}]", f"{id_[:100]!r} is no id: a UUID in lower case is needed"
    yield from _path_problems(event_filter)
    for number, origin in enumerate(event_filter.exclude_origins):
        if not origin or origin not in Origin.values():
            yield f"exclude_origins[{number}]", f"must be one of {', '.join(Origin.keys()[1:])}"


def _path_problems(event_filter: EventFilter) -> Iterator[tuple[str, str]]:
    paths = event_filter.changed_paths.paths
    if len(paths) > _MOST_PATHS:
        yield "changed_paths", f"has {len(paths)} entries; at most {_MOST_PATHS} are allowed"
    for number, path in enumerate(paths):
        if not full_paths(path):
            yield f"changed_paths[{number}]", why_unknown_path(path)


def _conditions(event_filter: EventFilter) -> Iterator[Condition]:
    """One condition per field that is set, the cheapest first."""
    if origins := frozenset(event_filter.exclude_origins):
        yield lambda index: index.origin not in origins
    if keys := frozenset(event_filter.exclude_api_key_ids):
        yield lambda index: index.api_key_id not in keys
    if records := frozenset(event_filter.record_ids):
        yield lambda index: index.record_id in records
    if projects := frozenset(event_filter.project_ids):
        yield lambda index: not projects.isdisjoint(index.project_ids)
    if clients := frozenset(event_filter.client_ids):
        yield lambda index: not clients.isdisjoint(index.client_ids)
    if users := frozenset(event_filter.user_ids):
        yield lambda index: not users.isdisjoint(index.user_ids)
    if paths := frozenset(full for path in event_filter.changed_paths.paths for full in full_paths(path)):
        yield lambda index: EVENT_TYPES[index.type].verb != "updated" or touches(index.changed_paths, paths)


def _about(event_filter: EventFilter) -> frozenset[str] | None:
    """The ids of which an event must be about one, from the narrowest list that is given."""
    lists = (event_filter.record_ids, event_filter.user_ids, event_filter.project_ids, event_filter.client_ids)
    return next((frozenset(ids) for ids in lists if ids), None)


def _expressions(text: str, event_types: frozenset[str] | None) -> Mapping["RecordType.ValueType", Filter]:
    """The expression as each of the remaining types reads it: it may name only fields that all of them have."""
    if not text.strip():
        return {}
    types = sorted({EVENT_TYPES[name].record_type for name in (EVENT_TYPES if event_types is None else event_types)})
    return {type_: parse_filter(text, type_) for type_ in types}
