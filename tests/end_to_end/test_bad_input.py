"""Whatever is sent to whatever method, it is answered as the contract says, and the workspace stays whole."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clockwire.v1.record_service_pb2 import CreateRecordRequest
from clockwire.v1.workspace_service_pb2 import DeleteWorkspaceRequest
from tests.support.contract import BY_NAME, METHODS, SERVICES, Answer, Method, call, metadata_of
from tests.support.good_requests import GOOD, new_records
from tests.support.hostile_messages import bent, filled, requests
from tests.support.intact import intact
from tests.support.server import ON_SQLITE, Served
from tests.support.world import populate

CALLS_AT_ONCE = 8
WORLDS = 4
PATIENCE = 5.0

a_few = settings(
    max_examples=6,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # the workspace changes from example to example: there is nothing to shrink to
    suppress_health_check=list(HealthCheck),
)


def calls(service: str):
    """Some calls of a service: good requests with something bent, creations of every type, and anything at all."""
    methods = st.sampled_from([each for each in METHODS if each.service == service])
    one = methods.flatmap(lambda method: st.tuples(st.just(method), _sent(method)))
    return st.lists(one, min_size=CALLS_AT_ONCE, max_size=CALLS_AT_ONCE)


def _sent(method: Method):
    good = [GOOD[method.name]]
    if method.name == "CreateRecord":
        good = [CreateRecordRequest(record=record) for record in new_records().values()]
    return st.one_of(
        st.sampled_from(good).flatmap(bent), st.sampled_from(good).flatmap(bent), requests(method.request.DESCRIPTOR)
    )


@pytest.mark.parametrize("service", SERVICES)
async def test_any_request_is_answered_as_documented_and_leaves_a_whole_workspace(server: Served, service: str):
    tried = await _Hostility.begin(server)

    @a_few
    @given(calls(service), st.integers(0, WORLDS - 1))
    def try_all(chosen, shift):
        asyncio.run_coroutine_threadsafe(tried.send(chosen, shift), loop).result(50)

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(try_all)

    async with server.client() as client:
        await intact(client)


@ON_SQLITE
@pytest.mark.parametrize("body", [b"\xff\xff\xff", b"\x0a\x05abc", b"\x00"])
async def test_bytes_that_are_no_request_are_refused_by_every_method(server: Served, body: bytes):
    async with server.channel() as channel:
        for method in METHODS:
            answer = await call(channel, method, body, metadata_of(server.api_key))
            if answer.reason != "SCOPE_MISSING" and method.request.DESCRIPTOR.fields:
                assert (answer.status, answer.reason) == ("INVALID_ARGUMENT", "FIELD_INVALID"), f"{method} {answer}"


@ON_SQLITE
async def test_a_request_above_4_mib_is_refused_and_one_below_is_read(server: Served):
    limit = 4 * 1024 * 1024
    async with server.channel() as channel:
        for size, expected in [(limit - 100, "FIELD_INVALID"), (limit + 100, "MESSAGE_TOO_LARGE")]:
            request = CreateRecordRequest(request_id="x" * size)
            answer = await call(channel, BY_NAME["CreateRecord"], request, metadata_of(server.api_key))
            assert (answer.reason, answer.documented) == (expected, True)


@ON_SQLITE
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([("authorization", "Bearer")], "KEY_INVALID"),
        ([("authorization", "")], "KEY_INVALID"),
        ([("authorization", "Basic dXNlcjp3b3Jk")], "KEY_INVALID"),
        ([("authorization", "Bearer cw_live_" + "x" * 4_000)], "KEY_INVALID"),
        ([("x-workspace-id", "00000000-0000-7000-8000-000000000000")], "WORKSPACE_FORBIDDEN"),
        ([("x-workspace-id", "' OR 1=1 --")], "WORKSPACE_FORBIDDEN"),
        ([("x-causation-id", "x" * 65)], "FIELD_INVALID"),
        ([("x-on-behalf-of", "nobody")], "FIELD_INVALID"),
        ([("x-on-behalf-of", "00000000-0000-7000-8000-000000000000")], "REFERENCE_MISSING"),
        ([("x-causation-id", "one"), ("x-causation-id", "two")], "FIELD_INVALID"),
        ([("traceparent", "00-not-a-trace-01")], ""),
        ([("traceparent", "x" * 4_000)], ""),
        ([("x-unknown", "anything")], ""),
    ],
)
async def test_what_is_said_wrongly_beside_a_request_is_refused_by_every_method(server: Served, said, expected: str):
    usual = [] if said[0][0] == "authorization" else metadata_of(server.api_key)
    async with server.channel() as channel:
        for method in [each for each in METHODS if each.service != "WorkspaceService"]:
            answer = await call(channel, method, method.request(), [*usual, *said])
            assert answer.documented, f"{method} {answer}"
            if expected:
                assert answer.reason == expected, f"{method} {answer}"
            else:
                assert answer.status not in {"UNAUTHENTICATED", "PERMISSION_DENIED"}


async def test_an_operator_who_names_no_workspace_or_none_that_is_there_is_refused(server: Served):
    async with server.channel() as channel:
        for said in ["", "nowhere", "%00", "00000000-0000-7000-8000-000000000000"]:
            metadata = metadata_of(server.operator_key, ("x-workspace-id", said))
            answer = await call(channel, BY_NAME["ListRecordTypes"], b"", metadata)
            assert answer.reason in {"FIELD_INVALID", "RESOURCE_NOT_FOUND"}


class _Hostility:
    """Sends requests to a server that knows two workspaces, and looks at every answer."""

    def __init__(self, server: Served, known: Mapping[str, Sequence[str]]) -> None:
        self.server = server
        self.known = known
        self.channel = server.channel()

    @classmethod
    async def begin(cls, server: Served) -> "_Hostility":
        """With several worlds in one workspace, so that deleting one ends nothing, and one in another workspace."""
        spare = server.new_workspace("Spare")
        async with server.client() as mine, server.client(server.new_key(workspace_id=spare)) as other:
            worlds = [await populate(mine, f"heliotrope{number}") for number in range(WORLDS)]
            foreign = await populate(other)
        known = {kind: [each for world in worlds for each in world.known[kind]] for kind in foreign.known}
        more = {"foreign": foreign.known["id"], "foreign_cursor": foreign.known["cursor"]}
        return cls(server, {**known, **more, "workspace": [spare], "workspace_name": ["Spare"]})

    async def send(self, chosen: Sequence[tuple[Method, Message]], shift: int) -> None:
        """All calls at once, as a workspace's own caller and, where that needs one, as an operator."""
        answers = await asyncio.gather(*(self._call(method, request, shift) for method, request in chosen))
        for (method, request), answer in zip(chosen, answers, strict=True):
            assert answer.documented, f"{method} {answer} to {str(request)[:3_000]}"

    async def _call(self, method: Method, request: Message, shift: int) -> Answer:
        key = self.server.api_key
        message = filled(request, self.known, shift)
        if method.service == "WorkspaceService":
            key = self.server.operator_key
            if isinstance(message, DeleteWorkspaceRequest) and message.workspace_id == self.server.workspace_id:
                message.ClearField("workspace_id")
        return await call(self.channel, method, message, metadata_of(key), seconds=PATIENCE)
