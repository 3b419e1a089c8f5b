"""Which calls there are besides streams, for ways in that are not gRPC: each with its messages and what answers it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from google.protobuf.message import Message

from clockwire.api.calls import Method


class Remaining(Protocol):
    """What is asked of the context of a call."""

    def time_remaining(self) -> float | None:
        """The seconds until the caller stops waiting; None if it never does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """A method of the contract, as any transport can call it inside the frame of `Calls`."""

    method: Method
    request: type[Message]
    response: type[Message]
    #: Whether it has more than one request or response; such a call is answered over gRPC alone.
    streams: bool
    #: Gives the response, or its bytes where those are what is stored.
    answer: Callable[[Message, Remaining], Awaitable[Message | bytes]]
