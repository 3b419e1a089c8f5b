"""What a filter says, as a tree of conditions on a record's values (`model/record_fields.py`), and whether it holds.

`storage/filters.py` says the same in SQL. Both have two truth values only: a test of a value that is missing is
false, and NOT makes it true. So `a != 1` holds where `a` is missing, exactly as `NOT a = 1` does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt
from typing import Any

from clockwire.model.custom_values import Value
from clockwire.model.filters.paths import Path
from clockwire.model.record_fields import value_at, values_of
from clockwire.model.states import State

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no value."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The value stands in a relation, one of = < <= > >=, to another of its kind. Text goes by code points."""

    operator: str
    value: str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Like:
    """After the mark (a prefix that is not part of the text) comes a text with this one in it, open at an end."""

    text: str
    open_start: bool
    open_end: bool
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Has:
    """The value is a list, and one of its entries passes the test."""

    test: Compared | Like


@dataclass(frozen=True, slots=True)
class Comparison:
    """The value at a path passes a test."""

    path: Path
    test: Absent | Compared | Like | Has


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of the parts holds, or more."""

    parts: tuple["Node", ...]


Node = Comparison | Not | And | Or


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that was read; without a root everything matches."""

    text: str
    root: Node | None

    def matches(self, state: State) -> bool:
        """Whether the record or timer passes, with the labels it holds."""
        return self.root is None or self.matches_values(values_of(state))

    def matches_values(self, values: Mapping[str, Value]) -> bool:
        """Whether a record with these values passes: for one record and many filters."""
        return self.root is None or _holds(self.root, values)


def _holds(node: Node, values: Mapping[str, Value]) -> bool:
    match node:
        case Comparison():
            return _passes(node.test, value_at(values, node.path.keys))
        case Not():
            return not _holds(node.part, values)
        case And():
            return all(_holds(part, values) for part in node.parts)
        case Or():
            return any(_holds(part, values) for part in node.parts)


def _passes(test: Absent | Compared | Like | Has, value: Value | None) -> bool:
    match test:
        case Absent():
            return value is None
        case Has():
            return isinstance(value, list) and any(_passes(test.test, entry) for entry in value)
        case Compared():
            return isinstance(value, str | int) and COMPARE[test.operator](value, test.value)
        case Like():
            return isinstance(value, str) and _is_like(test, value)


def _is_like(like: Like, value: str) -> bool:
    if not value.startswith(like.mark):
        return False
    text = value[len(like.mark) :]
    if like.open_start and like.open_end:
        return like.text in text
    return text.endswith(like.text) if like.open_start else text.startswith(like.text)
