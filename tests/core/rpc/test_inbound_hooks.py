"""InboundHookService: who may make an address for others, and what is known of it afterwards."""

import pytest
from google.protobuf.message import Message

from clockwire.client.errors import FieldInvalid, ReferenceMissing, ResourceNotFound, ScopeMissing
from clockwire.storage.tables import inbound_hook
from clockwire.v1.inbound_hook_service_pb2 import (
    CreateInboundHookRequest,
    DeleteInboundHookRequest,
    DisableInboundHookRequest,
    EnableInboundHookRequest,
    GetInboundHookRequest,
    InboundHook,
    ListInboundHooksRequest,
    ResetInboundHookTokenRequest,
)
from tests.support.server import ON_SQLITE

ALL = ["project.add", "project.close", "task.add", "task.close", "task.track", "task.stop", "event.add", "event.delete"]
SECRET = "It's a Secret to Everybody"
REPEATED = "01890000-0000-7000-8000-000000000001"


async def test_a_hook_is_made_listed_turned_off_and_on_and_deleted(server):
    async with server.client() as client:
        made = await create(client, name="CI", commands=["task.stop", "task.track"])
        hook = made.inbound_hook
        assert (list(hook.commands), hook.state) == (["task.track", "task.stop"], InboundHook.STATE_ENABLED)
        assert made.path == f"/hooks/in/{hook.id}/{made.token}"
        assert len(made.token) == 64
        which = {"inbound_hook_id": hook.id}
        assert (await client.inbound_hooks.GetInboundHook(GetInboundHookRequest(**which))).inbound_hook == hook
        off = (await client.inbound_hooks.DisableInboundHook(DisableInboundHookRequest(**which))).inbound_hook
        assert off.state == InboundHook.STATE_DISABLED
        on = (await client.inbound_hooks.EnableInboundHook(EnableInboundHookRequest(**which))).inbound_hook
        assert on.state == InboundHook.STATE_ENABLED
        await client.inbound_hooks.DeleteInboundHook(DeleteInboundHookRequest(**which))
        with pytest.raises(ResourceNotFound):
            await client.inbound_hooks.GetInboundHook(GetInboundHookRequest(**which))


async def test_only_a_hash_of_the_token_is_stored_and_the_secret_sealed(server):
    async with server.client() as client:
        made = await create(client, secret=SECRET)
    with server.database.reading() as connection:
        [row] = connection.execute(inbound_hook.select()).mappings()
    stored = b"".join(each if isinstance(each, bytes) else str(each).encode() for each in row.values())
    assert made.token.encode() not in stored
    assert SECRET.encode() not in stored
    assert made.inbound_hook.signed


@ON_SQLITE
async def test_neither_token_nor_secret_is_read_back(server):
    async with server.client() as client:
        made = await create(client, secret=SECRET)
        read = await client.inbound_hooks.GetInboundHook(GetInboundHookRequest(inbound_hook_id=made.inbound_hook.id))
        listed = await client.inbound_hooks.ListInboundHooks(ListInboundHooksRequest())
    for answer in (read, listed):
        assert made.token not in str(answer)
        assert SECRET not in str(answer)


@ON_SQLITE
async def test_a_hook_takes_every_command_unless_it_is_told_which(server):
    async with server.client() as client:
        assert list((await create(client)).inbound_hook.commands) == ALL


@ON_SQLITE
async def test_pages_follow_each_other_oldest_first(server):
    async with server.client() as client:
        made = [(await create(client, name=str(number))).inbound_hook for number in range(3)]
        first = await client.inbound_hooks.ListInboundHooks(ListInboundHooksRequest(page_size=2))
        rest = ListInboundHooksRequest(page_size=2, page_token=first.next_page_token)
        second = await client.inbound_hooks.ListInboundHooks(rest)
    assert sorted(each.id for each in made) == [each.id for each in (*first.inbound_hooks, *second.inbound_hooks)]
    assert (len(first.inbound_hooks), second.next_page_token) == (2, "")


@ON_SQLITE
async def test_a_new_token_is_another_and_a_repetition_returns_it_again(server):
    async with server.client() as client:
        made = await create(client)
        request = ResetInboundHookTokenRequest(inbound_hook_id=made.inbound_hook.id, request_id=REPEATED)
        first = await client.inbound_hooks.ResetInboundHookToken(request)
        again = await client.inbound_hooks.ResetInboundHookToken(request)
    assert first.token == again.token != made.token
    assert first.path.endswith(first.token)


@ON_SQLITE
@pytest.mark.parametrize(
    ("wrong", "error", "told"),
    [
        ({"name": ""}, FieldInvalid, "inbound_hook.name"),
        ({"name": "x" * 101}, FieldInvalid, "inbound_hook.name"),
        ({"commands": ["task.fly"]}, FieldInvalid, "'task.fly' is no command; there are project.add"),
        ({"service": 9}, FieldInvalid, "9 is not known"),
        ({"service": InboundHook.SERVICE_SLACK}, FieldInvalid, "what SLACK signs its requests with"),
        ({"service": InboundHook.SERVICE_GITHUB}, FieldInvalid, "what GITHUB signs"),
        ({"secret": "short"}, FieldInvalid, "16 to 256"),
        ({"user_id": "ada"}, FieldInvalid, "UUID"),
        ({"user_id": REPEATED}, ReferenceMissing, "there is no user"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(server, wrong, error, told):
    async with server.client() as client:
        with pytest.raises(error, match=told):
            await create(client, **wrong)


@ON_SQLITE
@pytest.mark.parametrize(
    ("scopes", "commands", "missing"),
    [
        (["hooks.write"], ["project.add"], "records.write"),
        (["hooks.write", "records.write"], ["task.track"], "timers.write"),
        (["hooks.write", "timers.write"], ["task.stop"], "records.write"),
    ],
)
async def test_nobody_makes_a_hook_that_may_do_more_than_himself(server, scopes, commands, missing):
    async with server.client() as client:
        made = await create(client, commands=commands)
    async with server.client(server.new_key(*scopes)) as weaker:
        with pytest.raises(ScopeMissing, match=missing):
            await create(weaker, commands=commands)
        with pytest.raises(ScopeMissing, match=missing):
            await weaker.inbound_hooks.ResetInboundHookToken(
                ResetInboundHookTokenRequest(inbound_hook_id=made.inbound_hook.id)
            )


@ON_SQLITE
async def test_there_is_no_way_to_a_hook_of_another_workspace(server):
    async with server.client() as client:
        hook = (await create(client)).inbound_hook
    async with server.client(server.new_key(workspace_id=server.new_workspace())) as stranger:
        requests: list[Message] = [
            each(inbound_hook_id=hook.id)
            for each in (
                GetInboundHookRequest,
                EnableInboundHookRequest,
                DisableInboundHookRequest,
                ResetInboundHookTokenRequest,
                DeleteInboundHookRequest,
            )
        ]
        for request in requests:
            method = getattr(stranger.inbound_hooks, request.DESCRIPTOR.name.removesuffix("Request"))
            with pytest.raises(ResourceNotFound):
                await method(request)
        assert not (await stranger.inbound_hooks.ListInboundHooks(ListInboundHooksRequest())).inbound_hooks


async def create(client, *, secret="", **fields):
    """A new hook, with its token."""
    hook = InboundHook(**{"name": "A hook", **fields})
    return await client.inbound_hooks.CreateInboundHook(CreateInboundHookRequest(inbound_hook=hook, secret=secret))
