"""Any records, filters and orders that are allowed, made from the descriptors: few values, so that they often meet."""

import json
from collections.abc import Mapping

from google.protobuf.duration_pb2 import Duration
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from hypothesis import strategies as st

from clockwire.model.columns import Column
from clockwire.model.filters.paths import Path, paths_of
from clockwire.model.instants import SECOND, to_timestamp
from clockwire.model.record_types import RECORD_TYPES, body_of, type_of
from clockwire.v1.common_pb2 import Tag
from clockwire.v1.records_pb2 import Record

TYPES = sorted(RECORD_TYPES)
#: A few ids for each type, so that references meet records of the right one.
IDS = {type_: [f"00000000-0000-7000-8000-0000000{type_:02}00{digit}" for digit in range(5)] for type_ in (0, *TYPES)}

TEXTS = [
    *("a", "A", "ab", "abc", "b", "Z", "ä", "é", "😀", "\ufffd", "10", "9", "null", "true", "s", "sa"),
    *(
        "%",
        "_",
        "a%",
        "' OR 1=1 --",
        '"',
        "\\",
        "*",
        "a*b",
        "{",
        '{"a":"s1"}',
        "[]",
        "$.a",
        ":x",
        "%(x)s",
        "a\tb\nc",
        " ",
    ),
]
DECIMALS = [
    "0",
    "1",
    "1.0",
    "-1",
    "9",
    "10",
    "-10",
    "0.000001",
    "-0.000001",
    "125.50",
    "9" * 18 + ".999999",
    "-" + "9" * 18,
]
DATES = ["0001-01-01", "2023-12-31", "2024-01-15", "2024-02-29", "9999-12-31"]
INSTANTS = [-1, 0, 1, 1_705_312_800_000_000, 1_705_312_800_000_001, -62_135_596_800 * SECOND]
LENGTHS = [0, 1, 5_400 * SECOND, 5_400 * SECOND + 1, 315_576_000_000 * SECOND]
INTEGERS = [-(2**31), -1, 0, 1, 9, 10, 2**31 - 1]
NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.1, 0.30000000000000004, 1e300, -1e-300, 5e-324, 2.0**53]
KEYS = ["a", "b", "cost center", "ü", "0", "a.b", "[0]"]

json_values = st.recursive(
    st.sampled_from([None, True, False, "", *NUMBERS, *TEXTS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def records(draw, type_, *, own_id):
    """A record as it is stored: of one type, any fields set, without labels."""
    info = RECORD_TYPES[type_]
    record = Record(id=own_id, type=type_, version=draw(st.integers(1, 3)))
    record.create_time.CopyFrom(to_timestamp(draw(st.sampled_from(INSTANTS))))
    record.update_time.CopyFrom(to_timestamp(draw(st.sampled_from(INSTANTS))))
    record.external_id = draw(st.sampled_from(["", *TEXTS]))
    if draw(st.booleans()):
        record.custom_fields.update(draw(st.dictionaries(st.sampled_from(KEYS), json_values, max_size=4)))
    body = getattr(record, info.body_field)
    body.SetInParent()
    columns = [column for column in info.columns[1:] if column.path in info.body.fields_by_name and not column.label_of]
    for column in draw(st.lists(st.sampled_from(columns), max_size=8, unique_by=lambda column: column.path)):
        _set(body, column.path, draw(_values(column)))
    setattr(body, info.columns[0].path, own_id)
    return record


@st.composite
def worlds(draw, type_):
    """A few records of a type, and whatever they may refer to."""
    kinds = [type_] * 4 + draw(st.lists(st.sampled_from(TYPES), max_size=6))
    ids = {kind: iter(IDS[kind]) for kind in kinds}
    named = [(kind, next(ids[kind], None)) for kind in kinds]
    return [draw(records(kind, own_id=own_id)) for kind, own_id in named if own_id]


def with_labels(record: Record, world: list[Record]) -> Record:
    """The record as it is read: labels say what the records they belong to hold."""
    by_id = {each.id: each for each in world}
    labelled = Record()
    labelled.CopyFrom(record)
    body = body_of(labelled)
    columns = RECORD_TYPES[type_of(record)].columns_by_path
    for column in [column for column in columns.values() if column.label_of] * 2:  # a label may hang on another one
        target = by_id.get(getattr(body, column.label_of))
        if target is not None:
            setattr(body, column.path, getattr(body_of(target), column.path))
    return labelled


@st.composite
def filters(draw, type_):
    """The text of a filter."""
    return draw(st.recursive(_comparisons(type_), _combined, max_leaves=5))


@st.composite
def orders(draw, type_):
    """The text of an order."""
    paths = [path.name for path in paths_of(type_).values() if path.kind not in {"list", "tags", "object"}]
    names = draw(st.lists(st.sampled_from(paths), max_size=3, unique=True))
    return ", ".join(name + draw(st.sampled_from(["", " desc", "  asc"])) for name in names)


def quoted(text: str) -> str:
    """The text as a string literal of a filter."""
    for character in ("\\", '"', "*"):
        text = text.replace(character, "\\" + character)
    return f'"{text}"'


def _combined(inner):
    several = st.lists(inner.map(lambda part: f"({part})"), min_size=2, max_size=3)
    return several.map(" AND ".join) | several.map(" OR ".join) | inner.map(lambda part: f"NOT ({part})")


@st.composite
def _comparisons(draw, type_):
    path: Path = draw(st.sampled_from([*paths_of(type_).values()]))
    if path.kind == "object":
        name = ".".join([path.name, *draw(st.lists(st.sampled_from(KEYS).map(quoted), min_size=1, max_size=2))])
        return f"{name} {draw(_custom_tests)}"
    if draw(st.integers(0, 5)) == 0:
        return f"{path.name} {draw(st.sampled_from(['=', '!=']))} null"
    return f"{path.name} {draw(_tests(path))}"


def _tests(path: Path):
    if path.kind in {"list", "tags"}:
        return st.one_of(_texts(path.column), _wild).map(lambda literal: f": {literal}")
    if path.kind in {"string", "uuid"}:
        return _compared(_texts(path.column)) | _equal(_wild)
    if path.kind == "bool":
        return _equal(st.sampled_from(["true", "false"]))
    if path.kind == "enum":
        return _compared(st.sampled_from(path.column.enum_values))
    return _compared(st.sampled_from(_LITERALS[path.kind]))


def _texts(column: Column):
    return st.sampled_from(_ids(column) if column.kind in {"uuid", "list"} else ["", *TEXTS]).map(quoted)


def _ids(column: Column) -> list[str]:
    return IDS[column.reference_type] if column.reference_type else [ids[0] for ids in IDS.values()]


def _compared(literals):
    return st.builds(
        lambda operator, literal: f"{operator} {literal}", st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), literals
    )


def _equal(literals):
    return st.builds(lambda operator, literal: f"{operator} {literal}", st.sampled_from(["=", "!="]), literals)


_wild = st.builds(
    lambda text, pattern: pattern.format(quoted(text)[1:-1]),
    st.sampled_from(["", *TEXTS, "00000000", "0001"]),
    st.sampled_from(['"*{}"', '"{}*"', '"*{}*"']),
)
_numbers = st.sampled_from([f"{number:f}" for number in NUMBERS if abs(number) < 1e16] + ["1" + "0" * 300])
_custom_tests = st.one_of(
    _compared(st.sampled_from(["", *TEXTS]).map(quoted) | _numbers),
    _equal(_wild | st.sampled_from(["null", "true", "false"])),
    (st.sampled_from(TEXTS).map(quoted) | _numbers | _wild | st.just("true")).map(lambda literal: f": {literal}"),
)
_LITERALS: Mapping[str, list[str]] = {
    "int": [str(integer) for integer in INTEGERS],
    "decimal": DECIMALS,
    "date": [json.dumps(day) for day in DATES] + DATES,
    "timestamp": [
        *("1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z", "1970-01-01T01:00:00.000001+01:00"),
        *("2024-01-15T10:00:00Z", "2024-01-15T04:00:00.000001-06:00", '"0001-01-01t00:00:00z"'),
    ],
    "duration": [f"{length // SECOND}.{length % SECOND:06}s" for length in LENGTHS] + ["-1s", '"5400s"'],
}


def _values(column: Column):
    if column.kind == "string":
        return st.sampled_from(TEXTS)
    if column.kind == "uuid":
        return st.sampled_from(_ids(column))
    if column.kind == "list":
        return st.lists(st.sampled_from(_ids(column)), max_size=3, unique=True)
    if column.kind == "enum":
        return st.sampled_from([*column.enum_words])
    return _VALUES[column.kind]


def _set(body, path, value):
    if isinstance(value, str | int | bool):
        setattr(body, path, value)
    elif isinstance(value, list):
        getattr(body, path).extend(value)
    else:
        getattr(body, path).CopyFrom(value)


def _date(text: str) -> Date:
    year, month, day = map(int, text.split("-"))
    return Date(year=year, month=month, day=day)


def _duration(length: int) -> Duration:
    return Duration(seconds=length // SECOND, nanos=length % SECOND * 1000)


_VALUES = {
    "bool": st.booleans(),
    "int": st.sampled_from(INTEGERS),
    "decimal": st.sampled_from(DECIMALS).map(lambda text: Decimal(value=text)),
    "date": st.sampled_from(DATES).map(_date),
    "timestamp": st.sampled_from(INSTANTS).map(to_timestamp),
    "duration": st.sampled_from(LENGTHS).map(_duration),
    "tags": st.lists(st.builds(Tag, id=st.sampled_from(["", *IDS[0]]), name=st.sampled_from(["", *TEXTS])), max_size=3),
}
