"""Which event types a pattern stands for: "project.closed", "project.*", "*.deleted" or "*"."""

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from clockwire.model.record_types import EVENT_TYPES, SUBJECTS


def types_of(pattern: str) -> frozenset[str]:
    """The event types that the pattern stands for; empty if it is not known."""
    return PATTERNS.get(pattern, frozenset())


def why_unknown(pattern: str) -> str:
    """What is wrong with a pattern that stands for nothing, and what is allowed."""
    near = difflib.get_close_matches(pattern, PATTERNS, n=1)
    hint = f", perhaps {near[0]!r} was meant" if near else ""
    return (
        f"{pattern[:100]!r} is no event type{hint}; allowed are '*', '<type>.*', '*.<verb>' and '<type>.<verb>', with "
        f"the types {', '.join(info.token for info in SUBJECTS.values())} and the verbs {', '.join(_VERBS)}"
    )


def _patterns() -> dict[str, frozenset[str]]:
    patterns = {"*": frozenset(EVENT_TYPES)}
    patterns |= {f"{info.token}.*": frozenset(info.event_types) for info in SUBJECTS.values()}
    patterns |= {
        f"*.{verb}": frozenset(each.name for each in EVENT_TYPES.values() if each.verb == verb) for verb in _VERBS
    }
    return patterns | {name: frozenset({name}) for name in EVENT_TYPES}


_VERBS = tuple(dict.fromkeys(each.verb for each in EVENT_TYPES.values()))
PATTERNS: Mapping[str, frozenset[str]] = MappingProxyType(_patterns())
