"""Clockwire's side: a real server on SQLite with a workspace, fifty projects, and a subscription for each of them."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.endpoints import SECRET
from bench.processes import Program
from bench.unary import Calls, Where, measure_unary
from bench.writing import Task
from clockwire.client import Client
from clockwire.v1.deliveries_pb2 import Delivery
from clockwire.v1.delivery_service_pb2 import ListDeliveriesRequest
from clockwire.v1.event_service_pb2 import GetEventLogRequest
from clockwire.v1.events_pb2 import Event, EventFilter
from clockwire.v1.inbound_hook_service_pb2 import CreateInboundHookRequest, InboundHook
from clockwire.v1.subscription_service_pb2 import CreateSubscriptionRequest
from clockwire.v1.subscriptions_pb2 import Subscription

_SETTLE_SECONDS = 20
_PROGRAM = Path(sys.executable).with_name("clockwire")


@dataclass(frozen=True, slots=True)
class Log:
    """What the log of deliveries holds once all is over."""

    succeeded: int
    attempts: int
    others: int


@contextmanager
def service(folder: Path, urls: Sequence[str]) -> Iterator["Service"]:
    """`clockwire serve` on a new database in *folder*, with all there must be before time can be logged."""
    database = f"sqlite:///{folder / 'clockwire.db'}"
    workspace_id = _ask("workspace", "create", "bench", "--database", database)
    key = _ask("key", "create", "--workspace", workspace_id, "--scope", "all", "--database", database)
    anywhere = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    serve = [_PROGRAM, "serve", "--database", database, *anywhere, "--allow-target", "127.0.0.0/8"]
    with Program(serve, log=folder / "serve.log", stdout=subprocess.PIPE) as program:
        target = program.line().removeprefix("listening on ").strip()
        http = program.line().removeprefix("http listening on ").strip()
        with Client(target, api_key=key, plaintext=True) as client:
            users, projects = _make_users(client), _make_projects(client, urls)
            yield Service(folder, program, client, http=http, user_ids=users, project_ids=projects)


class Service:
    """A server, and what is asked of it."""

    def __init__(
        self,
        folder: Path,
        program: Program,
        client: Client,
        *,
        http: str,
        user_ids: list[str],
        project_ids: list[str],
    ) -> None:
        self.program = program
        self._folder = folder
        self._client = client
        self._http = http
        self._user_ids = user_ids
        self._project_ids = project_ids

    @contextmanager
    def writing(self, count: int, *, per_second: int = 0) -> Iterator[Program]:
        """A client process that is about to store so many time logs."""
        task = Task(
            target=self._client.session.target,
            api_key=self._client.session.api_key,
            user_ids=self._user_ids,
            project_ids=self._project_ids,
            count=count,
            per_second=per_second,
        )
        with Program(
            [sys.executable, "-m", "bench.writing", json.dumps(asdict(task))],
            log=self._folder / "writing.log",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as program:
            program.line()
            yield program

    def calls(self) -> Mapping[str, Calls]:
        """What single calls cost, over gRPC and over HTTP."""
        session = self._client.session
        request = CreateInboundHookRequest(inbound_hook=InboundHook(name="bench"))
        where = Where(
            grpc=session.target,
            http=self._http,
            api_key=session.api_key,
            record_id=self._project_ids[0],
            hook=self._client.inbound_hooks.CreateInboundHook(request).path,
            user_id=self._user_ids[0],
        )
        return measure_unary(self.program, where)

    def cursor(self) -> str:
        """The head of the event log."""
        return self._client.events.GetEventLog(GetEventLogRequest()).latest_cursor

    def events_after(self, cursor: str) -> Iterator[Event]:
        """What has been logged since."""
        return self._client.watch(cursor, follow=False)

    def log_of_deliveries(self) -> Log:
        """As it stands once nothing is on its way any more."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            pages = self._client.pages(self._client.deliveries.ListDeliveries, ListDeliveriesRequest(page_size=1000))
            found = [delivery for page in pages for delivery in page.deliveries]
            succeeded = sum(each.state == Delivery.STATE_SUCCEEDED for each in found)
            if succeeded == len(found) or time.monotonic() > deadline:
                return Log(succeeded, sum(each.attempt_count for each in found), len(found) - succeeded)


def _make_users(client: Client) -> list[str]:
    return [client.create("user", user_name=f"Worker {number}").record.id for number in range(5)]


def _make_projects(client: Client, urls: Sequence[str]) -> list[str]:
    """A project for each endpoint, whose time logs it subscribes to: each event is owed to exactly one."""
    client_id = client.create("client", client_name="Client").record.id
    names = [f"Project {number}" for number in range(1, len(urls) + 1)]
    project_ids = [client.create("project", project_name=name, client_id=client_id).record.id for name in names]
    for name, project_id, url in zip(names, project_ids, urls, strict=True):
        chosen = EventFilter(event_types=["timelog.*"], project_ids=[project_id])
        client.subscriptions.CreateSubscription(
            CreateSubscriptionRequest(
                subscription=Subscription(name=name, target_url=url, filter=chosen),
                secret_source=CreateSubscriptionRequest.SECRET_SOURCE_PROVIDED,
                secret=SECRET,
            )
        )
    return project_ids


def _ask(*arguments: str) -> str:
    command = [str(_PROGRAM), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
