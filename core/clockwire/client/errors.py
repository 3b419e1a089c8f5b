"""What can go wrong with a call, as exceptions.

    ClockwireError
      InvalidInput        FieldInvalid  FilterInvalid  PageTokenInvalid  RequestIdReused  MaskInvalid
                          TargetUrlRefused  CursorInvalid
      Unauthenticated     KeyInvalid
      Forbidden           ScopeMissing  WorkspaceForbidden
      NotFound            RecordNotFound  RecordDeleted  ResourceNotFound
      AlreadyExists       IdTaken  ValueTaken
      Conflict            EtagMismatch
      Precondition        RecordInUse  ReferenceMissing  RecordClosed  RecordLocked  HierarchyInvalid
                          TimerRunning  TimerNotRunning
                          SubscriptionState  DeliveryState  CursorEpochChanged  CursorRewind
      OutOfRange          CursorExpired
      Exhausted           QuotaExceeded  MessageTooLarge
      Unavailable         ServerDraining  StoreUnavailable
      ServerFault         InternalFault
      DeadlineExceeded
      Cancelled
      Unsupported

The middle column is chosen by the status code, the right one by the reason (proto/clockwire/v1/errors.proto).
A reason that this version does not know is still there as `reason`, on the class of its status code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong field: where it stands in the request, and what is allowed there."""

    field: str
    description: str


class ClockwireError(Exception):
    """A call that was refused, or that did not come through."""

    code: grpc.StatusCode = grpc.StatusCode.UNKNOWN
    reason: str = ""
    metadata: Mapping[str, str]
    violations: Sequence[Violation]
    retry_after: float | None

    def __init__(
        self,
        sentence: str = "",
        *,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)
        self.retry_after = retry_after

    def __str__(self) -> str:
        """The sentence, after the reason (or the status code if there is none)."""
        return f"{self.reason or self.code.name}: {self.args[0]}"


class InvalidInput(ClockwireError):
    """The request is wrong by itself, whatever is stored."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class FieldInvalid(InvalidInput):
    """One or more fields are wrong; see `violations`."""

    reason = "FIELD_INVALID"


class FilterInvalid(InvalidInput):
    """A filter does not parse, or names an unknown field. Metadata: position, token."""

    reason = "FILTER_INVALID"


class PageTokenInvalid(InvalidInput):
    """A page token is malformed or belongs to another request."""

    reason = "PAGE_TOKEN_INVALID"


class RequestIdReused(InvalidInput):
    """The request_id was used before with another request body."""

    reason = "REQUEST_ID_REUSED"


class MaskInvalid(InvalidInput):
    """An update mask names an unknown or output-only field. Metadata: path."""

    reason = "MASK_INVALID"


class TargetUrlRefused(InvalidInput):
    """Webhooks may not be sent to this URL. Metadata: host, range."""

    reason = "TARGET_URL_REFUSED"


class CursorInvalid(InvalidInput):
    """A cursor is malformed or belongs to another workspace."""

    reason = "CURSOR_INVALID"


class Unauthenticated(ClockwireError):
    """The caller is not known."""

    code = grpc.StatusCode.UNAUTHENTICATED


class KeyInvalid(Unauthenticated):
    """No API key, an unknown one, or one that was revoked or has expired."""

    reason = "KEY_INVALID"


class Forbidden(ClockwireError):
    """The caller is known, and may not do this."""

    code = grpc.StatusCode.PERMISSION_DENIED


class ScopeMissing(Forbidden):
    """The API key lacks a scope. Metadata: scope."""

    reason = "SCOPE_MISSING"


class WorkspaceForbidden(Forbidden):
    """The workspace asked for is not the API key's own."""

    reason = "WORKSPACE_FORBIDDEN"


class NotFound(ClockwireError):
    """It does not exist, or belongs to another workspace."""

    code = grpc.StatusCode.NOT_FOUND


class RecordNotFound(NotFound):
    """There is no such record. Metadata: type, id."""

    reason = "RECORD_NOT_FOUND"


class RecordDeleted(NotFound):
    """The record was deleted. Metadata: type, id, delete_time, cursor."""

    reason = "RECORD_DELETED"


class ResourceNotFound(NotFound):
    """A subscription, delivery, consumer, key or workspace is unknown. Metadata: resource, id."""

    reason = "RESOURCE_NOT_FOUND"


class AlreadyExists(ClockwireError):
    """Something else has what must be unique."""

    code = grpc.StatusCode.ALREADY_EXISTS


class IdTaken(AlreadyExists):
    """The id is taken. Metadata: type, id."""

    reason = "ID_TAKEN"


class ValueTaken(AlreadyExists):
    """Another one has this external id or unique name. Metadata: field, value, id (of the other one)."""

    reason = "VALUE_TAKEN"


class Conflict(ClockwireError):
    """Someone else was quicker."""

    code = grpc.StatusCode.ABORTED


class EtagMismatch(Conflict):
    """The etag is not the current one: read again and decide. Metadata: etag (current), version."""

    reason = "ETAG_MISMATCH"


class Precondition(ClockwireError):
    """What is stored does not allow it now."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class RecordInUse(Precondition):
    """Other records refer to this one."""

    reason = "RECORD_IN_USE"


class ReferenceMissing(Precondition):
    """A reference points to a missing or deleted record. Metadata: field, type, id."""

    reason = "REFERENCE_MISSING"


class RecordClosed(Precondition):
    """Time may not be logged to a closed project or task."""

    reason = "RECORD_CLOSED"


class RecordLocked(Precondition):
    """The time log is billed or locked."""

    reason = "RECORD_LOCKED"


class HierarchyInvalid(Precondition):
    """The change would break a chain of parents."""

    reason = "HIERARCHY_INVALID"


class TimerRunning(Precondition):
    """The user has a timer that runs."""

    reason = "TIMER_RUNNING"


class TimerNotRunning(Precondition):
    """The timer has ended, or the user has none that runs."""

    reason = "TIMER_NOT_RUNNING"


class SubscriptionState(Precondition):
    """The subscription's state forbids it. Metadata: state."""

    reason = "SUBSCRIPTION_STATE"


class DeliveryState(Precondition):
    """The delivery's state forbids it. Metadata: state."""

    reason = "DELIVERY_STATE"


class CursorEpochChanged(Precondition):
    """The log was restored or replaced since the cursor was given out. Metadata: epoch, current_epoch."""

    reason = "CURSOR_EPOCH_CHANGED"


class CursorRewind(Precondition):
    """A consumer's cursor may not move backwards without allow_rewind: another reader has been further."""

    reason = "CURSOR_REWIND"


class OutOfRange(ClockwireError):
    """It lies outside what is kept."""

    code = grpc.StatusCode.OUT_OF_RANGE


class CursorExpired(OutOfRange):
    """Events after the cursor were removed by retention: going on would lose events.

    Metadata: earliest_cursor, earliest_time.
    """

    reason = "CURSOR_EXPIRED"


class Exhausted(ClockwireError):
    """Too much, too often or too large."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class QuotaExceeded(Exhausted):
    """Too many calls, open streams or stored things; `retry_after` is set when waiting helps."""

    reason = "QUOTA_EXCEEDED"


class MessageTooLarge(Exhausted):
    """One message would be larger than the limit. Metadata: bytes, limit."""

    reason = "MESSAGE_TOO_LARGE"


class Unavailable(ClockwireError):
    """The server cannot be reached, or cannot answer now. Repeating the call is safe."""

    code = grpc.StatusCode.UNAVAILABLE


class ServerDraining(Unavailable):
    """The server is shutting down or moving the stream."""

    reason = "SERVER_DRAINING"


class StoreUnavailable(Unavailable):
    """The server's database cannot be reached or is read-only for now."""

    reason = "STORE_UNAVAILABLE"


class ServerFault(ClockwireError):
    """Something broke on the way or in the server."""

    code = grpc.StatusCode.UNKNOWN


class InternalFault(ServerFault):
    """A bug in the server; the sentence holds an incident id."""

    code = grpc.StatusCode.INTERNAL
    reason = "INTERNAL"


class DeadlineExceeded(ClockwireError):
    """No answer came in time.

    Whether the call took effect is not known; a repetition with the same request_id is safe.
    """

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class Cancelled(ClockwireError):
    """The call was given up by this side."""

    code = grpc.StatusCode.CANCELLED


class Unsupported(ClockwireError):
    """The server does not know this call: it is older than this client."""

    code = grpc.StatusCode.UNIMPLEMENTED
