"""What does an error say? A code by kind, a sentence for people, and details that programs read.

Every code that is not OK goes with one ErrorInfo (proto/clockwire/v1/errors.proto). Clients of gRPC drop trailers above
8 KiB, some at random between there and 16 KiB, and most send binary ones as base64: the sentence and the details are
cut so that together they stay well below. Over HTTP they are the same.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

import structlog
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, PreconditionFailure, QuotaFailure, RetryInfo

from clockwire.model.errors import (
    AlreadyExists,
    ClockwireError,
    Conflict,
    Exhausted,
    FieldInvalid,
    Forbidden,
    InvalidInput,
    NotFound,
    OutOfRange,
    Precondition,
    QuotaExceeded,
    RecordInUse,
    Unauthenticated,
    Unavailable,
)

DOMAIN: Final = "clockwire.dev"

LARGEST_DETAILS = 5_000
LARGEST_MESSAGE = 1_000
MOST_VIOLATIONS = 20
LARGEST_VALUE = 250

#: The names of google.rpc.Code.
CODE_OF: Mapping[type[ClockwireError], str] = {
    InvalidInput: "INVALID_ARGUMENT",
    Unauthenticated: "UNAUTHENTICATED",
    Forbidden: "PERMISSION_DENIED",
    NotFound: "NOT_FOUND",
    AlreadyExists: "ALREADY_EXISTS",
    Conflict: "ABORTED",
    Precondition: "FAILED_PRECONDITION",
    OutOfRange: "OUT_OF_RANGE",
    Exhausted: "RESOURCE_EXHAUSTED",
    Unavailable: "UNAVAILABLE",
}

log = structlog.get_logger(__name__)


class Internal(ClockwireError):
    """A bug of ours: outside only the incident's id is said, the rest is in the log."""

    reason = "INTERNAL"

    def __init__(self, incident_id: str) -> None:
        super().__init__(f"something went wrong here; incident {incident_id}", incident_id=incident_id)


class TransportRefusal(ClockwireError):
    """What the transport itself refuses: a code and a sentence, and no reason, as gRPC's own refusals have none."""

    reason = ""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def of_exception(error: Exception) -> ClockwireError:
    """The error as callers may know it. What nobody foresaw is logged under a new incident id."""
    if isinstance(error, ClockwireError):
        return error
    incident_id = str(uuid.uuid4())
    log.error("incident", incident_id=incident_id, exc_info=error)
    return Internal(incident_id)


def code_of(error: ClockwireError) -> str:
    """The code of the nearest ancestor that has one."""
    if isinstance(error, TransportRefusal):
        return error.code
    kinds = (CODE_OF[kind] for kind in type(error).__mro__ if kind in CODE_OF)
    return next(kinds, "INTERNAL")


def message_of(error: ClockwireError) -> str:
    """The error's sentence, short enough for a trailer."""
    sentence = str(error)
    if len(sentence) <= LARGEST_MESSAGE and len(quote(sentence, safe=" ")) <= LARGEST_MESSAGE:
        return sentence
    sentence = sentence[:LARGEST_MESSAGE]
    while len(quote(sentence, safe=" ")) > LARGEST_MESSAGE - 3:
        sentence = sentence[: len(sentence) * 9 // 10]
    return sentence + "..."


def retry_after(error: ClockwireError) -> float | None:
    """After how many seconds to try again; None where waiting does not help."""
    return error.retry_after_seconds if isinstance(error, Exhausted | Unavailable) else None


def details_of(error: ClockwireError) -> Sequence[Message]:
    """What programs read, ErrorInfo first; violations beyond what fits are left out."""
    return list(_details(error)) if error.reason else []


def _details(error: ClockwireError) -> Iterator[Message]:
    yield ErrorInfo(
        reason=error.reason,
        domain=DOMAIN,
        metadata={name: _short(value) for name, value in list(error.metadata.items())[:10]},
    )
    if isinstance(error, FieldInvalid):
        yield _bad_request(error)
    if isinstance(error, RecordInUse):
        yield PreconditionFailure(
            violations=[
                PreconditionFailure.Violation(type=error.reason, subject=_short(user), description="refers to it")
                for user in error.users[:MOST_VIOLATIONS]
            ]
        )
    if isinstance(error, QuotaExceeded):
        yield QuotaFailure(
            violations=[QuotaFailure.Violation(subject=_short(error.subject), description=_short(str(error)))]
        )
    pause = retry_after(error)
    if pause is not None:
        yield RetryInfo(retry_delay=Duration(seconds=int(pause), nanos=round(pause % 1 * 1_000_000_000)))


def _bad_request(error: FieldInvalid) -> BadRequest:
    found = BadRequest()
    for violation in error.violations[:MOST_VIOLATIONS]:
        found.field_violations.add(field=_short(violation.field), description=_short(violation.description))
        if found.ByteSize() > LARGEST_DETAILS - LARGEST_MESSAGE - 2 * LARGEST_VALUE:
            del found.field_violations[-1]
            break
    return found


def _short(value: str) -> str:
    """The value, or as much of it as a few bytes hold."""
    encoded = value[:LARGEST_VALUE].encode(errors="replace")
    if len(value) <= LARGEST_VALUE and len(encoded) <= LARGEST_VALUE:
        return value
    return encoded[: LARGEST_VALUE - 3].decode(errors="ignore") + "..."
