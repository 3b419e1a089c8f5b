"""AccountService: what a caller is, and what it talks to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import Connection

from clockwire import __version__
from clockwire.api.callers import caller
from clockwire.model.api_key import ApiKey
from clockwire.model.caller import Caller
from clockwire.model.errors import KeyInvalid
from clockwire.model.instants import Clock, to_timestamp
from clockwire.model.workspace import Workspace
from clockwire.rpc.messages.api_keys import api_key_message
from clockwire.rpc.messages.workspaces import workspace_message
from clockwire.storage.api_keys import find_key_anywhere
from clockwire.storage.database import Database
from clockwire.storage.workspaces import find_workspace
from clockwire.v1 import account_service_pb2 as messages
from clockwire.v1.account_service_pb2_grpc import AccountServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What callers may know of this server."""

    features: Sequence[str]
    max_request_bytes: int
    min_keepalive_seconds: int
    max_streams_per_key: int


class Account(AccountServiceServicer):
    """The servicer."""

    def __init__(self, database: Database, facts: ServerFacts, clock: Clock) -> None:
        self._database = database
        self._facts = facts
        self._clock = clock

    async def GetCaller(self, request: messages.GetCallerRequest, context: Context) -> messages.GetCallerResponse:
        """The key in use, and its workspace."""
        key, workspace = await self._database.read(_who_is, caller())
        response = messages.GetCallerResponse(api_key=api_key_message(key))
        if workspace is not None:
            response.workspace.CopyFrom(workspace_message(workspace))
        return response

    async def GetServerInfo(
        self, request: messages.GetServerInfoRequest, context: Context
    ) -> messages.GetServerInfoResponse:
        """The server's version and clock; its limits for those who showed a key."""
        response = messages.GetServerInfoResponse(
            version=__version__, features=self._facts.features, server_time=to_timestamp(self._clock())
        )
        if caller().api_key_id:
            response.max_request_bytes = self._facts.max_request_bytes
            response.min_keepalive_interval.CopyFrom(Duration(seconds=self._facts.min_keepalive_seconds))
            response.max_streams_per_key = self._facts.max_streams_per_key
        return response


def _who_is(connection: Connection, here: Caller) -> tuple[ApiKey, Workspace | None]:
    key = find_key_anywhere(connection, here.api_key_id)
    if key is None:
        raise KeyInvalid
    return key, find_workspace(connection, here.workspace_id) if here.workspace_id else None
