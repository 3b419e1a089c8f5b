"""How do bodies become messages, and messages bodies? In each of the forms that the contract has over HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from google.protobuf.message import Message

from clockwire.api.decoding import decoded
from clockwire.web.json_reading import message_of_json
from clockwire.web.json_writing import json_of


@dataclass(frozen=True, slots=True)
class Form:
    """A media type, and how it is read and written."""

    media_type: str
    read: Callable[[bytes, type[Message]], Message]
    write: Callable[[Message], bytes]


def _read_binary(body: bytes, kind: type[Message]) -> Message:
    return decoded(body, kind.FromString)


def _write_binary(message: Message) -> bytes:
    return message.SerializeToString()


FORMS: Mapping[str, Form] = {
    form.media_type: form
    for form in (
        Form("application/json", message_of_json, json_of),
        Form("application/proto", _read_binary, _write_binary),
    )
}
