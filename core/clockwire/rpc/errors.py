"""How does an error look over gRPC? A status, and trailers with the details that programs read."""

from typing import Final

import grpc
from google.rpc.status_pb2 import Status

from clockwire.api.errors import code_of, details_of, message_of, retry_after
from clockwire.model.errors import ClockwireError

DETAILS_KEY: Final = "grpc-status-details-bin"
PUSHBACK_KEY: Final = "grpc-retry-pushback-ms"

Trailers = tuple[tuple[str, str | bytes], ...]


def status_of(error: ClockwireError) -> grpc.StatusCode:
    """The status that stands for the error's code."""
    return grpc.StatusCode[code_of(error)]


def trailers_of(error: ClockwireError) -> Trailers:
    """The trailing metadata: the details and, where waiting helps, how long."""
    pause = retry_after(error)
    details = (DETAILS_KEY, _status(error).SerializeToString())
    return (details,) if pause is None else (details, (PUSHBACK_KEY, str(round(pause * 1000))))


def _status(error: ClockwireError) -> Status:
    code, _ = status_of(error).value
    status = Status(code=code, message=message_of(error))
    for detail in details_of(error):
        status.details.add().Pack(detail)
    return status
