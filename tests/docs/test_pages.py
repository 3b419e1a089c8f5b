"""What the pages of docs/ show works as it stands there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from clockwire.client import Client
from clockwire.v1.deliveries_pb2 import Delivery
from clockwire.v1.delivery_service_pb2 import GetDeliveryRequest, ListDeliveriesRequest
from clockwire.v1.events_pb2 import EventFilter
from clockwire.v1.subscription_service_pb2 import CreateSubscriptionRequest
from clockwire.v1.subscriptions_pb2 import Subscription
from tests.support.ports import free_port
from tests.support.postgresql import PostgreSQL
from tests.support.receivers import Receiver
from tests.support.repository import ROOT, repository_files
from tests.support.serving import RunningServer, running_server
from tests.support.walkthrough import steps_of, walk

DOCS = ROOT / "docs"
#: Begin with nothing.
WHOLE = [
    "quickstart.md",
    "webhooks.md",
    "http.md",
    "how-to/back-up-and-restore.md",
    "how-to/see-webhooks-arrive.md",
    "how-to/use-tls.md",
    "inbound-hooks.md",
    "trackingtime.md",
    "how-to/track-from-github.md",
    "how-to/track-from-slack.md",
    "timetracker.md",
]
#: Take a server, a subscription and a time log for granted.
WITH_A_SERVER = [
    *("how-to/pause-and-resume.md", "how-to/redeliver.md", "how-to/rotate-a-secret.md", "how-to/use-timers.md"),
]
#: Take a server for granted, and an address of somebody else, for which a receiver stands in.
CONNECT = {
    "connect/jira.md": "https://api-private.atlassian.com/automation/webhooks/jira/a/1/2",
    "connect/make.md": "https://hook.eu2.make.com/abcdefghijklmnop",
    "connect/n8n.md": "https://n8n.example.com/webhook/clockwire",
    "connect/power-automate.md": "https://prod-00.westeurope.logic.azure.com/workflows",
    "connect/slack.md": "https://hooks.slack.com/triggers/T0123/456/abc",
    "connect/zapier.md": "https://hooks.zapier.com/hooks/catch/1234567/abcdef/",
}
DAY_OR_TIME = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+Z)?")
POSTGRESQL = "how-to/run-on-postgresql.md"

Connecting = tuple[RunningServer, Receiver]

pytestmark = pytest.mark.timeout(240)  # each step is a program of its own, beside other tests


@pytest.mark.parametrize("page", WHOLE)
def test_each_step_of_a_page_works_and_prints_what_it_says(page: str, tmp_path: Path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    address = f"127.0.0.1:{free_port()}"

    walk(
        DOCS / page,
        tmp_path,
        instead={"127.0.0.1:50051": address, "8400": str(free_port()), "8080": str(free_port())},
        CLOCKWIRE_LISTEN=address,
        CLOCKWIRE_SERVER=address,
    )


@pytest.mark.parametrize("page", WITH_A_SERVER)
def test_each_step_works_where_there_is_a_subscription(page: str, tmp_path: Path, server: RunningServer):
    walk(DOCS / page, tmp_path, instead={"127.0.0.1:50051": server.target}, **_known(server))


@pytest.mark.parametrize("page", CONNECT)
def test_each_step_works_and_the_sample_on_the_page_is_what_arrives(page: str, tmp_path: Path, connecting: Connecting):
    """Cited: "Copy the generated URL into [the] Target URL field", "Fire the Test button [...] once"."""
    server, receiver = connecting
    url = receiver.url(f"/{page}")
    walk(DOCS / page, tmp_path, instead={CONNECT[page]: url}, **_known(server))
    [received] = [each for each in receiver.received if page in each.path]

    told = json.loads((DOCS / page).read_text().rpartition("```json\n")[2].partition("```")[0])
    assert [*_timeless(json.loads(received.body)).items()] == [*_timeless(told).items()]
    assert page != "connect/jira.md" or received.headers["x-automation-webhook-token"] == "the-secret-of-the-rule"


def test_each_step_works_on_postgresql(postgresql: PostgreSQL, tmp_path: Path):
    url = postgresql.create("walkthrough")

    walk(
        DOCS / POSTGRESQL,
        tmp_path,
        instead={"postgresql://clockwire:secret@db.example.com/clockwire": f"'{url}'"},
        CLOCKWIRE_LISTEN=f"127.0.0.1:{free_port()}",
    )

    postgresql.drop("walkthrough")


def test_every_page_that_shows_steps_is_walked():
    pages = [file for file in repository_files() if file.parts[0] == "docs" and file.suffix == ".md"]
    shown = {str(page.relative_to("docs")) for page in pages if steps_of((ROOT / page).read_text())}

    assert shown - {"airflow.md"} == {*WHOLE, *WITH_A_SERVER, *CONNECT, POSTGRESQL}


@pytest.fixture(scope="module")
def connecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connecting]:
    """A server, and a receiver that stands in for other people's."""
    folder = tmp_path_factory.mktemp("connecting")
    with Receiver() as receiver, running_server(folder, "--allow-target", "127.0.0.1") as running:
        yield running, receiver


@pytest.fixture
def server(connecting: Connecting) -> RunningServer:
    """A workspace with a subscription to time logs, and one time log."""
    running, receiver = connecting
    server = running.with_another_workspace()
    with server.client() as client:
        _subscribe(client, receiver.url())
        user, project = client.create("user", user_name="Ada"), client.create("project", project_name="Website")
        whose = {"user_id": user.record.id, "project_id": project.record.id}
        made = client.create("timelog", external_id="entry-1", date="2026-01-15", duration="1:30", **whose)
        _await_delivery(client, made.mutation.event_ids[0])
    return server


def _await_delivery(client: Client, event_id: str) -> None:
    """The event's only delivery has ended, so that none but a page's own waits."""
    [delivery] = client.deliveries.ListDeliveries(ListDeliveriesRequest(event_id=event_id)).deliveries
    request = GetDeliveryRequest(delivery_id=delivery.id, wait_timeout=Duration(seconds=30))
    assert client.deliveries.GetDelivery(request, timeout=35).delivery.state == Delivery.STATE_SUCCEEDED


def _timeless(body: dict[str, Any]) -> dict[str, Any]:
    """The body without its days and times: a sample is of the moment when it is sent."""
    moments = {name: DAY_OR_TIME.sub("…", value) for name, value in body.items() if isinstance(value, str)}
    return {**body, **moments}


def _known(server: RunningServer) -> dict[str, str]:
    """The variables that commands read."""
    return {"CLOCKWIRE_SERVER": server.target, "CLOCKWIRE_API_KEY": server.api_key}


def _subscribe(client: Client, url: str) -> None:
    subscription = Subscription(name="billing", target_url=url, filter=EventFilter(event_types=["timelog.*"]))
    client.subscriptions.CreateSubscription(CreateSubscriptionRequest(subscription=subscription))
