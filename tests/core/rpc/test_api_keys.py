"""ApiKeyService over a real socket."""

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from clockwire.client.errors import FieldInvalid, KeyInvalid, RequestIdReused, ResourceNotFound, ScopeMissing
from clockwire.model.api_key import hash_of
from clockwire.model.identifiers import new_id
from clockwire.model.instants import DAY, HOUR, MINUTE, to_timestamp
from clockwire.v1.account_service_pb2 import GetCallerRequest
from clockwire.v1.api_key_service_pb2 import (
    ApiKey,
    CreateApiKeyRequest,
    GetApiKeyRequest,
    ListApiKeysRequest,
    RevokeApiKeyRequest,
    RotateApiKeyRequest,
    Scope,
)
from tests.support.server import ON_SQLITE

READ, WRITE = Scope.SCOPE_RECORDS_READ, Scope.SCOPE_RECORDS_WRITE


async def test_a_new_key_works_and_is_shown_once(server):
    async with server.client() as client:
        created = await client.api_keys.CreateApiKey(a_key(name="reader", scopes=[READ]))
        assert created.key.startswith("cw_live_")
        assert created.api_key.prefix == created.key[:12]
        assert created.api_key.create_time == to_timestamp(server.clock())
        read = await client.api_keys.GetApiKey(GetApiKeyRequest(api_key_id=created.api_key.id))
    assert read.api_key == created.api_key
    async with server.client(created.key) as reader:
        assert (await reader.account.GetCaller(GetCallerRequest())).api_key.name == "reader"


async def test_of_a_key_only_a_hash_is_stored(server):
    async with server.client() as client:
        created = await client.api_keys.CreateApiKey(a_key(scopes=[READ], request_id=new_id(0)))
    with server.database.reading() as connection:
        [row] = connection.exec_driver_sql("SELECT hash FROM api_key WHERE name = 'k'").all()
        everything = [
            str(bytes(value) if isinstance(value, memoryview) else value)
            for table in ("api_key", "kept_answer")
            for row_ in connection.exec_driver_sql(f"SELECT * FROM {table}")
            for value in row_
        ]
    assert bytes(row[0]) == hash_of(created.key)
    assert everything
    assert not [value for value in everything if created.key in value or created.key[12:] in value]


async def test_a_repetition_gets_the_same_text_again(server):
    request = a_key(scopes=[READ], request_id=new_id(0))
    server.clock.now += 1000
    async with server.client() as client:
        first = await client.api_keys.CreateApiKey(request)
        assert await client.api_keys.CreateApiKey(request) == first
        request.api_key.name = "another"
        with pytest.raises(RequestIdReused):
            await client.api_keys.CreateApiKey(request)
        listed = await client.api_keys.ListApiKeys(ListApiKeysRequest())
    assert [key.name for key in listed.api_keys] == ["a key", "k"]


@ON_SQLITE
async def test_a_key_can_give_away_only_what_it_has(server):
    async with server.client(server.new_key("keys.admin", "records.read")) as client:
        await client.api_keys.CreateApiKey(a_key(scopes=[READ]))
        with pytest.raises(ScopeMissing) as caught:
            await client.api_keys.CreateApiKey(a_key(scopes=[READ, WRITE]))
    assert caught.value.metadata["scope"] == "records.write"


@ON_SQLITE
async def test_a_key_cannot_get_hold_of_a_mightier_one_by_rotating_it(server):
    async with server.client() as client:
        mighty = await client.account.GetCaller(GetCallerRequest())
    async with server.client(server.new_key("keys.admin")) as client:
        with pytest.raises(ScopeMissing):
            await client.api_keys.RotateApiKey(RotateApiKeyRequest(api_key_id=mighty.api_key.id))


@ON_SQLITE
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "api_key.name"),
        ({"name": "x" * 101}, "api_key.name"),
        ({"name": "a\x00b"}, "api_key.name"),
        ({"scopes": []}, "api_key.scopes"),
        ({"scopes": [0]}, "api_key.scopes"),
        ({"scopes": [100]}, "api_key.scopes"),
        ({"scopes": [2**31 - 1]}, "api_key.scopes"),
        ({"scopes": [Scope.SCOPE_OPERATOR]}, "api_key.scopes"),
        ({"expire_time": Timestamp(seconds=1)}, "api_key.expire_time"),
        ({"expire_time": Timestamp(seconds=-(2**60))}, "api_key.expire_time"),
    ],
)
async def test_a_wrong_field_is_named(server, changes, field):
    async with server.client() as client:
        with pytest.raises(FieldInvalid) as caught:
            await client.api_keys.CreateApiKey(a_key(**{"scopes": [READ], **changes}))
    assert [violation.field for violation in caught.value.violations] == [field]


async def test_after_a_rotation_both_texts_work_until_the_overlap_ends(server):
    async with server.client() as client:
        created = await client.api_keys.CreateApiKey(a_key(scopes=[READ]))
        rotated = await client.api_keys.RotateApiKey(
            RotateApiKeyRequest(api_key_id=created.api_key.id, overlap=Duration(seconds=3600))
        )
    assert rotated.api_key.id == created.api_key.id
    assert rotated.api_key.rotation_end_time == to_timestamp(server.clock() + HOUR)
    assert await works(server, created.key)
    assert await works(server, rotated.key)
    server.clock.now += HOUR
    assert not await works(server, created.key)
    assert await works(server, rotated.key)


@ON_SQLITE
async def test_the_usual_overlap_is_a_day_and_none_is_possible(server):
    async with server.client() as client:
        created = await client.api_keys.CreateApiKey(a_key(scopes=[READ]))
        request = RotateApiKeyRequest(api_key_id=created.api_key.id)
        rotated = await client.api_keys.RotateApiKey(request)
        assert rotated.api_key.rotation_end_time == to_timestamp(server.clock() + DAY)
        request.overlap.SetInParent()
        again = await client.api_keys.RotateApiKey(request)
        assert not again.api_key.HasField("rotation_end_time")
        request.overlap.seconds = 7 * 86400 + 1
        with pytest.raises(FieldInvalid):
            await client.api_keys.RotateApiKey(request)
    assert [await works(server, key) for key in (created.key, rotated.key, again.key)] == [False, False, True]


async def test_a_revoked_key_stops_and_revoking_it_again_is_ok(server):
    async with server.client() as client:
        created = await client.api_keys.CreateApiKey(a_key(scopes=[READ]))
        assert await works(server, created.key)
        request = RevokeApiKeyRequest(api_key_id=created.api_key.id)
        revoked = await client.api_keys.RevokeApiKey(request)
        assert not await works(server, created.key)
        server.clock.now += MINUTE
        assert await client.api_keys.RevokeApiKey(request) == revoked
        with pytest.raises(FieldInvalid):
            await client.api_keys.RotateApiKey(RotateApiKeyRequest(api_key_id=created.api_key.id))


async def test_a_key_that_was_revoked_by_another_server_stops_within_5_seconds(server):
    key = server.new_key("records.read")
    assert await works(server, key)
    with server.database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE api_key SET revoke_time = {server.clock()} WHERE name = 'a key'")
    server.clock.now += 4_000_000
    assert not await works(server, key)


async def test_keys_are_listed_by_age_in_pages(server):
    async with server.client() as client:
        for number in range(5):
            server.clock.now += 1000
            await client.api_keys.CreateApiKey(a_key(name=f"k{number}", scopes=[READ]))
        names, request = [], ListApiKeysRequest(page_size=2)
        while True:
            page = await client.api_keys.ListApiKeys(request)
            names.append([key.name for key in page.api_keys])
            request.page_token = page.next_page_token
            if not request.page_token:
                break
    assert names == [["a key", "k0"], ["k1", "k2"], ["k3", "k4"]]


async def test_ended_keys_are_listed_only_if_asked_for(server):
    async with server.client() as client:
        revoked = await client.api_keys.CreateApiKey(a_key(name="revoked", scopes=[READ]))
        await client.api_keys.RevokeApiKey(RevokeApiKeyRequest(api_key_id=revoked.api_key.id))
        end = to_timestamp(server.clock() + MINUTE)
        await client.api_keys.CreateApiKey(a_key(name="expired", scopes=[READ], expire_time=end))
        server.clock.now += MINUTE
        active = await client.api_keys.ListApiKeys(ListApiKeysRequest())
        every = await client.api_keys.ListApiKeys(ListApiKeysRequest(show_ended=True))
    assert [key.name for key in active.api_keys] == ["a key"]
    assert {key.name for key in every.api_keys} == {"a key", "revoked", "expired"}


async def test_the_last_use_is_kept_to_the_minute(server):
    server.clock.now += 90_000_000
    async with server.client() as client:
        assert not (await client.account.GetCaller(GetCallerRequest())).api_key.HasField("last_use_time")
        await server.server.housekeeping.tidy()
        used = (await client.account.GetCaller(GetCallerRequest())).api_key.last_use_time
    assert used == to_timestamp(server.clock() - server.clock() % MINUTE)


async def test_keys_of_another_workspace_are_not_there(server):
    other = server.new_key(workspace_id=server.new_workspace())
    async with server.client(other) as client:
        theirs = (await client.account.GetCaller(GetCallerRequest())).api_key.id
    async with server.client() as client:
        for call in (
            client.api_keys.GetApiKey(GetApiKeyRequest(api_key_id=theirs)),
            client.api_keys.RotateApiKey(RotateApiKeyRequest(api_key_id=theirs)),
            client.api_keys.RevokeApiKey(RevokeApiKeyRequest(api_key_id=theirs)),
        ):
            with pytest.raises(ResourceNotFound):
                await call
        listed = await client.api_keys.ListApiKeys(ListApiKeysRequest(show_ended=True))
    assert theirs not in {key.id for key in listed.api_keys}
    assert await works(server, other)


def a_key(*, name="k", request_id="", **fields):
    """A request for a key."""
    return CreateApiKeyRequest(api_key=ApiKey(name=name, **fields), request_id=request_id)


async def works(server, key):
    """Whether calls with this key are let in."""
    async with server.client(key) as client:
        try:
            await client.account.GetCaller(GetCallerRequest())
        except KeyInvalid:
            return False
    return True
