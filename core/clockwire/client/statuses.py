"""Which exception a gRPC status becomes."""

from collections.abc import Iterator
from typing import Protocol, TypeVar, cast

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

from clockwire.client.errors import ClockwireError, ServerFault, Violation

DetailT = TypeVar("DetailT", bound=Message)


def error_of(failure: grpc.RpcError) -> ClockwireError:
    """The exception that says what *failure* says, with its reason and details."""
    status = cast("_Status", failure)
    details = _details(status)
    info = _detail(details, error_details_pb2.ErrorInfo)
    error = _kind(status.code(), info.reason)(
        status.details() or "",
        metadata=dict(info.metadata),
        violations=[
            Violation(each.field, each.description)
            for each in _detail(details, error_details_pb2.BadRequest).field_violations
        ],
        retry_after=_retry_after(details),
    )
    error.code, error.reason = status.code(), info.reason
    return error


class _Status(Protocol):
    """What every failed call has, blocking or not."""

    def code(self) -> grpc.StatusCode: ...
    def details(self) -> str | None: ...
    def trailing_metadata(self) -> "tuple[tuple[str, str | bytes], ...] | None": ...


def _kind(code: grpc.StatusCode, reason: str) -> type[ClockwireError]:
    return _BY_REASON.get(reason) or _BY_CODE.get(code, ServerFault)


def _details(status: _Status) -> status_pb2.Status:
    """The rich status. One that does not decode is left out: the plain one must still get through."""
    # Pairs, and not a mapping: dict() of an older grpc.aio’s metadata fails.
    encoded = [value for name, value in status.trailing_metadata() or () if name == "grpc-status-details-bin"]
    try:
        return status_pb2.Status.FromString(cast("bytes", encoded[0]) if encoded else b"")
    except DecodeError:
        return status_pb2.Status()


def _detail(details: status_pb2.Status, kind: type[DetailT]) -> DetailT:
    """The detail of this kind, empty if there is none."""
    found = kind()
    for each in details.details:
        if each.Unpack(found):
            return found
    return kind()


def _retry_after(details: status_pb2.Status) -> float | None:
    """Seconds."""
    retry = _detail(details, error_details_pb2.RetryInfo)
    return retry.retry_delay.ToTimedelta().total_seconds() if retry.HasField("retry_delay") else None


def _kinds(kind: type[ClockwireError] = ClockwireError) -> Iterator[type[ClockwireError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


_BY_REASON = {each.reason: each for each in _kinds() if each.reason}
_BY_CODE = {each.code: each for each in _kinds() if not each.reason}
_BY_CODE[grpc.StatusCode.INTERNAL] = _BY_CODE[grpc.StatusCode.DATA_LOSS] = ServerFault
