"""How the service starts, runs and stops; in this order."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import structlog
from starlette.types import ASGIApp

from clockwire.api.authentication import Authenticator
from clockwire.api.calls import Calls
from clockwire.api.decoding import LARGEST_REQUEST
from clockwire.api.draining import Drain
from clockwire.api.tls import ListenError, Tls
from clockwire.engine import Engine, start_engine
from clockwire.metrics import Metrics
from clockwire.model.instants import Clock, system_clock
from clockwire.operations.event_log import EventLog
from clockwire.operations.housekeeping import Housekeeping
from clockwire.operations.samples import Samples
from clockwire.rpc.account import ServerFacts
from clockwire.rpc.hanging_up import hang_up
from clockwire.rpc.interceptors import Frame
from clockwire.rpc.listening import MIN_KEEPALIVE_SECONDS, bind, new_server
from clockwire.rpc.services import Services, add_health, add_reflection
from clockwire.rpc.streams import Streams
from clockwire.rpc.writes import Writes
from clockwire.settings import Address, Settings
from clockwire.web.app import application
from clockwire.web.listening import listening
from clockwire.web.parts import Parts
from clockwire.webhooks.envelopes import Envelopes

#: How often to look for what other processes wrote.
POLL_SECONDS = 1.0

log = structlog.get_logger(__name__)


async def serve(settings: Settings, ready: "Callable[[Addresses], None]") -> None:
    """Answers calls until a signal says to stop; *ready* hears the addresses once it does."""
    with _stop_signals() as stopping:
        async with running(settings, apart=True) as server:
            ready(server.addresses)
            await stopping.wait()


async def dispatch(settings: Settings, ready: Callable[[], None]) -> None:
    """Sends webhooks, and nothing else, until a signal says to stop."""
    with _stop_signals() as stopping:
        async with AsyncExitStack() as stack:
            await start_engine(settings, system_clock, stack, dispatches=True, metrics=Metrics())
            ready()
            await stopping.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a server answers."""

    grpc: Address | None
    http: Address | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers."""

    addresses: Addresses
    engine: Engine
    streams: Streams
    housekeeping: Housekeeping


@asynccontextmanager
async def running(settings: Settings, *, clock: Clock = system_clock, apart: bool = False) -> AsyncIterator[Server]:
    """A server that answers until it is left. Then it drains, and everything is closed in the opposite order.

    *apart*: if it sends webhooks, another process does, and another one rehearses.
    """
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        engine = await start_engine(settings, clock, stack, dispatches=settings.dispatch, metrics=metrics, apart=apart)
        drain = Drain()
        authenticator = Authenticator(engine.database, clock)
        streams = Streams(authenticator, drain, limit=settings.max_streams_per_key)
        metrics.watch("clockwire_streams_open", lambda: streams.open_count)
        housekeeping = Housekeeping(engine.database, engine.writer, clock=clock, key_uses=authenticator.take_uses)
        stack.push_async_callback(housekeeping.note_key_uses)
        await stack.enter_async_context(_background(streams.run(), housekeeping.run()))
        services = _services(engine, authenticator, drain, facts=_facts(settings), clock=clock)
        addresses = await stack.enter_async_context(_ports(settings, engine, services, streams, metrics))
        yield Server(addresses=addresses, engine=engine, streams=streams, housekeeping=housekeeping)


def _services(
    engine: Engine, authenticator: Authenticator, drain: Drain, *, facts: ServerFacts, clock: Clock
) -> Services:
    database, writer, envelopes = engine.database, engine.writer, Envelopes(engine.vault)
    return Services(
        database=database,
        writes=Writes(writer),
        rehearsals=engine.rehearsals,
        event_log=EventLog(database, writer, engine.tail, clock=clock, poll_seconds=POLL_SECONDS),
        endings=engine.endings,
        vault=engine.vault,
        samples=Samples(database, writer, engine.dispatcher),
        check_target=engine.check_target,
        headers_of=lambda claimed: envelopes.of(claimed.subscription).headers_of(claimed, clock()).logged,
        authenticator=authenticator,
        drain=drain,
        facts=facts,
        clock=clock,
    )


@asynccontextmanager
async def _ports(
    settings: Settings, engine: Engine, services: Services, streams: Streams, metrics: Metrics
) -> AsyncIterator[Addresses]:
    """The ports that are asked for are open. On the way out both drain at once."""
    calls = Calls(services.authenticator, services.drain, metrics.call_ended)
    async with AsyncExitStack() as grpc_port, AsyncExitStack() as http_port:
        grpc = http = None
        if settings.grpc:
            grpc = await grpc_port.enter_async_context(_listening(settings, services, calls, streams))
        if settings.http:
            app = application(_parts(engine, services, calls, metrics), settings.allow_origin)
            http = await http_port.enter_async_context(_listening_for_http(settings, settings.http, app, metrics))
        try:
            yield Addresses(grpc=grpc, http=http)
        finally:
            streams.drain()
            await asyncio.gather(grpc_port.aclose(), http_port.aclose())


def _parts(engine: Engine, services: Services, calls: Calls, metrics: Metrics) -> Parts:
    return Parts(
        calls=calls,
        procedures=services.procedures(),
        database=engine.database,
        writer=engine.writer,
        vault=engine.vault,
        samples=services.samples,
        check_target=engine.check_target,
        drain=services.drain,
        metrics=metrics,
        stalled_seconds=lambda: engine.dispatcher.stalled_seconds,
        clock=services.clock,
    )


@asynccontextmanager
async def _listening_for_http(
    settings: Settings, address: Address, app: ASGIApp, metrics: Metrics
) -> AsyncIterator[Address]:
    tls, drain_seconds = _tls(settings), settings.drain_timeout.total_seconds()
    async with listening(app, address.host, address.port, tls=tls, drain_seconds=drain_seconds) as port:
        metrics.watch("clockwire_http_connections_open", port.connection_count)
        bound = Address(host=address.host, port=port.number)
        log.info("listening for http", address=str(bound), tls=tls is not None)
        yield bound
    log.info("stopped listening for http")


@asynccontextmanager
async def _listening(settings: Settings, services: Services, calls: Calls, streams: Streams) -> AsyncIterator[Address]:
    """The port is open. On the way out: not healthy, streams end, calls in flight finish."""
    frame = Frame(calls, streams)
    server = new_server(frame)
    services.register(server)
    add_health(server, services.drain)
    if settings.reflection:
        add_reflection(server)
    try:
        port = bind(server, str(settings.listen), _tls(settings))
    except ListenError:
        await server.stop(None)
        raise
    await server.start()
    address = Address(host=settings.listen.host, port=port)
    log.info("listening", address=str(address), tls=settings.tls_cert is not None)
    try:
        yield address
    finally:
        log.info("draining", open_streams=streams.open_count)
        streams.drain()
        await frame.settled(settings.drain_timeout)
        hang_up(port)
        await server.stop(None)
        log.info("stopped listening")


@asynccontextmanager
async def _background(*tasks: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """The tasks run until this is left; none of them ends by itself."""
    running_tasks = [asyncio.create_task(task) for task in tasks]
    try:
        yield
    finally:
        for task in running_tasks:
            task.cancel()
        await asyncio.gather(*running_tasks, return_exceptions=True)


@contextmanager
def _stop_signals() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set."""
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        yield stopping
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _facts(settings: Settings) -> ServerFacts:
    features = {"dispatch": settings.dispatch, "reflection": settings.reflection}
    return ServerFacts(
        features=[name for name, on in features.items() if on],
        max_request_bytes=LARGEST_REQUEST,
        min_keepalive_seconds=MIN_KEEPALIVE_SECONDS,
        max_streams_per_key=settings.max_streams_per_key,
    )


def _tls(settings: Settings) -> Tls | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Tls(cert=settings.tls_cert, key=settings.tls_key, client_ca=settings.tls_client_ca)
