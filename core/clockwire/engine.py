"""What works without anybody calling: the database, the thread that writes, the thread that sends webhooks."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from clockwire.databases import open_database
from clockwire.dispatch_lock import only_dispatcher
from clockwire.metrics import Metrics
from clockwire.model.instants import Clock
from clockwire.model.target import check_target_url
from clockwire.model.vault import Vault, WrongKeyError
from clockwire.operations.endings import Endings
from clockwire.operations.news import News
from clockwire.operations.planning import Planner
from clockwire.operations.publishing import Publisher, Sealed
from clockwire.operations.tail import Tail
from clockwire.processes.child import Child
from clockwire.processes.messages import Begin
from clockwire.processes.rehearsals import Rehearsals
from clockwire.secret_keys import secret_keys
from clockwire.settings import SettingError, Settings
from clockwire.storage.claims import end_leases
from clockwire.storage.database import Database
from clockwire.storage.rehearsal import Rehearsing, Unrehearsed
from clockwire.storage.schema import prepare
from clockwire.storage.vault_check import check_vault
from clockwire.storage.writer import Writer
from clockwire.webhooks.addresses import AddressPolicy
from clockwire.webhooks.dispatcher import Dispatcher
from clockwire.webhooks.remote_dispatcher import RemoteDispatcher
from clockwire.webhooks.resolver import Resolver, require_sendable
from clockwire.webhooks.sending_process import SendingProcess

LOOK_UP_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The parts that run, and what they share."""

    database: Database
    vault: Vault
    writer: Writer[Any]
    rehearsals: Rehearsing
    tail: Tail
    endings: Endings
    resolver: Resolver
    dispatcher: Dispatcher | RemoteDispatcher

    async def check_target(self, url: str) -> None:
        """Raises TargetUrlRefused for a URL that webhooks may not be sent to, as its host is now."""
        asked = self.resolver.resolve(check_target_url(url, http_allowed=True), timeout_seconds=LOOK_UP_SECONDS)
        require_sendable(await asyncio.wrap_future(asked))


async def start_engine(
    settings: Settings,
    clock: Clock,
    stack: AsyncExitStack,
    *,
    dispatches: bool,
    metrics: Metrics,
    apart: bool = False,
) -> Engine:
    """Opens the database, and starts the writer and the dispatcher. *stack* stops them in the opposite order.

    *apart*: the dispatcher is a process of its own, and another one rehearses. Their clock is the machine's.
    """
    database = open_database(settings.database)
    stack.callback(database.close)
    vault = await asyncio.to_thread(_open_vault, database, settings)
    held = await asyncio.to_thread(_take_over, database, clock, stack) if dispatches else ()
    tail, endings = Tail(asyncio.get_running_loop()), Endings()
    resolver = Resolver(AddressPolicy(settings.allow_target))
    stack.callback(resolver.close)
    planner = Planner()
    news = News(database, tail)
    writer = _writer(database, vault, clock, Publisher(planner, news.committed), metrics)
    ended, settled = endings.tell, metrics.attempts_settled
    dispatcher: Dispatcher | RemoteDispatcher
    if dispatches and apart:
        start = partial(SendingProcess, settings, inherited=held)
        dispatcher = RemoteDispatcher(writer, start, clock=clock, ended=ended, settled=settled)
    else:
        dispatcher = Dispatcher(writer, vault, resolver, clock=clock, ended=ended, settled=settled, claims=dispatches)
    if dispatches:
        planner.hand_to(dispatcher)
        news.hand_to(dispatcher)
    engine = Engine(
        database=database,
        vault=vault,
        writer=writer,
        rehearsals=_rehearsals(settings, writer, metrics, stack) if apart else Unrehearsed(),
        tail=tail,
        endings=endings,
        resolver=resolver,
        dispatcher=dispatcher,
    )
    _start(engine, news, stack, drain_seconds=settings.drain_timeout.total_seconds())
    return engine


def _writer(database: Database, vault: Vault, clock: Clock, publisher: Publisher, metrics: Metrics) -> Writer[Any]:
    """A writer whose groups end with events, and are counted."""

    def committed(sealed: Sealed) -> None:
        publisher.committed(sealed)
        metrics.group_written(sealed)

    return Writer(database, vault, clock=clock, seal=publisher.seal, committed=committed)


def _start(engine: Engine, news: News, stack: AsyncExitStack, *, drain_seconds: float) -> None:
    """Everything runs; *stack* will end the dispatcher first, and the news of what it still wrote last."""
    news.start()
    stack.push_async_callback(asyncio.to_thread, news.stop)
    engine.writer.start()
    stack.push_async_callback(asyncio.to_thread, engine.writer.stop)
    engine.dispatcher.start()
    stack.push_async_callback(asyncio.to_thread, engine.dispatcher.stop, drain_seconds)


def _rehearsals(settings: Settings, writer: Writer[Any], metrics: Metrics, stack: AsyncExitStack) -> Rehearsing:
    """Who rehearses: nobody where another process would only take the one processor from this one."""
    if os.cpu_count() == 1:
        return Unrehearsed()

    def start() -> Child:
        child = Child("clockwire.rehearsing")
        child.say(Begin(settings.database, settings.log_level, settings.log_format))
        return child

    rehearsals = Rehearsals(start, busy=lambda: writer.busy, noted=metrics.rehearsal_ended)
    stack.callback(rehearsals.stop)
    return rehearsals


def _open_vault(database: Database, settings: Settings) -> Vault:
    """The vault of this database, which has its tables. SchemaError, or SettingError for a wrong secret key."""
    prepare(database)
    vault = Vault(secret_keys(settings.secret_key, settings.secret_key_file, database.url))
    try:
        with database.writing() as connection:
            check_vault(connection, vault)
    except WrongKeyError as error:
        message = (
            "the secrets in this database were encrypted with another secret key: "
            "set CLOCKWIRE_SECRET_KEY, or --secret-key-file, to the one it was first started with"
        )
        raise SettingError(message) from error
    return vault


def _take_over(database: Database, clock: Clock, stack: AsyncExitStack) -> Sequence[int]:
    """What an earlier dispatcher of a SQLite file held is due at once: this is the only one, so that one has died.

    Tests are left alone, because a server that does not dispatch makes them too. Returned is the descriptor of what
    makes it the only one.
    """
    if database.dialect != "sqlite":
        return ()
    held = stack.enter_context(only_dispatcher(Path(database.url.database or "")))
    with database.writing() as connection:
        end_leases(connection, clock())
    return [held]
