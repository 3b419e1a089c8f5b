"""ApiKeyService: the keys of a workspace."""

from typing import Any

import grpc

from clockwire.api.authentication import Authenticator
from clockwire.api.callers import caller
from clockwire.model.instants import Clock
from clockwire.model.values.times import check_duration
from clockwire.operations.api_keys import (
    create_api_key,
    get_api_key,
    list_api_keys,
    revoke_api_key,
    rotate_api_key,
)
from clockwire.rpc.messages.api_keys import api_key_message, expire_time_of, scope_words
from clockwire.rpc.pages import page_of
from clockwire.rpc.writes import Writes
from clockwire.storage.database import Database
from clockwire.v1 import api_key_service_pb2 as messages
from clockwire.v1.api_key_service_pb2_grpc import ApiKeyServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


class ApiKeys(ApiKeyServiceServicer):
    """The servicer."""

    def __init__(self, database: Database, writes: Writes, authenticator: Authenticator, clock: Clock) -> None:
        self._database = database
        self._writes = writes
        self._authenticator = authenticator
        self._clock = clock

    async def CreateApiKey(
        self, request: messages.CreateApiKeyRequest, context: Context
    ) -> messages.CreateApiKeyResponse:
        """A new key, and its text this once."""
        scopes, expire_time = scope_words(request.api_key.scopes), expire_time_of(request.api_key)
        return await self._writes.run(
            request,
            lambda transaction: create_api_key(transaction, request.api_key.name, scopes, expire_time=expire_time),
            lambda issued, _: messages.CreateApiKeyResponse(api_key=api_key_message(issued.api_key), key=issued.text),
        )

    async def GetApiKey(self, request: messages.GetApiKeyRequest, context: Context) -> messages.GetApiKeyResponse:
        """One key."""
        key = await self._database.read(get_api_key, caller().workspace_id, request.api_key_id)
        return messages.GetApiKeyResponse(api_key=api_key_message(key))

    async def ListApiKeys(self, request: messages.ListApiKeysRequest, context: Context) -> messages.ListApiKeysResponse:
        """A page of keys, oldest first."""
        workspace_id, now = caller().workspace_id, self._clock()
        page = page_of(request, workspace_id, now)
        found = await self._database.read(
            list_api_keys,
            workspace_id,
            after=str(page.after[0]) if page.after else "",
            limit=page.size + 1,
            active_at=None if request.show_ended else now,
        )
        response = messages.ListApiKeysResponse(api_keys=[api_key_message(each) for each in found[: page.size]])
        if len(found) > page.size:
            response.next_page_token = page.next_token(found[page.size - 1].id)
        return response

    async def RotateApiKey(
        self, request: messages.RotateApiKeyRequest, context: Context
    ) -> messages.RotateApiKeyResponse:
        """The key with a new text, this once."""
        overlap = check_duration("overlap", request.overlap) if request.HasField("overlap") else None
        response = await self._writes.run(
            request,
            lambda transaction: rotate_api_key(transaction, request.api_key_id, overlap),
            lambda issued, _: messages.RotateApiKeyResponse(api_key=api_key_message(issued.api_key), key=issued.text),
        )
        self._authenticator.forget()
        return response

    async def RevokeApiKey(
        self, request: messages.RevokeApiKeyRequest, context: Context
    ) -> messages.RevokeApiKeyResponse:
        """The key is ended, here at once."""
        response = await self._writes.run(
            request,
            lambda transaction: revoke_api_key(transaction, request.api_key_id),
            lambda key, _: messages.RevokeApiKeyResponse(api_key=api_key_message(key)),
        )
        self._authenticator.forget()
        return response
