"""Somebody who starts and stops timers, beside the bookkeeper of the same workspace."""

from google.protobuf.field_mask_pb2 import FieldMask

from clockwire.client.records import timer_of
from clockwire.operations import timers
from clockwire.operations.timer_changes import TimerTarget
from clockwire.operations.timer_lists import get_timer, list_timers
from clockwire.storage.timers import TimerQuery


class Timekeeper:
    """Acts through the writer. Fields of a timer are keywords, as `clockwire.client.records` takes them."""

    def __init__(self, books):
        self.books = books

    async def start(self, user, *, stop_running=False, dry=False, **fields):
        """What came of starting a timer."""
        sent = timer_of({"user_id": user.id, **fields})
        return await self.books.run(
            lambda transaction: timers.start_timer(transaction, sent, stop_running=stop_running), dry=dry
        )

    async def stop(self, timer=None, *, user=None, **how):
        """What came of stopping a timer, or the one of a user."""
        target = target_of(timer, user)
        return await self.books.run(lambda transaction: timers.stop_timer(transaction, target, **how))

    async def discard(self, timer=None, *, user=None, **how):
        """The timer that was discarded."""
        target = target_of(timer, user)
        return await self.books.run(lambda transaction: timers.discard_timer(transaction, target, **how))

    async def update(self, timer, *, paths=(), **fields):
        """The timer after an update."""
        sent = timer_of({"id": timer.id, **fields})
        return await self.books.run(
            lambda transaction: timers.update_timer(transaction, sent, FieldMask(paths=list(paths)))
        )

    async def running(self, user):
        """The timer of a user that runs."""
        return await self.books.run(lambda transaction: timers.running_timer(transaction, user.id))

    async def read(self, timer):
        """The timer as it is read."""
        return await self.books.work.database.read(get_timer, self.books.caller.workspace_id, timer.id)

    async def list(self, **query):
        """The timers that are asked for."""
        page = await self.books.work.database.read(
            list_timers, self.books.caller.workspace_id, TimerQuery(**query), limit=100
        )
        return page.timers


def target_of(timer, user):
    """A timer by its id, or by its user."""
    return TimerTarget(timer_id=timer.id if timer is not None else "", user_id=user.id if user is not None else "")
