"""What one comparison of a filter means: a condition, given the kind of the value at its path."""

from clockwire.model.custom_values import BOOL_MARK, STRING_MARK
from clockwire.model.filters.literals import custom_value, quoted, value_of
from clockwire.model.filters.nodes import Absent, And, Compared, Comparison, Has, Like, Node, Not
from clockwire.model.filters.paths import Path
from clockwire.model.filters.tokens import Literal, Token

_ORDERS = {"<", "<=", ">", ">="}


def condition(path: Path, operator: Token, literal: Token) -> Node:
    """The comparison as a condition. Raises FilterInvalid where operator, literal and path do not fit."""
    if literal.text == "null":
        return _absence(path, operator)
    if path.kind == "object":
        return _custom(path, operator, literal)
    if path.kind in {"list", "tags"}:
        return _entry(path, operator, literal)
    if operator.text == ":":
        raise operator.refused(f"':' looks into a list; {path.name} holds one value, so use '='")
    if path.kind in {"string", "uuid"}:
        return _text(path, operator, literal)
    if path.kind == "bool" and operator.text in _ORDERS:
        raise operator.refused(f"{path.name} is true or false; it may be compared with = and != only")
    return _compared(path, operator.text, value_of(path, literal))


def _absence(path: Path, operator: Token) -> Node:
    if operator.text not in {"=", "!="}:
        raise operator.refused("null may be compared with = and != only")
    absent = Comparison(path, Absent())
    return absent if operator.text == "=" else Not(absent)


def _compared(path: Path, operator: str, value: str | int) -> Node:
    if operator == "!=":
        return Not(Comparison(path, Compared("=", value)))
    return Comparison(path, Compared(operator, value))


def _text(path: Path, operator: Token, literal: Token) -> Node:
    string = quoted(path, literal)
    if not string.open_start and not string.open_end:
        if not string.text and operator.text in {"=", "!="}:
            return _absence(path, operator)  # an empty string and "not set" are the same value
        return _compared(path, operator.text, string.text)
    _refuse_order_of_wildcards(operator)
    like = Comparison(path, _like(string))
    return like if operator.text == "=" else Not(like)


def _entry(path: Path, operator: Token, literal: Token) -> Node:
    if operator.text != ":":
        raise operator.refused(f"{path.name} is a list: ask for an entry with ':', or for none with '= null'")
    string = quoted(path, literal)
    plain = not string.open_start and not string.open_end
    return Comparison(path, Has(Compared("=", string.text) if plain else _like(string)))


def _custom(path: Path, operator: Token, literal: Token) -> Node:
    """A comparison in custom fields, where the literal's kind says which values can pass at all."""
    mark, value = custom_value(path, literal)
    if isinstance(value, Literal):
        like = _like(value, mark=mark)
        if operator.text == ":":
            return Comparison(path, Has(like))
        _refuse_order_of_wildcards(operator)
        return Comparison(path, like) if operator.text == "=" else Not(Comparison(path, like))
    if operator.text == ":":
        return Comparison(path, Has(Compared("=", value)))
    if value == STRING_MARK and operator.text in {"=", "!="}:
        return _absence(path, operator)
    if operator.text not in _ORDERS:
        return _compared(path, operator.text, value)
    if mark == BOOL_MARK:
        raise operator.refused("true and false may be compared with = and != only")
    beyond = Compared(">=", mark) if operator.text in {"<", "<="} else Compared("<", chr(ord(mark) + 1))
    return And((Comparison(path, beyond), Comparison(path, Compared(operator.text, value))))


def _like(string: Literal, *, mark: str = "") -> Like:
    return Like(text=string.text, open_start=string.open_start, open_end=string.open_end, mark=mark)


def _refuse_order_of_wildcards(operator: Token) -> None:
    if operator.text in _ORDERS:
        raise operator.refused("a text with '*' may be compared with = and != only")
