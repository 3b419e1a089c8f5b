"""How filters and orders are asked of the database: as SQL over the table `record`, equal to what the model computes.

Every value is bound, never written into the statement. Text is ordered by code points: PostgreSQL is told so
(COLLATE "C"), SQLite knows no other way. A label is looked up in the record it repeats, so it is never stale.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Text,
    UnaryExpression,
    and_,
    case,
    cast,
    collate,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from clockwire.model.filters import Absent, And, Compared, Comparison, Filter, Has, Like, Node, Not, Or, Path
from clockwire.model.filters.nodes import COMPARE
from clockwire.model.ordering import Order, OrderKey, Scalar
from clockwire.storage.database import Dialect

Condition = ColumnElement[bool]
Term = ColumnElement[Any]

_TABLE_COLUMNS = {"id", "version", "create_time", "update_time"}
_TYPES: dict[str, TypeEngine[Any]] = {
    "bool": Boolean(),
    "int": BigInteger(),
    "enum": BigInteger(),
    "timestamp": BigInteger(),
    "duration": BigInteger(),
}


def where(filter_: Filter, table: FromClause, dialect: Dialect) -> Condition:
    """The rows of *table*, which is `record` or an alias of it, that the filter matches."""
    return true() if filter_.root is None else _holds(filter_.root, table, dialect)


def order_by(order: Order, table: FromClause, dialect: Dialect) -> list[UnaryExpression[Any]]:
    """The terms of ORDER BY."""
    terms = [
        (term.desc() if key.descending else term.asc()).nulls_last()
        for key in order.keys
        for term in [_in_order(key.path, value_of(key.path, table, dialect), dialect)]
    ]
    return [*terms, table.c.id.asc()]


def after(order: Order, position: Sequence[Scalar], table: FromClause, dialect: Dialect) -> Condition:
    """The rows behind this position, which is one that `order.check_position` lets pass."""
    *values, last_id = position
    behind: Condition = table.c.id > last_id
    for key, value in reversed([*zip(order.keys, values, strict=True)]):
        behind = _behind(key, value, ties=behind, term=value_of(key.path, table, dialect), dialect=dialect)
    return behind


def value_of(path: Path, table: FromClause, dialect: Dialect) -> Term:
    """The value at a path, NULL where there is none."""
    if path.reference is not None and path.target is not None:
        return _label(path.reference, path.target, table, dialect)
    if path.keys[0] in _TABLE_COLUMNS:
        return table.c[path.keys[0]]
    type_ = _TYPES.get(path.kind, Text())
    if dialect == "sqlite":
        return func.json_extract(table.c.fields, _json_path(path), type_=type_)
    text = _document(path.keys[:-1], table).op("->>", return_type=Text())(literal(path.keys[-1], Text()))
    return text if isinstance(type_, Text) else cast(text, type_)


def _label(reference: Path, target: Path, table: FromClause, dialect: Dialect) -> Term:
    """What the record that is referred to holds now."""
    owner = table.alias()
    return (
        select(value_of(target, owner, dialect))
        .where(owner.c.workspace_id == table.c.workspace_id, owner.c.id == value_of(reference, table, dialect))
        .correlate(table)
        .scalar_subquery()
    )


def _document(keys: Sequence[str], table: FromClause) -> Term:
    """On PostgreSQL: what lies under nested keys. `->` with a text finds nothing in an array, as it should be."""
    document: Term = table.c.fields
    for key in keys:
        document = document.op("->", return_type=JSONB())(literal(key, Text()))
    return document


def _json_path(path: Path) -> Term:
    """On SQLite: the same place in its own notation; keys hold no quotes or backslashes (`model/filters/paths.py`)."""
    return literal("$" + "".join(f'."{key}"' for key in path.keys), Text())


def _holds(node: Node, table: FromClause, dialect: Dialect) -> Condition:
    """NULL stands for false here, so only NOT has to tell the two apart."""
    match node:
        case Comparison():
            return _compared(node, table, dialect)
        case Not():
            return not_(func.coalesce(_holds(node.part, table, dialect), false(), type_=Boolean()))
        case And():
            return and_(*(_holds(part, table, dialect) for part in node.parts))
        case Or():
            return or_(*(_holds(part, table, dialect) for part in node.parts))


def _compared(comparison: Comparison, table: FromClause, dialect: Dialect) -> Condition:
    path, test = comparison.path, comparison.test
    if isinstance(test, Has):
        return _has(path, test, table, dialect)
    term = value_of(path, table, dialect)
    return term.is_(None) if isinstance(test, Absent) else _passes(path, test, term, dialect)


def _passes(path: Path, test: Compared | Like, term: Term, dialect: Dialect) -> Condition:
    if isinstance(test, Like):
        return _is_like(test, term, dialect)
    value = literal(test.value, _TYPES.get(path.kind, Text()))
    if test.operator == "=":
        return term == value
    return COMPARE[test.operator](_in_order(path, term, dialect), value)  # type: ignore[return-value]


def _is_like(like: Like, term: Term, dialect: Dialect) -> Condition:
    """By position and not with LIKE, which has its own wildcards and, on SQLite, its own idea of case."""
    marked = func.substr(term, 1, len(like.mark)) == like.mark if like.mark else true()
    rest = func.substr(term, len(like.mark) + 1) if like.mark else term
    if like.open_start and like.open_end:
        found = func.instr if dialect == "sqlite" else func.strpos
        return and_(marked, found(rest, literal(like.text, Text())) > 0)
    start = func.length(rest) - len(like.text) + 1 if like.open_start else 1
    return and_(marked, func.substr(rest, start, len(like.text)) == like.text)


def _has(path: Path, has: Has, table: FromClause, dialect: Dialect) -> Condition:
    entry = _entries_on_sqlite(path, table) if dialect == "sqlite" else _entries_on_postgresql(path, table)
    return select(literal(1)).where(_passes(path, has.test, entry, dialect)).correlate(table).exists()


def _entries_on_sqlite(path: Path, table: FromClause) -> Term:
    place = _json_path(path)
    # json_each also walks objects, and shows a scalar as its own entry.
    document = case((func.json_type(table.c.fields, place) == "array", table.c.fields), else_=None)
    return func.json_each(document, place).table_valued("value", name="entries").c.value


def _entries_on_postgresql(path: Path, table: FromClause) -> Term:
    document = _document(path.keys, table)
    array = case((func.jsonb_typeof(document) == "array", document), else_=None)
    return func.jsonb_array_elements_text(array, type_=Text()).column_valued("entry")


def _behind(key: OrderKey, value: Scalar, *, ties: Condition, term: Term, dialect: Dialect) -> Condition:
    """What comes after *value* by this key, or has the same and is behind by what is left. What is empty is last."""
    if value is None:
        return and_(term.is_(None), ties)
    bound = literal(value, _TYPES.get(key.path.kind, Text()))
    in_order = _in_order(key.path, term, dialect)
    further = in_order < bound if key.descending else in_order > bound
    return or_(further, term.is_(None), and_(term == bound, ties))


def _in_order(path: Path, term: Term, dialect: Dialect) -> Term:
    """The term in the form that is ordered by code points. Ids are, as they are, and so keep their index."""
    is_text = path.kind not in _TYPES and path.keys != ("id",)
    return collate(term, "C") if is_text and dialect == "postgresql" else term
