"""What the log says of a call: one line when it ends."""

import time
from collections.abc import Callable, Mapping

import structlog
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from clockwire.model.caller import Caller

_LONGEST = 100
_PLAIN = frozenset(
    {
        FieldDescriptor.CPPTYPE_STRING,
        FieldDescriptor.CPPTYPE_BOOL,
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_ENUM,
    }
)

#: Hears of each call that has ended: the method without its package, the code, and the seconds that it took.
Ended = Callable[[str, str, float], None]

log = structlog.get_logger(__name__)


class CallLine:
    """The line of one call, from its beginning on."""

    def __init__(self, method: str, ended: Ended, **noted: str) -> None:
        self._begin = time.perf_counter()
        self._method = method.removeprefix("/clockwire.v1.")
        self._ended = ended
        self._fields: dict[str, object] = {"method": self._method, **noted}

    def made_by(self, caller: Caller) -> None:
        """It is known who calls."""
        self._fields |= {"workspace_id": caller.workspace_id, "api_key_id": caller.api_key_id}

    def asked(self, request: object) -> None:
        """It is known what is asked."""
        self._fields["request"] = logged_fields(request)

    def end(self, code: str, **more: str) -> None:
        """The line is written, and the call counted."""
        seconds = time.perf_counter() - self._begin
        milliseconds = round(seconds * 1000, 1)
        shortened = {name: value[:_LONGEST] for name, value in more.items()}
        log.info("call", code=code, milliseconds=milliseconds, **self._fields, **shortened)
        self._ended(self._method, code, seconds)


def logged_fields(request: object) -> Mapping[str, object]:
    """What the log may show of a request: its plain fields, shortened. Never a secret, and no contents of records."""
    if not isinstance(request, Message):
        return {}
    return {
        field.name: _shown(field, value)
        for field, value in request.ListFields()
        if field.cpp_type in _PLAIN and isinstance(value, str | int | bool)
    }


def _shown(field: FieldDescriptor, value: str | int | bool) -> object:  # noqa: FBT001 - a value of whatever type
    if field.GetOptions().debug_redact:
        return "***"
    return value[:_LONGEST] if isinstance(value, str) else value
