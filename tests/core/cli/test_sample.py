"""sample: the bytes that would be sent, or what may be relied on in them."""

import json

import jsonschema
import pytest


def test_a_sample_is_what_is_sent_byte_for_byte(run):
    printed = run("sample", "project.deleted").out

    assert printed == '{"event":"project.deleted","id":"018d0c5b-3a00-7000-8000-000100000001"}'


def test_what_is_printed_can_be_signed_and_verified(run):
    body, secret = run("sample", "timelog.created").out.encode(), ("--secret", "0123456789abcdef")
    headers = run("sign", *secret, stdin=body).out.splitlines()

    assert run("verify", *secret, *(part for each in headers for part in ("-H", each)), stdin=body).line == "valid"


@pytest.mark.parametrize(("options", "rate"), [([], 95.0), (["--decimals-as-strings"], "95.00")])
def test_the_schema_takes_the_sample(run, options, rate):
    sample, schema = (json.loads(run("sample", "timelog.created", *options, *more).out) for more in ([], ["--schema"]))

    jsonschema.validate(sample, schema)
    assert sample["ClientRate"] == rate


@pytest.mark.parametrize(
    ("format_", "first"), [("standard", "type"), ("cloudevents", "specversion"), ("thin", "event")]
)
def test_every_format_is_there(run, format_, first):
    assert next(iter(json.loads(run("sample", "project.created", "--format", format_).out))) == first


def test_what_is_no_event_type_is_refused_with_those_there_are(run):
    failed = run("sample", "projekt.created")

    assert (failed.code, failed.out) == (2, "")
    assert "project.created" in failed.err
