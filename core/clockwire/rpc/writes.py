"""How does a request become a write? Once, however often it is sent."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Protocol, TypeVar, cast

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from clockwire.api.callers import caller, caller_in
from clockwire.model.caller import Caller
from clockwire.model.errors import FieldInvalid
from clockwire.model.event import Mutation
from clockwire.model.identifiers import is_id
from clockwire.storage.transaction import Transaction
from clockwire.storage.writer import Repeat, Written

T = TypeVar("T")
Response = TypeVar("Response", bound=Message)

_ANSWERED = Mutation(cursor="")


class Writing(Protocol):
    """What is needed of the writer."""

    async def write(
        self,
        operation: Callable[[Transaction], T],
        caller: Caller,
        *,
        repeat: Repeat[T] | None = None,
        dry: bool = False,
    ) -> Written[T]:
        """Runs the operation and answers once it is durable."""
        ...


class Writes:
    """Hands requests to the writer, and makes responses of what comes back."""

    def __init__(self, writer: Writing) -> None:
        self._writer = writer

    async def run(
        self,
        request: Message,
        operation: Callable[[Transaction], T],
        respond: Callable[[T, Mutation], Response],
        *,
        workspace_id: str | None = None,
    ) -> Response:
        """The response, once the operation is durable.

        `request_id` and `validate_only` are obeyed where the request has them. *workspace_id* is where it happens if
        not in the caller's own workspace ("": in none).
        """
        here = caller() if workspace_id is None else caller_in(workspace_id)
        dry = bool(_value(request, "validate_only"))
        respond = _made_once(respond)
        repeat = None if dry else _repeat(request, respond)
        written = await self._writer.write(operation, here, repeat=repeat, dry=dry)
        if written.kept is not None:
            return cast("Response", _replayed(request, written.kept))
        response = respond(cast("T", written.result), written.mutation or _ANSWERED)
        if dry and "mutation" in response.DESCRIPTOR.fields_by_name:
            response.ClearField("mutation")
        return response


def _made_once(respond: Callable[[T, Mutation], Response]) -> Callable[[T, Mutation], Response]:
    """As *respond*; what is asked for the same result again, to be kept and to be sent, is made once."""
    made: list[tuple[T, Response]] = []

    def once(result: T, mutation: Mutation) -> Response:
        if not (made and made[-1][0] is result):
            made.append((result, respond(result, mutation)))
        return made[-1][1]

    return once


def request_digest(request: Message) -> bytes:
    """What tells two requests apart that carry the same request id."""
    bare = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("request_id")
    return sha256(bare.SerializeToString(deterministic=True)).digest()


def _repeat(request: Message, respond: Callable[[T, Mutation], Response]) -> Repeat[T] | None:
    request_id = _value(request, "request_id")
    if not request_id:
        return None
    if not is_id(request_id):
        raise FieldInvalid.of("request_id", "must be a UUID in lower case")

    def encode(result: T, mutation: Mutation) -> bytes:
        return respond(result, mutation).SerializeToString()

    method = request.DESCRIPTOR.name.removesuffix("Request")
    return Repeat(method=method, request_id=request_id, digest=request_digest(request), encode=encode)


def _replayed(request: Message, kept: bytes) -> Message:
    """The kept answer, which says so where there is a place to say it."""
    name = request.DESCRIPTOR.name.removesuffix("Request") + "Response"
    descriptor = cast("Descriptor", request.DESCRIPTOR.file.message_types_by_name[name])
    response = GetMessageClass(descriptor).FromString(kept)
    mutation = _value(response, "mutation")
    if mutation is not None:
        mutation.replayed = True
    return response


def _value(request: Message, field: str) -> Any:  # noqa: ANN401 - whatever type the field has
    return getattr(request, field, None)
