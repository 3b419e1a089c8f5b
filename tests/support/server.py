"""A whole server inside the test: real sockets, real database, and a clock that the test moves."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import grpc
import pytest

from clockwire.cli.databases import opened
from clockwire.client import AsyncClient
from clockwire.engine import Engine
from clockwire.model.api_key import OPERATOR, SCOPES
from clockwire.model.caller import Caller
from clockwire.model.instants import Clock
from clockwire.operations.api_keys import create_api_key, create_operator_key
from clockwire.operations.workspaces import Changes, create_workspace
from clockwire.server import Server, running
from clockwire.settings import Address, Secret, Settings
from clockwire.storage.database import Database
from clockwire.storage.transaction import Transaction
from tests.support.clock import MovableClock

T = TypeVar("T")

SECRET_KEY = "A" * 43 + "="

#: For the settings `listen` and `http`.
ANY_PORT = Address.of("127.0.0.1:0")

#: For tests of what has nothing to do with the kind of database.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class Served:
    """A server that answers, one workspace in it, and keys for both."""

    server: Server
    clock: MovableClock
    workspace_id: str
    #: May do everything in the workspace.
    api_key: str = field(repr=False)
    #: May do everything.
    operator_key: str = field(repr=False)

    @property
    def target(self) -> str:
        """Where it listens."""
        return str(self.server.addresses.grpc)

    @property
    def http_target(self) -> Address:
        """Where it listens for HTTP, if it was made with `http=ANY_PORT`."""
        address = self.server.addresses.http
        assert address is not None, "this server has no HTTP port"
        return address

    @property
    def http_url(self) -> str:
        """The same as the beginning of a URL."""
        return f"http://{self.http_target}"

    @property
    def engine(self) -> Engine:
        """Its database, writer and dispatcher."""
        return self.server.engine

    @property
    def database(self) -> Database:
        """Its database."""
        return self.server.engine.database

    def client(self, api_key: str | None = None, **terms: Any) -> AsyncClient:
        """A client with a key, the workspace's own if none is given; it never asks twice."""
        given = self.api_key if api_key is None else api_key
        return AsyncClient(self.target, api_key=given, **{"plaintext": True, "retries": 0, **terms})

    def operator(self, **terms: Any) -> AsyncClient:
        """A client with the operator's key."""
        return self.client(self.operator_key, **terms)

    def channel(self, *options: tuple[str, Any]) -> grpc.aio.Channel:
        """A bare channel, for what no client of ours would do."""
        return grpc.aio.insecure_channel(self.target, options=[("grpc.use_local_subchannel_pool", 1), *options])

    def new_workspace(self, name: str = "Other") -> str:
        """The id of a further workspace."""
        return new_workspace(self.database, self.clock, name)

    def new_key(self, *scopes: str, workspace_id: str = "") -> str:
        """A further key, of the workspace if no other is named; with every scope if none is."""
        return new_key(self.database, self.clock, workspace_id or self.workspace_id, scopes or SCOPES)


@asynccontextmanager
async def served(database_url: str, clock: MovableClock, **changes: Any) -> AsyncIterator[Served]:
    """A server on an empty database, until the end of the block."""
    with opened(database_url) as database:
        workspace_id = new_workspace(database, clock, "Test")
        api_key = new_key(database, clock, workspace_id, SCOPES)
        operator_key = _write(database, clock, "", lambda each: create_operator_key(each, "operator")).text
    settings = a_settings(database_url, **changes)
    async with running(settings, clock=clock) as server:
        yield Served(server, clock, workspace_id, api_key, operator_key)


def a_settings(database_url: str, **changes: Any) -> Settings:
    """Settings for a server on a free port that sends no webhooks."""
    return Settings(
        **{
            "database": database_url,
            "listen": Address.of("127.0.0.1:0"),
            "secret_key": Secret(SECRET_KEY),
            "dispatch": False,
            "drain_timeout": timedelta(seconds=5),
            **changes,
        }
    )


def new_workspace(database: Database, clock: Clock, name: str) -> str:
    """The id of a new workspace."""
    changes: Changes = {"name": name, "time_zone": "", "currency": "", "event_retention": 0, "body_retention": 0}
    return _write(database, clock, "", lambda transaction: create_workspace(transaction, changes)).id


def new_key(database: Database, clock: Clock, workspace_id: str, scopes: Iterable[str], *, name: str = "a key") -> str:
    """The text of a new key."""
    return _write(database, clock, workspace_id, lambda each: create_api_key(each, name, scopes)).text


def _write(database: Database, clock: Clock, workspace_id: str, operation: Callable[[Transaction], T]) -> T:
    with database.writing() as connection:
        operator = Caller(workspace_id=workspace_id, scopes=frozenset({OPERATOR}))
        return operation(Transaction(connection, clock(), operator, None))
