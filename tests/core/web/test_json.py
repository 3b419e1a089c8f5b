"""Messages as JSON: what protobuf's own library writes is read, what is written it reads, what is wrong is named."""

import json
from importlib import import_module
from pkgutil import iter_modules

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clockwire.v1
from clockwire.model.errors import FieldInvalid
from clockwire.v1.event_service_pb2 import GetEventResponse
from clockwire.v1.record_service_pb2 import CreateRecordRequest, ListRecordsRequest, UpdateRecordRequest
from clockwire.web.json_reading import message_of_json
from clockwire.web.json_writing import json_of
from tests.support.contract import METHODS
from tests.support.good_requests import GOOD
from tests.support.hostile_messages import requests

FILES = [
    import_module(f"clockwire.v1.{module.name}").DESCRIPTOR
    for module in iter_modules(clockwire.v1.__path__)
    if module.name.endswith("_pb2")
]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(METHODS).flatmap(lambda method: requests(method.request.DESCRIPTOR)))
def test_any_message_is_read_and_written_as_protobuf_s_own_library_does(message):
    try:
        theirs = json_format.MessageToJson(message)
    except (json_format.SerializeToJsonError, ValueError):
        return  # a time out of range, or a mask that has no form
    if "\\u0000" not in theirs:
        assert message_of_json(theirs.encode(), type(message)) == json_format.Parse(theirs, type(message)())
    assert json.loads(json_of(message)) == json.loads(theirs)


@pytest.mark.parametrize("request_", GOOD.values(), ids=GOOD)
def test_fields_may_have_the_names_of_the_contract(request_):
    text = json_format.MessageToJson(request_, preserving_proto_field_name=True)
    assert message_of_json(text.encode(), type(request_)) == request_


@pytest.mark.parametrize(
    ("body", "violations"),
    [
        (b"", ["request"]),
        (b"[]", ["request"]),
        (b"{", ["request"]),
        (b'{"a":' * 2_000, ["request"]),
        (b'{"x":1,"y":{}}', ["x", "y"]),
        (b'{"record":[]}', ["record"]),
        (b'{"requestId":1}', ["request_id"]),
        (b'{"validateOnly":"true"}', ["validate_only"]),
        (b'{"requestId":"a\\u0000"}', ["request_id"]),
        (b'{"requestId":"a","request_id":"b"}', ["request_id"]),
        (b'{"record":{"client":{},"project":{}}}', ["record.project"]),
        (b'{"record":{"project":{"StartDate":{"year":2147483648}}}}', ["record.project.start_date.year"]),
        (b'{"record":{"project":{"StartDate":{"year":1.5}}}}', ["record.project.start_date.year"]),
        (b'{"record":{"project":{"Status":"NONE"}}}', ["record.project.status"]),
        (b'{"record":{"project":{"EstimatedHours":5}}}', ["record.project.estimated_time"]),
        (b'{"record":{"project":{"EstimatedHours":"5"}}}', ["record.project.estimated_time"]),
        (b'{"record":{"timeLog":{"StartTime":"noon"}}}', ["record.time_log.start_time"]),
        (b'{"record":{"timeLog":{"Tags":"a"}}}', ["record.time_log.tags"]),
        (b'{"record":{"timeLog":{"Tags":[1]}}}', ["record.time_log.tags[0]"]),
        (b'{"record":{"CustomFields":' + b'{"a":' * 31 + b"1" + b"}" * 31 + b"}}", ["record.custom_fields"]),
        (b'{"record":{"CustomFields":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}}", ["record.custom_fields"]),
    ],
)
def test_what_is_wrong_is_named_as_the_contract_names_it(body, violations):
    with pytest.raises(FieldInvalid) as caught:
        message_of_json(body, CreateRecordRequest)
    assert [violation.field for violation in caught.value.violations] == violations


@pytest.mark.parametrize(
    ("body", "value"), [(b"7", 7), (b'"7"', 7), (b"7.0", 7), (b"null", 0), (b"-2147483648", -2147483648)]
)
def test_a_whole_number_may_be_written_in_several_ways(body, value):
    assert message_of_json(b'{"pageSize":' + body + b"}", ListRecordsRequest).page_size == value


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("project.projectName", "project.project_name"),
        ("project.project_name", "project.project_name"),
        ("custom_fields.costCenter", "custom_fields.costCenter"),
    ],
)
def test_a_mask_may_use_the_names_of_the_contract(text, path):
    body = json.dumps({"updateMask": text}).encode()
    assert message_of_json(body, UpdateRecordRequest).update_mask.paths == [path]


def test_a_mask_that_protojson_cannot_write_is_written_as_it_is():
    response = GetEventResponse()
    response.event.changed_paths.CopyFrom(FieldMask(paths=["client.client_name", "custom_fields.Cost_1"]))
    written = json.loads(json_of(response))["event"]["changedPaths"]
    assert written == "client.clientName,custom_fields.Cost_1"


def test_the_contract_holds_no_kind_of_field_that_is_not_known_here():
    fields = [field for file in FILES for message in file.message_types_by_name.values() for field in message.fields]
    maps = [field.message_type for field in fields if field.message_type and field.message_type.GetOptions().map_entry]
    assert {each.fields_by_name["key"].type for each in maps} == {FieldDescriptor.TYPE_STRING}
    known = {"Timestamp", "Duration", "FieldMask", "Struct"}
    google = {field.message_type.full_name for field in fields if field.message_type}
    assert {name for name in google if name.startswith("google.protobuf.")} <= {f"google.protobuf.{n}" for n in known}
