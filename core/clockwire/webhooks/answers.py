"""How an event loop waits for what is done on a thread that has none."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def answer_to(begin: Callable[[Callable[[T], None]], None]) -> T:
    """What is told to the function that *begin* gets, on whatever thread that is."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(told: T) -> None:
        if not answer.done():  # else who waited has gone
            answer.set_result(told)

    def tell(told: T) -> None:
        with suppress(RuntimeError):  # its loop has ended
            loop.call_soon_threadsafe(settle, told)

    begin(tell)
    return await answer
