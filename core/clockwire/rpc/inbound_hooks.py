"""InboundHookService: the addresses to which other systems POST."""

from typing import Any

import grpc

from clockwire.api.callers import caller
from clockwire.model.inbound_hook import HookState
from clockwire.model.instants import Clock
from clockwire.model.vault import Vault
from clockwire.operations import inbound_hooks as operations
from clockwire.rpc.messages.inbound_hooks import created_response, hook_message, reset_response, secret_of, service_of
from clockwire.rpc.pages import page_of
from clockwire.rpc.writes import Writes
from clockwire.storage.database import Database
from clockwire.v1 import inbound_hook_service_pb2 as messages
from clockwire.v1.inbound_hook_service_pb2_grpc import InboundHookServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


class InboundHooks(InboundHookServiceServicer):
    """The servicer."""

    def __init__(self, database: Database, writes: Writes, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._writes = writes
        self._vault = vault
        self._clock = clock

    async def CreateInboundHook(
        self, request: messages.CreateInboundHookRequest, context: Context
    ) -> messages.CreateInboundHookResponse:
        """A new hook, and its token this once."""
        sent, secret = request.inbound_hook, secret_of(request)
        service = service_of(sent)
        return await self._writes.run(
            request,
            lambda transaction: operations.create_inbound_hook(
                transaction,
                sent.name,
                service,
                user_id=sent.user_id,
                commands=sent.commands,
                secret=secret,
                vault=self._vault,
            ),
            lambda issued, _: created_response(issued),
        )

    async def GetInboundHook(
        self, request: messages.GetInboundHookRequest, context: Context
    ) -> messages.GetInboundHookResponse:
        """One hook."""
        hook = await self._database.read(operations.get_inbound_hook, caller().workspace_id, request.inbound_hook_id)
        return messages.GetInboundHookResponse(inbound_hook=hook_message(hook))

    async def ListInboundHooks(
        self, request: messages.ListInboundHooksRequest, context: Context
    ) -> messages.ListInboundHooksResponse:
        """A page of hooks, oldest first."""
        workspace_id = caller().workspace_id
        page = page_of(request, workspace_id, self._clock())
        found = await self._database.read(
            operations.list_inbound_hooks,
            workspace_id,
            after=str(page.after[0]) if page.after else "",
            limit=page.size + 1,
        )
        response = messages.ListInboundHooksResponse(inbound_hooks=map(hook_message, found[: page.size]))
        if len(found) > page.size:
            response.next_page_token = page.next_token(found[page.size - 1].id)
        return response

    async def EnableInboundHook(
        self, request: messages.EnableInboundHookRequest, context: Context
    ) -> messages.EnableInboundHookResponse:
        """The hook, which listens."""
        return await self._writes.run(
            request,
            lambda transaction: operations.turn_inbound_hook(transaction, request.inbound_hook_id, HookState.ENABLED),
            lambda hook, _: messages.EnableInboundHookResponse(inbound_hook=hook_message(hook)),
        )

    async def DisableInboundHook(
        self, request: messages.DisableInboundHookRequest, context: Context
    ) -> messages.DisableInboundHookResponse:
        """The hook, which does not listen."""
        return await self._writes.run(
            request,
            lambda transaction: operations.turn_inbound_hook(transaction, request.inbound_hook_id, HookState.DISABLED),
            lambda hook, _: messages.DisableInboundHookResponse(inbound_hook=hook_message(hook)),
        )

    async def ResetInboundHookToken(
        self, request: messages.ResetInboundHookTokenRequest, context: Context
    ) -> messages.ResetInboundHookTokenResponse:
        """The hook with a new token, this once."""
        return await self._writes.run(
            request,
            lambda transaction: operations.reset_token(transaction, request.inbound_hook_id),
            lambda issued, _: reset_response(issued),
        )

    async def DeleteInboundHook(
        self, request: messages.DeleteInboundHookRequest, context: Context
    ) -> messages.DeleteInboundHookResponse:
        """The hook is gone."""
        return await self._writes.run(
            request,
            lambda transaction: operations.delete_inbound_hook(transaction, request.inbound_hook_id),
            lambda _deleted, _: messages.DeleteInboundHookResponse(),
        )
