"""The contract over HTTP: every unary call, as the Connect protocol has it."""

import asyncio
import base64
import gzip
import json

import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from structlog.testing import capture_logs

from clockwire.v1.account_service_pb2 import GetCallerRequest, GetCallerResponse
from clockwire.v1.record_service_pb2 import CreateRecordRequest, CreateRecordResponse
from clockwire.v1.records_pb2 import Project, Record
from clockwire.web.connect import LARGE
from tests.support.contract import METHODS
from tests.support.http import ask, until
from tests.support.server import ON_SQLITE

CREATE = "/clockwire.v1.RecordService/CreateRecord"
GET = "/clockwire.v1.RecordService/GetRecord"
CALLER = "/clockwire.v1.AccountService/GetCaller"
BATCH = "/clockwire.v1.RecordService/BatchMutateRecords"
LIST = "/clockwire.v1.RecordService/ListRecords"
PULL = "/clockwire.v1.EventService/PullEvents"


async def test_a_record_is_created_and_read_as_json(server):
    created = (await ask(server, CREATE, {"record": {"project": {"ProjectName": "Website"}}})).json
    read = (await ask(server, GET, {"key": {"id": created["record"]["id"]}})).json
    assert read["record"] == created["record"]
    assert read["record"]["project"]["ProjectName"] == "Website"


@ON_SQLITE
async def test_what_is_written_over_http_is_in_the_log_that_grpc_reads(server):
    created = (await ask(server, CREATE, {"record": {"client": {"ClientName": "Acme"}}})).json
    async with server.client() as client:
        [event] = [each async for each in client.watch("earliest", follow=False)]
    assert event.id == created["mutation"]["eventIds"][0]
    assert (await ask(server, PULL, {"start": {"position": "POSITION_EARLIEST"}})).json["events"][0]["id"] == event.id


@ON_SQLITE
async def test_the_binary_form_is_spoken_too(server):
    request = CreateRecordRequest(record=Record(project=Project(project_name="Website")))
    answer = await ask(server, CREATE, request.SerializeToString(), content_type="application/proto")
    assert answer.headers["content-type"] == "application/proto"
    assert CreateRecordResponse.FromString(answer.body).record.project.project_name == "Website"
    assert (
        GetCallerResponse.FromString(
            (await ask(server, CALLER, GetCallerRequest().SerializeToString(), content_type="application/proto")).body
        ).workspace.id
        == server.workspace_id
    )


@ON_SQLITE
async def test_every_unary_call_is_there_and_streams_say_where_they_are(server):
    for method in METHODS:
        answer = await ask(server, method.path)
        if method.streams:
            assert (answer.status, answer.json["code"]) == (501, "unimplemented")
            assert "over gRPC" in answer.json["message"]
        else:
            assert answer.status in {200, 400, 403, 404}, f"{method} {answer}"
            assert answer.json.get("code") != "unimplemented"


@ON_SQLITE
@pytest.mark.parametrize(
    ("key", "status", "code", "reason"),
    [("cw_live_wrong", 401, "unauthenticated", "KEY_INVALID"), ("reader", 403, "permission_denied", "SCOPE_MISSING")],
)
async def test_keys_and_scopes_are_those_of_grpc(server, key, status, code, reason):
    key = server.new_key("records.read") if key == "reader" else key
    answer = await ask(server, CREATE, authorization=f"Bearer {key}")
    assert (answer.status, answer.json["code"], answer.reason) == (status, code, reason)
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)


@ON_SQLITE
async def test_an_error_has_the_details_that_grpc_has(server):
    answer = await ask(server, GET, {"key": {"id": "01890000-0000-7000-8000-000000000000"}})
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    packed = answer.json["details"][0]["value"]
    info = ErrorInfo.FromString(base64.b64decode(packed + "=" * (-len(packed) % 4)))
    assert (info.reason, info.domain) == ("RECORD_NOT_FOUND", "clockwire.dev")
    assert "=" not in packed


@ON_SQLITE
async def test_every_field_that_is_wrong_is_named(server):
    wrong = {"record": {"project": {"ProjectName": 7, "Budget": 1, "Billable": "yes"}}, "validateOnly": True}
    answer = await ask(server, CREATE, wrong)
    assert (answer.status, answer.json["code"], answer.reason) == (400, "invalid_argument", "FIELD_INVALID")
    assert answer.violations == [
        ("record.project.project_name", "must be a string"),
        ("record.project.Budget", "is no field of this message"),
        ("record.project.billable", "must be true or false"),
    ]


HEADERS = [
    ({"connect_protocol_version": "2"}, 400, "must be 1"),
    ({"connect_timeout_ms": "soon"}, 400, "milliseconds"),
    ({"connect_timeout_ms": "1" * 11}, 400, "milliseconds"),
    ({"connect_timeout_ms": "0"}, 504, "time"),
    ({"content_type": "text/plain"}, 415, "application/json or application/proto"),
    ({"content_type": ""}, 415, "application/json or application/proto"),
    ({"content_type": "application/json; charset=utf-8"}, 200, ""),
    ({"content_encoding": "br"}, 415, "gzip"),
    ({"content_encoding": "gzip"}, 400, "not gzip"),
    ({"connect_protocol_version": "1", "connect_timeout_ms": "60000"}, 200, ""),
]


@ON_SQLITE
async def test_the_protocol_s_headers_are_obeyed(server):
    for headers, status, told in HEADERS:
        answer = await ask(server, CALLER, **headers)
        assert (answer.status, told in answer.json.get("message", "")) == (status, True), f"{headers} {answer}"


@ON_SQLITE
async def test_bodies_may_be_packed_both_ways(server):
    body = gzip.compress(json.dumps({"record": {"project": {"ProjectName": "x", "Description": "y" * 5_000}}}).encode())
    answer = await ask(server, CREATE, body, content_encoding="gzip", accept_encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.body))["record"]["project"]["Description"] == "y" * 5_000
    assert "content-encoding" not in (await ask(server, CALLER, accept_encoding="gzip")).headers
    for accepted in ("gzip;q=0", "br, identity"):
        answer = await ask(server, CREATE, body, content_encoding="gzip", accept_encoding=accepted)
        assert "content-encoding" not in answer.headers


@ON_SQLITE
async def test_a_large_request_and_a_large_answer_are_as_good_as_small_ones(server):
    records = [{"project": {"ProjectName": f"P{number}", "Description": "y" * 900}} for number in range(300)]
    mutations = [{"create": {"record": record}} for record in records]
    answer = await ask(server, BATCH, {"mutations": mutations})
    assert answer.status == 200, answer
    assert len(answer.body) > LARGE
    listed = await ask(server, LIST, {"type": "RECORD_TYPE_PROJECT", "pageSize": 300})
    assert {each["project"]["ProjectName"] for each in listed.json["records"]} == {f"P{n}" for n in range(300)}


@ON_SQLITE
@pytest.mark.parametrize("packed", [False, True])
async def test_a_body_above_4_mib_is_refused_however_small_it_was_packed(server, packed):
    body = b'{"requestId":"' + b"x" * 4 * 1024 * 1024 + b'"}'
    encoding = "gzip" if packed else "identity"
    answer = await ask(server, CREATE, gzip.compress(body) if packed else body, content_encoding=encoding)
    assert (answer.status, answer.reason) == (429, "MESSAGE_TOO_LARGE")


@ON_SQLITE
async def test_who_calls_for_whom_is_said_in_the_same_headers(server):
    async with server.client() as client:
        ada = (await client.create("user", user_name="Ada")).record.id
        answer = await ask(server, CREATE, {"record": {"client": {"ClientName": "A"}}}, x_on_behalf_of=ada)
    assert answer.json["record"]["CreatedBy"]["displayName"] == "Ada"
    other = await ask(server, CALLER, x_workspace_id=server.new_workspace())
    assert (other.status, other.reason) == (403, "WORKSPACE_FORBIDDEN")


@ON_SQLITE
async def test_a_repeated_request_is_answered_as_the_first_was(server):
    request = {"record": {"client": {"ClientName": "A"}}, "requestId": "01890000-0000-7000-8000-000000000001"}
    first, second = (await ask(server, CREATE, request)).json, (await ask(server, CREATE, request)).json
    assert second["record"] == first["record"]
    assert second["mutation"]["replayed"]
    async with server.client() as client:
        assert len([each async for each in client.watch("earliest", follow=False)]) == 1


@ON_SQLITE
async def test_a_long_poll_is_answered_before_its_caller_stops_waiting(server):
    latest = {"start": {"position": "POSITION_LATEST"}, "waitTimeout": "50s"}
    answer = await ask(server, PULL, latest, connect_timeout_ms="1000")
    assert (answer.status, answer.json["complete"]) == (200, True)


@ON_SQLITE
async def test_a_long_poll_whose_caller_goes_away_ends(server):
    body = b'{"start":{"position":"POSITION_LATEST"},"waitTimeout":"50s"}'
    head = f"POST {PULL} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.api_key}\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    with capture_logs() as lines:
        _, writer = await asyncio.open_connection(server.http_target.host, server.http_target.port)
        writer.write(head.encode() + body)
        await until(lambda: reading(server))
        writer.close()
        await writer.wait_closed()
        await until(lambda: not reading(server))
    assert [line["code"] for line in lines if line["event"] == "call"] == ["CANCELLED"]


def reading(server):
    """Whether somebody waits for events."""
    return server.workspace_id in server.engine.tail._recent
