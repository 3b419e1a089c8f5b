"""What monitors are told: alive, ready or why not, and numbers that agree with what happened."""

import asyncio
import re
import threading
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request
from structlog.testing import capture_logs

from clockwire.api.draining import Drain
from clockwire.client.errors import FieldInvalid
from clockwire.metrics import METRICS, Metrics
from clockwire.model.instants import system_clock
from clockwire.storage.database import Database
from clockwire.storage.schema import prepare
from clockwire.v1.event_service_pb2 import WatchEventsRequest
from clockwire.v1.events_pb2 import EventStart
from clockwire.web.envelope import shown_path
from clockwire.web.monitoring import _Exposed
from clockwire.web.readiness import PATIENCE_SECONDS, Readiness
from tests.support.http import ask
from tests.support.product import product_at
from tests.support.receivers import Answer
from tests.support.server import ANY_PORT, ON_SQLITE

LATEST = EventStart(position=EventStart.POSITION_LATEST)


@ON_SQLITE
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_no_key_is_needed_and_only_get_is_answered(server, path):
    assert (await ask(server, path, method="GET", authorization="")).status == 200
    refused = await ask(server, path, authorization="")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_a_server_that_can_work_is_ready(server):
    answer = await ask(server, "/readyz", method="GET")
    checks = {"server": "ok", "database": "ok", "migrations": "ok", "dispatch": "ok"}
    assert (answer.status, answer.json) == (200, {"status": "ok", "checks": checks})


@ON_SQLITE
async def test_a_database_that_is_not_this_program_s_is_named(server):
    with server.database.writing() as connection:
        connection.exec_driver_sql("UPDATE clockwire_version SET version_num = '9999'")
    answer = await ask(server, "/readyz", method="GET")
    assert (answer.status, answer.json["status"]) == (503, "not ready")
    assert answer.json["checks"]["migrations"] == "are not those of this program"
    assert (await ask(server, "/healthz", method="GET")).status == 200


@ON_SQLITE
async def test_a_dispatcher_that_does_not_get_on_and_a_drain_are_named(database):
    drain = Drain()
    drain.begin()
    checks = await Readiness(database, drain, lambda: 100.0).checks()
    assert checks == {
        "server": "is draining",
        "database": "ok",
        "migrations": "ok",
        "dispatch": "has not got on for 100 s",
    }


@pytest.mark.parametrize("url", ["sqlite:///{}/nowhere/clockwire.db", "postgresql://127.0.0.1:1/clockwire"])
async def test_a_database_that_cannot_be_reached_is_named(tmp_path, url):
    database = Database(url.format(tmp_path))
    checks = await Readiness(database, Drain(), lambda: 0.0).checks()
    assert checks == {"server": "ok", "database": "cannot be reached", "dispatch": "ok"}
    database.close()


@ON_SQLITE
async def test_a_database_that_does_not_answer_is_named_until_it_does(database_url):
    database, answers = Database(database_url, readers=1), threading.Event()
    prepare(database)
    readiness = Readiness(database, Drain(), lambda: 0.0)
    busy = asyncio.create_task(database.read(lambda _connection: answers.wait()))
    checks = await readiness.checks()
    answers.set()
    await busy
    assert checks["database"] == f"has not answered for {PATIENCE_SECONDS:.0f} s"
    assert set((await readiness.checks()).values()) == {"ok"}
    database.close()


@ON_SQLITE
async def test_the_dispatcher_gets_on_while_there_is_nothing_to_send(database_url):
    async with product_at(database_url) as product:
        begin = product.server.engine.dispatcher.stalled_seconds
        await asyncio.sleep(1)  # it looks for work twice a second
        assert product.server.engine.dispatcher.stalled_seconds < begin + 1


async def test_what_happens_is_counted(database_url):
    async with product_at(database_url, http=ANY_PORT) as product:
        server = product.server
        await product.subscribe()
        watch: Any = aiter(product.client.events.WatchEvents(WatchEventsRequest(start=LATEST)))
        await anext(watch)
        await product.ended(await product.change())
        with pytest.raises(FieldInvalid):
            await product.client.create("client", client_name="")
        await ask(server, "/clockwire.v1.RecordService/CreateRecord", {"record": {"client": {"ClientName": "B"}}})
        numbers = await scraped(server)
        await watch.aclose()
    assert numbers["clockwire_calls_total", "OK", "RecordService/CreateRecord"] == 2
    assert numbers["clockwire_calls_total", "INVALID_ARGUMENT", "RecordService/CreateRecord"] == 1
    assert numbers["clockwire_call_duration_seconds_count", "RecordService/CreateRecord"] == 3
    assert numbers["clockwire_events_written_total",] == 2
    assert numbers["clockwire_write_group_operations_sum",] >= 2
    assert numbers["clockwire_delivery_attempts_total", "succeeded"] >= 1
    assert numbers["clockwire_delivery_attempt_duration_seconds_count",] >= 1
    assert numbers["clockwire_deliveries_ended_total", "succeeded"] >= 1
    assert numbers["clockwire_deliveries_ended_total", "failed"] == 0
    assert numbers["clockwire_streams_open",] == 1
    assert numbers["clockwire_http_connections_open",] == 1


@ON_SQLITE
async def test_what_is_owed_and_how_late_it_is_can_be_seen(database_url):
    async with product_at(database_url, http=ANY_PORT) as product:
        product.receiver.always(Answer(500))
        await product.subscribe()
        await product.change()
        await product.received(1)
        numbers = await scraped(product.server)
    assert numbers["clockwire_deliveries_owed",] == 1
    assert numbers["clockwire_delivery_lateness_seconds",] < 5


async def test_while_the_database_is_away_what_it_would_tell_is_not_known_and_the_rest_is(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'nowhere' / 'clockwire.db'}")
    metrics = Metrics()
    metrics.show("clockwire_deliveries_owed", 7)
    answer = await _Exposed(metrics, database, system_clock).answer(Request({"type": "http"}))
    database.close()
    lines = bytes(answer.body).decode().splitlines()
    assert {"clockwire_deliveries_owed NaN", "clockwire_delivery_lateness_seconds NaN"} <= set(lines)
    assert [line for line in lines if line.startswith("clockwire_build_info{")]


@ON_SQLITE
async def test_names_and_meanings_are_those_of_prometheus_conventions(server):
    text = (await ask(server, "/metrics", method="GET")).body.decode()
    assert {each.name for each in text_string_to_metric_families(text) if each.name.startswith("clockwire_")} == {
        name.removesuffix("_total") for name in METRICS
    }
    for metric in METRICS.values():
        assert metric.meaning.endswith(".")
        assert re.fullmatch(r"clockwire_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind.__name__ == "Counter")


@ON_SQLITE
async def test_probes_are_no_lines_in_the_log_above_debug_and_tokens_none_at_all(server):
    with capture_logs() as lines:
        for path in ("/healthz", "/readyz", "/metrics", "/hooks/in/7/secret?token=secret"):
            await ask(server, path, method="GET")
    assert {line["log_level"] for line in lines} == {"debug"}
    assert [line["path"] for line in lines][-1] == "/hooks/in/***/***"
    assert "secret" not in str(lines)


TOKEN = "0123456789abcdef" * 4
HOOK = "01a20268-91ae-775b-b191-390ebf1c6a28"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"/hooks/in/{HOOK}/{TOKEN}", f"/hooks/in/{HOOK}/***"),
        (f"//hooks/in/{HOOK}/{TOKEN}/more", f"//hooks/in/{HOOK}/***"),
        (f"/clockwire/Hooks/In/{HOOK}/short", f"/clockwire/Hooks/In/{HOOK}/***"),
        (f"/hooks/in/{TOKEN}", "/hooks/in/***/***"),
        (f"/hook/in/{HOOK}/{TOKEN}", f"/hook/in/{HOOK}/***"),
        (f"/hooks//in/{HOOK}/{TOKEN[:-1]}", f"/hooks//in/{HOOK}/***"),
        (f"/{TOKEN}\n", "/***"),
        ("/clockwire.v1.SubscriptionService/FinishSecretRotation",) * 2,
        (f"/api/integrations/zapier/webhooks/{HOOK}",) * 2,
        ("/" + "x/" * 100, "/" + "x/" * 49 + "x"),
    ],
)
def test_a_path_is_shown_without_what_may_be_a_secret_however_it_was_mistyped(path, shown):
    assert shown_path(path) == shown


async def scraped(server):
    """Every number by the name of its metric and the values of its labels, once nothing is under way."""
    await asyncio.sleep(0)
    text = (await ask(server, "/metrics", method="GET", authorization="")).body.decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
