"""What can be refused, and why.

    ClockwireError
      InvalidInput        FieldInvalid  FilterInvalid  MaskInvalid  PageTokenInvalid  CursorInvalid
                          RequestIdReused  TargetUrlRefused
      Unauthenticated     KeyInvalid
      Forbidden           ScopeMissing  WorkspaceForbidden
      NotFound            RecordNotFound  RecordDeleted  ResourceNotFound
      AlreadyExists       IdTaken  ValueTaken
      Conflict            EtagMismatch
      Precondition        RecordInUse  ReferenceMissing  RecordClosed  RecordLocked  HierarchyInvalid  TimerRunning
                          TimerNotRunning  SubscriptionState  DeliveryState  CursorEpochChanged  CursorRewind
      OutOfRange          CursorExpired
      Exhausted           QuotaExceeded  MessageTooLarge
      Unavailable         ServerDraining  StoreUnavailable

Each error is made from facts and forms its own sentence. `reason` and `metadata` are the stable, documented part
(proto/clockwire/v1/errors.proto); the sentence is for people and may change. Nothing here knows of gRPC or HTTP:
what a webhook's receiver does is not an error but an outcome (`model/delivery.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


class ClockwireError(Exception):
    """Anything this service refuses to do, with the reason."""

    reason: ClassVar[str]

    def __init__(self, sentence: str, /, **metadata: object) -> None:
        super().__init__(sentence)
        self.metadata: Mapping[str, str] = {name: str(value) for name, value in metadata.items()}

    def at(self, **metadata: object) -> "ClockwireError":
        """The same error with more metadata, for what only the caller knows (the index in a batch)."""
        self.metadata = {**self.metadata, **{name: str(value) for name, value in metadata.items()}}
        return self


class InvalidInput(ClockwireError):
    """The request is wrong by itself, whatever is stored."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong field: where it stands in the request, and what is allowed there."""

    field: str
    description: str


class FieldInvalid(InvalidInput):
    """One or more fields are wrong."""

    reason = "FIELD_INVALID"

    def __init__(self, *violations: Violation) -> None:
        sentence = "; ".join(f"{each.field}: {each.description}" for each in violations[:3])
        super().__init__(sentence + ("; ..." if len(violations) > 3 else ""), field=violations[0].field)
        self.violations: Sequence[Violation] = violations

    @classmethod
    def of(cls, field: str, description: str) -> "FieldInvalid":
        """The error for a single wrong field."""
        return cls(Violation(field, description))


class FilterInvalid(InvalidInput):
    """A filter does not parse, or names what does not exist."""

    reason = "FILTER_INVALID"

    def __init__(self, problem: str, *, position: int, token: str = "") -> None:
        super().__init__(f"filter, character {position + 1}: {problem}", position=position, token=token)


class MaskInvalid(InvalidInput):
    """A field mask names an unknown path, or one that may not be written."""

    reason = "MASK_INVALID"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"mask path {path!r}: {problem}", path=path)


class PageTokenInvalid(InvalidInput):
    """A page token is malformed, too old, or belongs to another request."""

    reason = "PAGE_TOKEN_INVALID"

    def __init__(self, problem: str) -> None:
        super().__init__(f"page_token {problem}; start again with an empty one")


class CursorInvalid(InvalidInput):
    """A cursor is malformed or belongs to another workspace."""

    reason = "CURSOR_INVALID"

    def __init__(self, problem: str) -> None:
        super().__init__(f"the cursor {problem}; use one that this workspace gave out")


class RequestIdReused(InvalidInput):
    """A request id was used before with another request."""

    reason = "REQUEST_ID_REUSED"

    def __init__(self, request_id: str) -> None:
        super().__init__(f"request_id {request_id} was used before with another request body", request_id=request_id)


class TargetUrlRefused(InvalidInput):
    """Webhooks may not be sent to this URL."""

    reason = "TARGET_URL_REFUSED"

    def __init__(self, problem: str, *, host: str = "", refused_range: str = "") -> None:
        super().__init__(f"target_url: {problem}", host=host, range=refused_range)


class Unauthenticated(ClockwireError):
    """It is not known who calls."""


class KeyInvalid(Unauthenticated):
    """No key, an unknown key, or a revoked or expired one; the three are not told apart."""

    reason = "KEY_INVALID"

    def __init__(self) -> None:
        super().__init__("a valid API key is needed: send `authorization: Bearer <key>`")


class Forbidden(ClockwireError):
    """The caller is known, and may not."""


class ScopeMissing(Forbidden):
    """The key lacks a scope."""

    reason = "SCOPE_MISSING"

    def __init__(self, scope: str) -> None:
        super().__init__(f"the API key lacks the scope {scope}", scope=scope)


class WorkspaceForbidden(Forbidden):
    """The call names a workspace that is not the key's."""

    reason = "WORKSPACE_FORBIDDEN"

    def __init__(self, workspace_id: str) -> None:
        super().__init__(f"the API key does not belong to workspace {workspace_id}", workspace_id=workspace_id)


class NotFound(ClockwireError):
    """There is no such thing, or it belongs to another workspace: the two are not told apart."""


class RecordNotFound(NotFound):
    """No such record."""

    reason = "RECORD_NOT_FOUND"

    def __init__(self, type_: str, id_: str) -> None:
        super().__init__(f"there is no {type_ or 'record'} {id_}", type=type_, id=id_)


class RecordDeleted(NotFound):
    """The record existed and was deleted."""

    reason = "RECORD_DELETED"

    def __init__(self, type_: str, id_: str, *, delete_time: str, cursor: str) -> None:
        sentence = f"{type_} {id_} was deleted at {delete_time}"
        super().__init__(sentence, type=type_, id=id_, delete_time=delete_time, cursor=cursor)


class ResourceNotFound(NotFound):
    """No such subscription, delivery, timer, consumer, event, inbound hook, key or workspace."""

    reason = "RESOURCE_NOT_FOUND"

    def __init__(self, resource: str, id_: str) -> None:
        super().__init__(f"there is no {resource} {id_!r}", resource=resource, id=id_)


class AlreadyExists(ClockwireError):
    """What should be made is there already."""


class IdTaken(AlreadyExists):
    """The id is taken, perhaps by a record that was deleted: ids are not used twice."""

    reason = "ID_TAKEN"

    def __init__(self, type_: str, id_: str) -> None:
        super().__init__(f"the id {id_} is taken by a {type_}", type=type_, id=id_)


class ValueTaken(AlreadyExists):
    """Another one has this unique value."""

    reason = "VALUE_TAKEN"

    def __init__(self, field: str, value: str, *, other_id: str) -> None:
        super().__init__(f"{field} {value!r} is taken by {other_id}", field=field, value=value, id=other_id)


class Conflict(ClockwireError):
    """Someone else was faster."""


class EtagMismatch(Conflict):
    """The etag is not the current one."""

    reason = "ETAG_MISMATCH"

    def __init__(self, current: str, version: int) -> None:
        super().__init__(f"the etag is not current: it is {current} now; read again", etag=current, version=version)


class Precondition(ClockwireError):
    """The state of things forbids it."""


class RecordInUse(Precondition):
    """Other records refer to this one."""

    reason = "RECORD_IN_USE"

    def __init__(self, type_: str, id_: str, users: Sequence[str]) -> None:
        super().__init__(f"{type_} {id_} is in use: {', '.join(users[:5])}", type=type_, id=id_)
        self.users = users


class ReferenceMissing(Precondition):
    """A reference points to a missing or deleted record."""

    reason = "REFERENCE_MISSING"

    def __init__(self, field: str, type_: str, id_: str) -> None:
        super().__init__(f"{field}: there is no {type_} {id_}", field=field, type=type_, id=id_)


class RecordClosed(Precondition):
    """Time may not be logged there."""

    reason = "RECORD_CLOSED"

    def __init__(self, type_: str, id_: str, status: str) -> None:
        super().__init__(f"{type_} {id_} is {status}: no time may be logged to it", type=type_, id=id_, status=status)


class RecordLocked(Precondition):
    """The record is approved, billed or sent, and may not change in this way."""

    reason = "RECORD_LOCKED"

    def __init__(self, type_: str, id_: str, why: str) -> None:
        super().__init__(f"{type_} {id_} is locked: {why}", type=type_, id=id_)


class HierarchyInvalid(Precondition):
    """The change would break a chain of parents."""

    reason = "HIERARCHY_INVALID"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}", field=field)


class TimerRunning(Precondition):
    """The user has a timer that runs."""

    reason = "TIMER_RUNNING"

    def __init__(self, timer_id: str, user_id: str) -> None:
        sentence = f"user {user_id} has a timer that runs, {timer_id}: stop it first, or with this call"
        super().__init__(sentence, timer_id=timer_id, user_id=user_id)


class TimerNotRunning(Precondition):
    """The timer has ended, or the user has none that runs."""

    reason = "TIMER_NOT_RUNNING"

    def __init__(self, user_id: str, *, timer_id: str = "", state: str = "") -> None:
        sentence = f"timer {timer_id} was {state.lower()}" if timer_id else f"user {user_id} has no timer that runs"
        super().__init__(sentence, user_id=user_id, timer_id=timer_id, state=state)


class SubscriptionState(Precondition):
    """The subscription's state forbids this call."""

    reason = "SUBSCRIPTION_STATE"

    def __init__(self, id_: str, state: str) -> None:
        super().__init__(f"subscription {id_} is {state}", id=id_, state=state)


class DeliveryState(Precondition):
    """The delivery's state forbids this call."""

    reason = "DELIVERY_STATE"

    def __init__(self, id_: str, state: str) -> None:
        super().__init__(f"delivery {id_} is {state}", id=id_, state=state)


class CursorEpochChanged(Precondition):
    """The event log was restored or replaced since the cursor was given out."""

    reason = "CURSOR_EPOCH_CHANGED"

    def __init__(self, epoch: str, current_epoch: str) -> None:
        sentence = "the log was restored since this cursor was given out; read the records again and take a new cursor"
        super().__init__(sentence, epoch=epoch, current_epoch=current_epoch)


class CursorRewind(Precondition):
    """A consumer's cursor may not move backwards unless asked to."""

    reason = "CURSOR_REWIND"

    def __init__(self, name: str) -> None:
        super().__init__(f"consumer {name!r} is further on already; allow_rewind reads again", name=name)


class OutOfRange(ClockwireError):
    """It lies outside what is kept."""


class CursorExpired(OutOfRange):
    """Events after the cursor have been removed by retention."""

    reason = "CURSOR_EXPIRED"

    def __init__(self, earliest_cursor: str, earliest_time: str) -> None:
        super().__init__(
            f"events after this cursor are no longer kept, the oldest is of {earliest_time or 'the future'}; "
            "read the records again and take a new cursor",
            earliest_cursor=earliest_cursor,
            earliest_time=earliest_time,
        )


class Exhausted(ClockwireError):
    """There is no more of something."""

    retry_after_seconds: float | None = None


class QuotaExceeded(Exhausted):
    """Too many calls, open streams or stored things."""

    reason = "QUOTA_EXCEEDED"

    def __init__(self, subject: str, limit: int, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(f"at most {limit} {subject}", subject=subject, limit=limit)
        self.subject = subject
        self.retry_after_seconds = retry_after_seconds


class MessageTooLarge(Exhausted):
    """One message would be larger than the limit."""

    reason = "MESSAGE_TOO_LARGE"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the message would have {size} bytes, at most {limit} are allowed", bytes=size, limit=limit)


class Unavailable(ClockwireError):
    """Not now; later."""

    retry_after_seconds: float = 1.0


class ServerDraining(Unavailable):
    """The server is shutting down or moving the stream."""

    reason = "SERVER_DRAINING"

    def __init__(self) -> None:
        super().__init__("the server is ending this call; reconnect and resume from the last cursor")


class StoreUnavailable(Unavailable):
    """The database cannot be reached or cannot be written for now."""

    reason = "STORE_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("the database cannot be reached for now")
