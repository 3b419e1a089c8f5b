"""How a filter is read: one function per rule of its grammar.

| filter      = [ expression ]
| expression  = term { "AND" term } | term { "OR" term }
| term        = "NOT" term | "(" expression ")" | comparison
| comparison  = path ( "=" | "!=" | "<" | "<=" | ">" | ">=" | ":" ) literal
| literal     = string | number | duration | time | "true" | "false" | "null" | enum word
"""

from clockwire.model.errors import FilterInvalid
from clockwire.model.filters.conditions import condition
from clockwire.model.filters.nodes import And, Filter, Node, Not, Or
from clockwire.model.filters.paths import UnknownPath, path_of
from clockwire.model.filters.tokens import Token, TokenKind, shortened, steps_of, tokens_of
from clockwire.v1.common_pb2 import RecordType

_LONGEST = 2_000
_MOST_COMPARISONS = 50
_DEEPEST = 20
_JOINTS = {"AND", "OR"}
_LITERALS = {TokenKind.STRING, TokenKind.NUMBER, TokenKind.DURATION, TokenKind.TIME, TokenKind.PATH}


def parse_filter(text: str, record_type: "RecordType.ValueType | None") -> Filter:
    """The filter that *text* writes down, for a type (or timers) or, with None, for any record. FilterInvalid."""
    if len(text) > _LONGEST:
        raise FilterInvalid(f"a filter has at most {_LONGEST:,} characters", position=_LONGEST)
    return Filter(text, _Parser(text, record_type).filter())


class _Parser:
    """A walk over the tokens, one ahead."""

    def __init__(self, text: str, record_type: "RecordType.ValueType | None") -> None:
        self._tokens = tokens_of(text)
        self._next = self._last = next(self._tokens)
        self._record_type = record_type
        self._comparisons = 0
        self._depth = 0

    def filter(self) -> Node | None:
        root = None if self._at_end() else self._expression()
        if not self._at_end():
            raise self._next.refused(f"expected AND, OR or the end, found {shortened(self._next.text)!r}")
        return root

    def _expression(self) -> Node:
        parts, joint = [self._term()], self._next.text
        while self._next.text in _JOINTS:
            if self._take().text != joint:
                raise self._last.refused("AND and OR side by side need brackets, to say which is meant")
            parts.append(self._term())
        if len(parts) == 1:
            return parts[0]
        return And(tuple(parts)) if joint == "AND" else Or(tuple(parts))

    def _term(self) -> Node:
        if self._next.text != "NOT" and self._next.kind is not TokenKind.OPEN:
            return self._comparison()
        if self._depth == _DEEPEST:
            raise self._next.refused(f"brackets and NOT may be nested {_DEEPEST} deep")
        self._depth += 1
        node = Not(self._term()) if self._take().text == "NOT" else self._in_brackets()
        self._depth -= 1
        return node

    def _in_brackets(self) -> Node:
        opened = self._last
        node = self._expression()
        if self._take().kind is not TokenKind.CLOSE:
            raise opened.refused("the bracket is not closed")
        return node

    def _comparison(self) -> Node:
        self._comparisons += 1
        if self._comparisons > _MOST_COMPARISONS:
            raise self._next.refused(f"a filter has at most {_MOST_COMPARISONS} comparisons")
        word, operator = self._take(), self._take()
        if word.kind is not TokenKind.PATH or word.text in _JOINTS:
            found = repr(shortened(word.text)) if word.text else "the end"
            raise word.refused(f"expected a path, found {found}")
        if operator.kind is not TokenKind.OPERATOR:
            raise operator.refused(
                f"a word alone is no condition: expected = != < <= > >= or : after {shortened(word.text)!r}"
            )
        try:
            path = path_of(steps_of(word), self._record_type)
        except UnknownPath as error:
            raise word.refused(str(error)) from error
        literal = self._take()
        if literal.kind not in _LITERALS:
            raise literal.refused(f"expected a value after {operator.text!r}")
        return condition(path, operator, literal)

    def _at_end(self) -> bool:
        return self._next.kind is TokenKind.END

    def _take(self) -> Token:
        """The next token, which is the last one from now on; END stays the next for ever."""
        self._last = self._next
        self._next = next(self._tokens, self._last)
        return self._last
