"""How is a message read from JSON? As ProtoJSON says, and every field that is wrong is named, as gRPC's errors name it.

Fields may have the name that they have in JSON ("ProjectName") or in the contract ("project_name"); errors say the
latter: "record.project.project_name". Where JSON has a name twice the last one counts.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TypeVar

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from clockwire.api.decoding import without_nul
from clockwire.model.errors import FieldInvalid, Violation
from clockwire.web.json_values import WELL_KNOWN, Wrong, reader
from clockwire.web.json_writing import is_map

M = TypeVar("M", bound=Message)


def message_of_json(body: bytes, kind: type[M]) -> M:
    """The message that the JSON says. FieldInvalid with a violation for each field that is wrong."""
    try:
        plain = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise FieldInvalid.of("request", f"is not JSON: {error}") from error
    message, problems = kind(), list[Violation]()
    _fill(message, plain, _Place("", problems))
    if problems:
        raise FieldInvalid(*problems)
    if rb"\u0000" in body:
        without_nul(message)
    return message


class _Place:
    """Where in the request something is read, and what was wrong so far."""

    __slots__ = ("path", "problems")

    def __init__(self, path: str, problems: list[Violation]) -> None:
        self.path = path
        self.problems = problems

    def field(self, name: str) -> "_Place":
        """The place of a field of the message that is here."""
        return _Place(f"{self.path}.{name}" if self.path else name, self.problems)

    def item(self, key: object) -> "_Place":
        """The place of an entry of the list, or of the map, that is here."""
        return _Place(f"{self.path}[{key!r}]", self.problems)

    def is_wrong(self, sentence: str) -> None:
        """What is here cannot be taken."""
        self.problems.append(Violation(self.path or "request", sentence))


def _fill(message: Message, plain: object, place: _Place) -> None:
    if not isinstance(plain, dict):
        place.is_wrong("must be a JSON object")
        return
    fields, taken = _fields(message.DESCRIPTOR), set[str]()
    for name, value in plain.items():
        field = fields.get(name)
        if field is None:
            place.field(name).is_wrong("is no field of this message")
        elif value is not None:
            here = place.field(field.name)
            if field.claims in taken:
                here.is_wrong("is there twice, or beside another that excludes it")
            taken.add(field.claims)
            field.put(message, value, here)


@cache
def _fields(descriptor: Descriptor) -> Mapping[str, "_Field"]:
    """The fields by both of their names."""
    fields = [(described, _Field(described)) for described in descriptor.fields]
    in_contract = {described.name: field for described, field in fields}
    return in_contract | {described.json_name: field for described, field in fields}


class _Field:
    """How a field of a message is read."""

    def __init__(self, field: FieldDescriptor) -> None:
        self.name = field.name
        #: Two fields with the same claim exclude each other.
        self.claims = field.containing_oneof.full_name if field.containing_oneof else field.name
        self.put: Callable[[Message, object, _Place], None]
        held = field.message_type.fields_by_name["value"] if field.message_type and is_map(field) else field
        filled = held.message_type is not None and held.message_type.full_name not in WELL_KNOWN
        if not filled:
            self._read = reader(held)
        if is_map(field):
            self.put = self._put_messages_by_key if filled else self._put_by_key
        elif field.is_repeated:
            self.put = self._put_messages if filled else self._put_many
        else:
            self.put = self._put_message if filled else self._put_one

    def _put_one(self, message: Message, plain: object, place: _Place) -> None:
        try:
            value = self._read(plain)
        except Wrong as wrong:
            place.is_wrong(str(wrong))
            return
        if isinstance(value, Message):
            getattr(message, self.name).CopyFrom(value)
        else:
            setattr(message, self.name, value)

    def _put_message(self, message: Message, plain: object, place: _Place) -> None:
        inner = getattr(message, self.name)
        inner.SetInParent()
        _fill(inner, plain, place)

    def _put_many(self, message: Message, plain: object, place: _Place) -> None:
        values = getattr(message, self.name)
        for index, each in _listed(plain, place):
            try:
                values.append(self._read(each))
            except Wrong as wrong:
                place.item(index).is_wrong(str(wrong))

    def _put_messages(self, message: Message, plain: object, place: _Place) -> None:
        values = getattr(message, self.name)
        for index, each in _listed(plain, place):
            _fill(values.add(), each, place.item(index))

    def _put_by_key(self, message: Message, plain: object, place: _Place) -> None:
        values = getattr(message, self.name)
        for key, each in _mapped(plain, place):
            try:
                values[key] = self._read(each)
            except Wrong as wrong:
                place.item(key).is_wrong(str(wrong))

    def _put_messages_by_key(self, message: Message, plain: object, place: _Place) -> None:
        values = getattr(message, self.name)
        for key, each in _mapped(plain, place):
            _fill(values[key], each, place.item(key))


def _listed(plain: object, place: _Place) -> Iterable[tuple[int, object]]:
    if isinstance(plain, list):
        return enumerate(plain)
    place.is_wrong("must be a list")
    return ()


def _mapped(plain: object, place: _Place) -> Iterable[tuple[str, object]]:
    if isinstance(plain, dict):
        return plain.items()
    place.is_wrong("must be a JSON object")
    return ()
