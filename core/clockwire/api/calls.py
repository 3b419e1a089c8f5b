"""What stands around a call, whichever way it came in: who calls and may it, what an error is, one line in the log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message

from clockwire.api.authentication import Authenticator
from clockwire.api.call_line import CallLine, Ended
from clockwire.api.callers import Admitted, admit, set_caller
from clockwire.api.draining import Drain
from clockwire.api.errors import code_of, message_of, of_exception
from clockwire.api.scopes import ACCESS, OPERATOR, Access
from clockwire.model.errors import ServerDraining

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Method:
    """What can be called: "/clockwire.v1.RecordService/GetRecord", and by whom."""

    name: str
    access: Access

    @classmethod
    def named(cls, name: str) -> "Method":
        """A method of the contract. One that the table of scopes does not know is open to operators only."""
        return cls(name, ACCESS.get(name, Access(scope=OPERATOR)))


class Call:
    """A call that was let in."""

    def __init__(self, admitted: Admitted, line: CallLine, drain: Drain) -> None:
        self.admitted = admitted
        self._line = line
        self._drain = drain
        #: Whether it can ask to wait for something.
        self.may_wait = False

    def asked(self, request: T) -> T:
        """The request, once it is read: the log shows its plain fields."""
        self._line.asked(request)
        self.may_wait = isinstance(request, Message) and "wait_timeout" in request.DESCRIPTOR.fields_by_name
        return request

    async def answer(self, answering: Awaitable[T]) -> T:
        """What comes of it. A call that may wait for something (a long poll) ends when the server drains."""
        return await (self._drain.before(answering) if self.may_wait else answering)


class Calls:
    """Lets callers in by the table of scopes, turns what goes wrong into refusals, logs each call when it ends."""

    def __init__(
        self, authenticator: Authenticator, drain: Drain, ended: Ended = lambda _method, _code, _seconds: None
    ) -> None:
        """*ended* hears of each call when it ends."""
        self._authenticator = authenticator
        self._drain = drain
        self._ended = ended

    def framed(
        self, method: Method, said: Iterable[tuple[str, str | bytes]], **noted: str
    ) -> AbstractAsyncContextManager[Call]:
        """The call of somebody with a key, as the table of scopes or *method* says; else as `admitted_by`.

        *said* is what the caller says beside its request: metadata over gRPC, headers over HTTP, names in lower case.
        """
        return self.admitted_by(lambda: admit(said, method.access, self._authenticator), method.name, **noted)

    @asynccontextmanager
    async def admitted_by(
        self, admitting: Callable[[], Awaitable[Admitted]], name: str, **noted: str
    ) -> AsyncIterator[Call]:
        """The call, from letting the caller in to the line in the log. Raises ClockwireError and nothing else.

        *noted* stands in that line too.
        """
        line = CallLine(name, self._ended, **noted)
        try:
            admitted = await self._let_in(admitting)
            line.made_by(admitted.caller)
            yield Call(admitted, line, self._drain)
        except asyncio.CancelledError:
            line.end("CANCELLED")
            raise
        except Exception as error:
            refusal = of_exception(error)
            line.end(code_of(refusal), reason=refusal.reason, error=message_of(refusal))
            if refusal is error:
                raise
            raise refusal from error
        else:
            line.end("OK")

    async def _let_in(self, admitting: Callable[[], Awaitable[Admitted]]) -> Admitted:
        if self._drain.over:
            raise ServerDraining
        admitted = await admitting()
        set_caller(admitted)
        return admitted
