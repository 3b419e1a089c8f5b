"""How errors look from outside."""

import inspect
from urllib.parse import quote

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, PreconditionFailure, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status
from structlog.testing import capture_logs

from clockwire.api.errors import Internal, message_of, of_exception
from clockwire.model import errors
from clockwire.model.errors import ClockwireError, FieldInvalid, QuotaExceeded, RecordInUse, ServerDraining, Violation
from clockwire.rpc.errors import DETAILS_KEY, PUSHBACK_KEY, status_of, trailers_of
from clockwire.v1.errors_pb2 import ErrorReason

KINDS: list[type[ClockwireError]] = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, ClockwireError) and "reason" in vars(kind)
]
DOCUMENTED = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118
CLIENTS_HARD_LIMIT = 8 * 1024


def test_every_documented_reason_has_an_error_and_every_error_a_documented_reason():
    assert {kind.reason for kind in KINDS} | {Internal.reason} == DOCUMENTED


@pytest.mark.parametrize("kind", KINDS)
def test_no_error_that_is_foreseen_is_internal(kind):
    assert status_of(kind.__new__(kind)) is not grpc.StatusCode.INTERNAL


def test_the_details_say_reason_domain_and_metadata():
    [detail] = details(errors.RecordNotFound("project", "7"))
    info = unpacked(detail, ErrorInfo)
    assert (info.reason, info.domain) == ("RECORD_NOT_FOUND", "clockwire.dev")
    assert dict(info.metadata) == {"type": "project", "id": "7"}


def test_each_wrong_field_is_named():
    error = FieldInvalid(Violation("record.project.name", "must not be empty"), Violation("page_size", "too small"))
    violations = unpacked(details(error)[1], BadRequest).field_violations
    assert [(each.field, each.description) for each in violations] == [
        ("record.project.name", "must not be empty"),
        ("page_size", "too small"),
    ]


def test_at_most_20_wrong_fields_are_named():
    error = FieldInvalid(*(Violation(f"f{number}", "is wrong") for number in range(30)))
    assert len(unpacked(details(error)[1], BadRequest).field_violations) == 20


def test_who_uses_a_record_is_said_as_a_failed_precondition():
    failure = unpacked(details(RecordInUse("project", "7", ["task 1", "timelog 2"]))[1], PreconditionFailure)
    assert [each.subject for each in failure.violations] == ["task 1", "timelog 2"]


def test_a_quota_is_named_and_where_waiting_helps_it_is_said_how_long_in_both_ways():
    error = QuotaExceeded("operations may wait", 10, retry_after_seconds=1.5)
    _, quota, retry = details(error)
    assert unpacked(quota, QuotaFailure).violations[0].subject == "operations may wait"
    delay = unpacked(retry, RetryInfo).retry_delay
    assert (delay.seconds, delay.nanos) == (1, 500_000_000)
    assert dict(trailers_of(error))[PUSHBACK_KEY] == "1500"


def test_where_waiting_does_not_help_nothing_is_said_of_it():
    error = QuotaExceeded("open streams", 10)
    assert PUSHBACK_KEY not in dict(trailers_of(error))
    assert len(details(error)) == 2


def test_a_draining_server_asks_to_come_back():
    assert status_of(ServerDraining()) is grpc.StatusCode.UNAVAILABLE
    assert dict(trailers_of(ServerDraining()))[PUSHBACK_KEY] == "1000"


@pytest.mark.parametrize("text", ["x" * 100_000, "ä" * 100_000, "\U0001f600" * 100_000, "\x00\n\r%" * 50_000])
def test_however_long_what_a_caller_sent_the_trailers_fit_what_clients_accept(text):
    error = FieldInvalid(*(Violation(text, text) for _ in range(30))).at(value=text, other=text)
    encoded = sum(len(key) + 32 + len(value) * 4 // 3 for key, value in trailers_of(error))
    encoded += len("grpc-message") + 32 + len(quote(message_of(error), safe=" "))
    assert encoded < CLIENTS_HARD_LIMIT


def test_of_a_bug_only_an_incident_is_told_and_the_log_has_the_rest():
    with capture_logs() as lines:
        error = of_exception(KeyError("cw_live_secret"))
    assert status_of(error) is grpc.StatusCode.INTERNAL
    assert "cw_live" not in message_of(error)
    assert lines[0]["incident_id"] == error.metadata["incident_id"]
    assert isinstance(lines[0]["exc_info"], KeyError)


def details(error):
    """The details of an error as a client gets them."""
    encoded = dict(trailers_of(error))[DETAILS_KEY]
    assert isinstance(encoded, bytes)
    status = Status.FromString(encoded)
    assert status.code == status_of(error).value[0]
    assert status.message == message_of(error)
    return status.details


def unpacked(detail, kind):
    """The detail, which is of this kind."""
    message = kind()
    assert detail.Unpack(message)
    return message
