"""How do bytes become a request? Only once its caller was let in, and never in a way that ends without a reason."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from google.protobuf.message import DecodeError, Message

from clockwire.model.errors import FieldInvalid, MessageTooLarge

LARGEST_REQUEST: Final = 4 * 1024 * 1024


def decoded(body: bytes, decode: Callable[[bytes], Message]) -> Message:
    """The request in these bytes. MessageTooLarge, or FieldInvalid for bytes that are none, or text with a NUL."""
    if len(body) > LARGEST_REQUEST:
        raise MessageTooLarge(len(body), LARGEST_REQUEST)
    try:
        request = decode(body)
    except DecodeError as error:
        raise FieldInvalid.of("request", "these bytes are not a message of the kind that this call takes") from error
    # Most bodies hold no such byte at all and are not walked.
    return without_nul(request) if b"\0" in body else request


def without_nul(request: Message) -> Message:
    """The request, if no text in it has a NUL: no database has a place for that, so no name holds it."""
    if path := next(_with_nul(request), None):
        raise FieldInvalid.of(path, "has a NUL character, which no text may hold")
    return request


def _with_nul(message: Message) -> Iterator[str]:
    """Paths of texts with a NUL."""
    for field, value in message.ListFields():
        for part in _parts(value):
            if isinstance(part, Message):
                yield from (f"{field.name}.{path}" for path in _with_nul(part))
            elif isinstance(part, str) and "\0" in part:
                yield field.name


def _parts(value: object) -> Iterator[object]:
    """The values of a field: of a map its keys too."""
    if isinstance(value, Mapping):
        yield from value
        yield from value.values()
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield from value
    else:
        yield value
