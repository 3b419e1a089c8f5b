"""How do bodies become messages, and messages bodies? In each of the forms that the contract has over HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from google.protobuf import json_format
from google.protobuf.message import Message

from clockwire.api.decoding import decoded, without_nul
from clockwire.model.errors import FieldInvalid


@dataclass(frozen=True, slots=True)
class Form:
    """A media type, and how it is read and written."""

    media_type: str
    read: Callable[[bytes, type[Message]], Message]
    write: Callable[[Message], bytes]


def _read_json(body: bytes, kind: type[Message]) -> Message:
    try:
        request = json_format.Parse(body or b"{}", kind())
    except (json_format.ParseError, RecursionError) as error:
        raise FieldInvalid.of("request", str(error)) from error
    return without_nul(request) if rb"\u0000" in body else request


def _write_json(message: Message) -> bytes:
    return json_format.MessageToJson(message, indent=None).encode()


def _read_binary(body: bytes, kind: type[Message]) -> Message:
    return decoded(body, kind.FromString)


def _write_binary(message: Message) -> bytes:
    return message.SerializeToString()


FORMS: Mapping[str, Form] = {
    form.media_type: form
    for form in (
        Form("application/json", _read_json, _write_json),
        Form("application/proto", _read_binary, _write_binary),
    )
}
