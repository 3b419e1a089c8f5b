"""The OpenAPI document: complete, and obeyed by the server when a program that reads it does its worst."""

import asyncio
import dataclasses
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from clockwire.web import connect
from clockwire.web.app import MODULES
from clockwire.web.openapi import PATHS
from clockwire.web.parts import Parts
from tests.support.contract import METHODS
from tests.support.http import ask
from tests.support.server import ON_SQLITE, Served

a_few = settings(
    max_examples=2,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@ON_SQLITE
async def test_the_document_knows_every_call_and_what_it_is_for(server: Served):
    document = (await ask(server, "/openapi.json", method="GET", authorization="")).json
    assert {path for path in document["paths"] if path.startswith("/clockwire")} == {
        method.path for method in METHODS if not method.streams
    }
    create = document["paths"]["/clockwire.v1.RecordService/CreateRecord"]["post"]
    assert create["summary"] == "Stores a new record and emits <type>.created"
    assert "`records.write`" in create["description"]
    assert undescribed(document) == []


def test_the_document_knows_every_other_route_and_method_that_answers_with_json():
    nothing: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(Parts))
    parts = Parts(**nothing)  # what routes are made of answers, and need not be there for them to be made
    routes: list[Any] = [each for routes in MODULES if routes is not connect.routes for each in routes(parts)]
    answered = {(route.path, method) for route in routes for method in route.methods - {"HEAD"}}
    described = {(path, method.upper()) for paths in PATHS for path, item in paths().items() for method in item}
    assert answered - described == {("/metrics", "GET"), ("/openapi.json", "GET")}
    assert described <= answered


@ON_SQLITE
@pytest.mark.timeout(240)  # some three hundred requests
async def test_the_server_does_what_the_document_says_whatever_it_is_sent(server: Served):
    schema = schemathesis.openapi.from_dict((await ask(server, "/openapi.json", method="GET")).json)
    for found in schema.get_all_operations():
        await asyncio.to_thread(try_out, server, found.ok())


def try_out(server: Served, operation: Any) -> None:
    """The operation is called with what fits its schema and, where it takes something, with what does not."""
    for mode in GenerationMode if operation.body else [GenerationMode.POSITIVE]:

        @a_few
        @given(operation.as_strategy(generation_mode=mode))
        def called(case: Case[Any]) -> None:
            headers = {"Authorization": f"Bearer {server.api_key}"}
            if "PullEvents" in operation.path:
                headers["Connect-Timeout-Ms"] = "700"  # and so it waits no longer
            # A schema cannot say all that is asked of a request, so 400 is an answer to what fits the schema, too.
            excluded: list[Any] = [positive_data_acceptance]
            case.call_and_validate(base_url=server.http_url, headers=headers, excluded_checks=excluded, timeout=20)

        called()


def undescribed(document: Any) -> list[str]:
    """Fields that nobody can know the meaning of."""
    return [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        if name != "Error" and not name.startswith("google.")
        for field, described in schema["properties"].items()
        if "description" not in described
    ]
