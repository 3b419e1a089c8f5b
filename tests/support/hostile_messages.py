"""Any request, made from its descriptor: right, nearly right, and meant to do harm.

Ids, cursors, etags and page tokens that exist only once the test runs stand as placeholders, `<id:3>`, until
`filled` puts in what the server gave out; so what is drawn depends on nothing but the choices of hypothesis.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from hypothesis import strategies as st

from clockwire.model.filters.paths import paths_of
from clockwire.model.record_types import EVENT_TYPES, RECORD_TYPES
from tests.support.any_records import IDS, TYPES, filters, orders, records

Field = FieldDescriptor

_PLACEHOLDER = re.compile(r"<(\w+):(\d+)>")
_HUGE = 100_000
_LARGE = 1_000_000

HOSTILE = [
    *("", " ", "\x00", "a\x00b", "\x1b[31m", "\r\n", "\t", "\u2028", "\ufeff", "\ufeffa", "\uffff", "\U0010ffff"),
    *("\u202egnp.exe", "שלום", "e\u0301\u0301\u0301", "Z͑ͫ̓a͏l̷g̃o", "😀👩‍👩‍👧‍👦", "İı", "ß", "\u0085", "\u200b"),
    *("' OR 1=1 --", "%s%n{0}", "../../etc/passwd", "$(id)", "{{7*7}}", "\\", '"', "null", "-1", "NaN", "é" * 300),
    *("x" * 65, "x" * 501, "x" * 2_001, "y" * _HUGE, "😀" * 4_096),
]
IDENTIFIERS = st.one_of(
    st.builds(
        lambda kind, number: f"<{kind}:{number}>", st.sampled_from(["id", "id", "id", "foreign"]), st.integers(0, 31)
    ),
    st.sampled_from([each for ids in IDS.values() for each in ids[:2]]),
    st.sampled_from(["00000000-0000-0000-0000-000000000000", "0" * 36, "ABCDEF00-0000-4000-8000-000000000000"]),
    st.sampled_from(HOSTILE),
)
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=40) | IDENTIFIERS
CURSORS = st.one_of(
    st.builds(
        lambda kind, number: f"<{kind}:{number}>", st.sampled_from(["cursor", "foreign_cursor"]), st.integers(0, 9)
    ),
    st.sampled_from([*HOSTILE, "AAAA", "=" * 34, "A" * 34, "_" * 34, "A" * 33, "A" * 35]),
)
ETAGS = st.builds("<etag:{}>".format, st.integers(0, 31)) | st.just("") | TEXTS
TOKENS = st.builds("<page_token:{}>".format, st.integers(0, 9)) | st.just("") | st.sampled_from(HOSTILE)
FILTERS = st.one_of(
    st.sampled_from(TYPES).flatmap(filters),
    st.sampled_from(
        [
            *(
                "(" * 1_000,
                "NOT " * 500 + "a = 1",
                "project_name = ",
                'name = "',
                "= 1",
                "a AND",
                "a = 1 OR b = 1 AND c = 1",
            ),
            *(
                "project_name : *",
                'custom_fields.a.b.c.d = "x"',
                "custom_fields = 1",
                "rate = 1e400",
                "duration = 9" * 60,
            ),
            *("create_time > 9999999999999", 'create_time > "2024-13-45T99:99:99Z"', "id = \x00", 'etag = "1"'),
        ]
    ),
    TEXTS,
)
ORDERS = (
    st.sampled_from(TYPES).flatmap(orders) | st.sampled_from(["a,b,c,d", "id desc desc", ",", "tags", "etag"]) | TEXTS
)
MASKS = st.one_of(
    st.sampled_from([f"{info.body_field}.{path}" for type_, info in RECORD_TYPES.items() for path in paths_of(type_)]),
    st.sampled_from(
        ["*", "id", "etag", "version", "create_time", "custom_fields", "custom_fields.a", "project.*", "tags"]
    ),
    st.sampled_from(
        ["name", "filter", "target_url", "headers", "retry_policy", "state", "filter.event_types", "delete_time"]
    ),
    TEXTS,
)
URLS = st.sampled_from(
    [
        *("https://127.0.0.1:9/hook", "http://127.0.0.1:9/", "https://127.0.0.1:9/?key=secret", "https://10.0.0.1/"),
        *(
            "https://[::1]:9/",
            "https://[::ffff:127.0.0.1]/",
            "https://user:word@127.0.0.1/",
            "https://127.0.0.1:99999/",
        ),
        *(
            "https://127.0.0.1/#fragment",
            "ftp://127.0.0.1/",
            "https://",
            "https:///x",
            "https://0x7f.1/",
            "javascript:1",
        ),
        *(
            "https://2130706433/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::",
            "https://a b/",
            "https://\x00/",
        ),
        *("https://127.0.0.1/" + "a" * 2_100, "https://127.0.0.1/\r\nX-Evil: 1", "//127.0.0.1/", "127.0.0.1"),
    ]
)
EVENT_NAMES = (
    st.sampled_from([*EVENT_TYPES, "*", "project.*", "*.deleted", "*.*", "timer.*", "timer.created", "project", "**"])
    | TEXTS
)
_WORDS: Mapping[str, Any] = {
    "cursor": CURSORS,
    "etag": ETAGS,
    "page_token": TOKENS,
    "filter": FILTERS,
    "expression": FILTERS,
    "order_by": ORDERS,
    "paths": MASKS,
    "target_url": URLS,
    "event_type": EVENT_NAMES,
    "event_types": EVENT_NAMES,
    "currency": st.sampled_from(["EUR", "USD", "eur", "XXX", "EURO"]) | TEXTS,
    "time_zone": st.sampled_from(["UTC", "Europe/Berlin", "Mars/Phobos", "../../etc/passwd"]) | TEXTS,
    "name": st.sampled_from(["a", "b", "payroll", "Other"]) | TEXTS,
    "consumer": st.sampled_from(["a", "payroll"]) | TEXTS,
    "secret": st.sampled_from(["", "x" * 16, "x" * 257, "whsec_" + "A" * 32, "whsec_!", "ü" * 20]) | TEXTS,
    "request_id": st.sampled_from(["", "", IDS[0][0], "00000000-0000-4000-8000-00000000000G"]) | TEXTS,
}
INTEGERS = st.sampled_from([-(2**31), -1, 0, 1, 2, 64, 65, 100, 501, 1_001, 2**31 - 1])
SECONDS = st.sampled_from([-(2**63), -315_576_000_001, -1, 0, 1, 3_600, 86_400, 315_576_000_001, 2**63 - 1])
NANOS = st.sampled_from([-(2**31), -1, 0, 1, 999, 1_000, 999_999_999, 1_000_000_000, 2**31 - 1])
NUMBERS = st.sampled_from([float("nan"), float("inf"), float("-inf"), -0.0, 1e308, 5e-324, 1.5, 2.0**63])


def requests(descriptor: Any) -> Any:
    """Messages of this type."""
    return _messages(descriptor, 0)


@st.composite
def bent(draw, good: Message) -> Message:
    """A good request in which a field or two were made something else."""
    message = type(good)()
    message.CopyFrom(good)
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 2, 3]))):
        holders = list(_holders(message))
        holder = holders[draw(st.integers(0, len(holders) - 1))]
        if fields := list(holder.DESCRIPTOR.fields):
            field = draw(st.sampled_from(fields))
            holder.ClearField(field.name)
            if draw(st.integers(0, 5)):
                _set(draw, holder, field, _DEEPEST - 2)
    return message


def _holders(message: Message) -> Iterator[Message]:
    """The message and all messages in it, those of libraries left whole."""
    if message.DESCRIPTOR.full_name in _WELL_KNOWN:
        return
    yield message
    for field, value in message.ListFields():
        if field.cpp_type == Field.CPPTYPE_MESSAGE:
            for part in _parts(field, value):
                yield from _holders(part)


def filled(message: Message, known: Mapping[str, Sequence[str]], shift: int = 0) -> Message:
    """The message with what is known in the places of its placeholders, *shift* places further on."""

    def fill(found: re.Match[str]) -> str:
        choices = known.get(found[1]) or [""]
        return choices[(int(found[2]) + shift) % len(choices)]

    for field, value in message.ListFields():
        if field.cpp_type == Field.CPPTYPE_MESSAGE:
            for each in _parts(field, value):
                filled(each, known, shift)
        elif field.type == Field.TYPE_STRING and field.is_repeated:
            value[:] = [_PLACEHOLDER.sub(fill, each) for each in value]
        elif field.type == Field.TYPE_STRING:
            setattr(message, field.name, _PLACEHOLDER.sub(fill, value))
    return message


def _parts(field: FieldDescriptor, value: Any) -> Sequence[Message]:
    if not field.is_repeated:
        return [value]
    if field.message_type.GetOptions().map_entry:
        return [each for each in value.values() if isinstance(each, Message)]
    return list(value)


@st.composite
def _messages(draw, descriptor: Descriptor, depth: int) -> Any:
    made = _WELL_KNOWN.get(descriptor.full_name)
    if made is not None:
        return draw(made)
    if descriptor.name == "Record" and draw(st.booleans()):
        type_ = draw(st.sampled_from(TYPES))
        return draw(records(type_, own_id=draw(st.sampled_from(IDS[type_]))))
    message, fields = GetMessageClass(descriptor)(), list(descriptor.fields)
    if not fields or depth == _DEEPEST:
        return message
    chosen = draw(st.lists(st.sampled_from(fields), max_size=6, unique_by=lambda field: field.name))
    for field in [*(each for each in fields if each.name in _LIKELY and draw(st.integers(0, 3))), *chosen]:
        _set(draw, message, field, depth)
    return message


def _set(draw: st.DrawFn, message: Message, field: FieldDescriptor, depth: int) -> None:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        names = draw(st.lists(_HEADERS, max_size=3))
        getattr(message, field.name).update({name: draw(TEXTS)[:2_000] for name in names})
    elif field.is_repeated:
        values = draw(st.lists(_values(field, depth), max_size=3))
        times = draw(st.sampled_from([1, 1, 1, 1, 60, 1_001]))
        getattr(message, field.name).extend(
            values * (times if message.ByteSize() + _size(values) * times < _LARGE else 1)
        )
    elif field.message_type is not None:
        getattr(message, field.name).CopyFrom(draw(_messages(field.message_type, depth + 1)))
    else:
        setattr(message, field.name, draw(_values(field, depth)))


def _size(values: Sequence[Any]) -> int:
    return sum(each.ByteSize() if isinstance(each, Message) else len(str(each)) for each in values)


def _values(field: FieldDescriptor, depth: int) -> Any:
    if field.message_type is not None:
        return _messages(field.message_type, depth + 1)
    if field.enum_type is not None:
        return st.sampled_from([*field.enum_type.values_by_number, -1, 999, 2**31 - 1])
    if field.name in _WORDS and field.type == Field.TYPE_STRING:
        return _WORDS[field.name]
    if field.type == Field.TYPE_STRING:
        return IDENTIFIERS if field.name.endswith(("id", "ids")) else TEXTS
    return _PLAIN[field.cpp_type]


@st.composite
def _structs(draw) -> Struct:
    struct = Struct()
    value = draw(st.one_of(NUMBERS.map(lambda number: Value(number_value=number)), TEXTS.map(_text), st.just(Value())))
    for _ in range(draw(st.sampled_from([0, 0, 1, 8, 30]))):
        outer = Value()
        outer.list_value.values.add().CopyFrom(value)
        value = outer
    for key in draw(st.lists(TEXTS, max_size=3)):
        struct.fields[key[:100]].CopyFrom(value)
    return struct


def _text(text: str) -> Value:
    return Value(string_value=text)


_DEEPEST = 4
_LIKELY = {
    *("record", "key", "keys", "id", "type", "subscription", "subscription_id", "delivery_id", "event_id", "start"),
    *("position", "name", "mutations", "workspace", "workspace_id", "api_key", "api_key_id", "filter", "target_url"),
    *("event_types", "scopes", "create", "update", "event_type", "timer", "timer_id"),
}
_HEADERS = st.sampled_from(["X-Own", "Host", "Content-Length", "webhook-id", "X Y", "X:Y", "é", "", "x" * 300]) | TEXTS
_PLAIN = {
    Field.CPPTYPE_BOOL: st.booleans(),
    Field.CPPTYPE_INT32: INTEGERS,
    Field.CPPTYPE_INT64: INTEGERS,
    Field.CPPTYPE_DOUBLE: NUMBERS,
    Field.CPPTYPE_STRING: st.binary(max_size=20),
}
_WELL_KNOWN = {
    "google.protobuf.Timestamp": st.builds(Timestamp, seconds=SECONDS, nanos=NANOS),
    "google.protobuf.Duration": st.builds(Duration, seconds=SECONDS, nanos=NANOS) | st.just(Duration(nanos=1_000_000)),
    "google.protobuf.Struct": _structs(),
    "google.type.Date": st.builds(Date, year=INTEGERS, month=st.integers(-1, 13), day=st.integers(-1, 32)),
    "google.type.Decimal": st.builds(
        Decimal, value=st.sampled_from(["1", "-0", "1e5", "1" * 19, "0.0000001", "NaN", "Infinity", "٣", "1_0"]) | TEXTS
    ),
}
