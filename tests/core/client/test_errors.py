"""What a refused call raises."""

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest

from clockwire.client import Client, errors
from clockwire.client.statuses import _kinds
from clockwire.v1.errors_pb2 import ErrorReason
from clockwire.v1.record_service_pb2_grpc import RecordServiceServicer
from tests.support.scripted_server import reason, refusing, scripted_server

ID = "7a0c2a57-9d0f-7a1e-8a57-3a3d5f7a1c11"


def raised(answer):
    """What a client makes of this answer."""
    with scripted_server(RecordServiceServicer) as server, Client(server.target, plaintext=True) as client:
        server.answers("RecordService/GetRecord", answer)
        with pytest.raises(errors.ClockwireError) as caught:
            client.get("project", ID)
    return caught.value


def test_every_documented_reason_has_its_exception():
    values = [each.name.removeprefix("ERROR_REASON_") for each in ErrorReason.DESCRIPTOR.values if each.number]

    assert {kind.reason for kind in _kinds() if kind.reason} == set(values)


def test_a_reason_decides_and_brings_its_facts():
    error = raised(refusing(grpc.StatusCode.NOT_FOUND, reason("RECORD_DELETED", id=ID), sentence="it was deleted"))

    assert type(error) is errors.RecordDeleted
    assert error.metadata == {"id": ID}
    assert error.code is grpc.StatusCode.NOT_FOUND
    assert str(error) == "RECORD_DELETED: it was deleted"


def test_wrong_fields_are_listed():
    wrong = BadRequest(field_violations=[BadRequest.FieldViolation(field="record.id", description="not a UUID")])
    error = raised(refusing(grpc.StatusCode.INVALID_ARGUMENT, reason("FIELD_INVALID"), wrong))

    assert error.violations == (errors.Violation("record.id", "not a UUID"),)


def test_a_reason_of_a_newer_server_keeps_its_name_on_the_class_of_its_status():
    error = raised(refusing(grpc.StatusCode.FAILED_PRECONDITION, reason("MOON_IS_FULL")))

    assert type(error) is errors.Precondition
    assert error.reason == "MOON_IS_FULL"


def test_a_status_without_details_is_told_apart_by_its_code():
    def answer(_request, context):
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "a proxy says no")

    error = raised(answer)

    assert type(error) is errors.Forbidden
    assert str(error) == "PERMISSION_DENIED: a proxy says no"


def test_details_that_do_not_decode_do_not_hide_the_status():
    def answer(_request, context):
        context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff"),))
        context.abort(grpc.StatusCode.NOT_FOUND, "gone")

    assert type(raised(answer)) is errors.NotFound


def test_a_server_that_is_not_there_is_unavailable():
    with Client("localhost:1", plaintext=True, retries=0) as client, pytest.raises(errors.Unavailable):
        client.get("project", ID)
